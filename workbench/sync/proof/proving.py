"""The proof that nothing is missing: our events against Klaviyo's own counts, metric by UTC day.

A sync asks Klaviyo for its counts of the last year, one request a metric, and of whatever it has
read. Our side is counted anew where this sync has read; elsewhere the count of the last proof still
holds. Days that are not equal are read again, that metric only, and compared once more. What still
differs is kept in ops.proof with its reason, and a sync with such days is not done: it is unproven.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from workbench.errors import KlaviyoError, KlaviyoRefused
from workbench.klaviyo.endpoints import quota_of
from workbench.sync.proof.aggregates import AGGREGATES, DayCount, aggregate_days
from workbench.sync.proof.books import Books
from workbench.sync.proof.rereading import Again, move_gone, read_again, spans_to_read
from workbench.sync.proof.rows import close_books, metric_ids, open_books, read_spans, recount
from workbench.sync.requests import READING
from workbench.sync.run import Run
from workbench.sync.windows import tail
from workbench.sync.windows.spans import Key, Span, day_span, merged, midnight, whole_days, years

__all__ = ["prove"]

_AT_ONCE = 3  # the endpoint allows as many a second
_DAY = dt.timedelta(days=1)
_YEAR = 364 * _DAY  # and the day that is not over: one request holds them
_FAR = 90 * _DAY
_T = TypeVar("_T")
_R = TypeVar("_R")


def prove(run: Run) -> None:
    """Compare what the sync has read with Klaviyo's counts, mend what can be, keep the rest.

    Nothing is claimed of a sync that has not read events, or whose key may not read metrics.
    """
    if not _has_read_events(run):
        return
    run.quotas = {**run.quotas, "proof": quota_of(AGGREGATES).name}
    metrics = metric_ids(run)
    repaired: list[Span] = []
    with run.may_fail("proof"):
        repaired += _compare(run, metrics)
    tail.learn(run, metric_ids=metrics, repaired=repaired)


def _has_read_events(run: Run) -> bool:
    is_asked = not run.asked.resources or "events" in run.asked.resources
    return is_asked and "events" not in run.refused and "events" not in run.failed


def _compare(run: Run, metrics: list[str]) -> list[Span]:
    """Compare, read again, compare again, keep; returns the spans that were read again."""
    counted, asked = _spans(run)
    if not asked:
        return []
    books = open_books(run, metrics, counted=counted, asked=asked)
    _ask_all(run, books, [*_questions(books, asked)])
    recount(run, books, [key for key in books.unequal() if not books.is_fresh(key)])
    again = _read_again(run, books)
    keys = {key for each in again for key in _keys(each)}
    run.proof = close_books(run, books, asked=asked, read_again=keys)
    return [each.span for each in again]


def _spans(run: Run) -> tuple[list[Span], list[Span]]:
    """Which days are counted anew on our side, and which ones Klaviyo is asked for."""
    is_only_read = run.asked.since is not None or run.asked.until is not None
    first, spans = read_spans(run, is_only_read=is_only_read)
    days = (whole_days(span, as_of=run.as_of, is_all_known=not is_only_read) for span in spans)
    counted = merged(span for span in days if span is not None)
    if is_only_read or first is None:
        return counted, counted
    begin = midnight(first)
    if counted and counted[0].since <= run.as_of - _FAR:
        counted = [Span(begin, run.as_of)]  # once a month, with the deep pass, all history
    last_year = Span(max(begin, midnight(run.as_of) - _YEAR), run.as_of)
    return counted, merged([*counted, last_year])


def _questions(books: Books, asked: list[Span]) -> Iterator[tuple[str, Span]]:
    """One a metric and year, and one a day that differed before and lies elsewhere."""
    for span in asked:
        for year in years(span):
            yield from ((metric, year) for metric in books.metric_ids if metric)
    for metric, day in books.known:
        if metric and not any(day in span for span in asked):
            yield metric, day_span(day, day, as_of=books.as_of)


def _ask_all(
    run: Run,
    books: Books,
    questions: list[tuple[str, Span]],
    *,
    only: Collection[Key] | None = None,
) -> None:
    """Take down Klaviyo's counts of metrics, of some days only, or why it does not count one."""
    with run.progress.stream("proof", total=len(questions)) as told:

        def ask(question: tuple[str, Span]) -> dict[dt.date, DayCount] | str:
            answer = _answer(run, books, *question)
            told.window_done()
            return answer

        answers = _side_by_side(run, ask, questions)
    for (metric, span), answer in zip(questions, answers, strict=True):
        if isinstance(answer, str):
            books.refusals[metric] = answer
        else:
            books.put(metric, span, answer, only=only)


def _answer(run: Run, books: Books, metric_id: str, span: Span) -> dict[dt.date, DayCount] | str:
    is_valued = books.has_currency(metric_id)
    try:
        return aggregate_days(run.client, metric_id, span, by_currency=is_valued)
    except KlaviyoRefused as error:
        if error.status not in {400, 404}:
            raise
        return f"Klaviyo does not count this metric: {error.message}"


def _read_again(run: Run, books: Books) -> list[Again]:
    """Read the days that are not equal again, and count them once more on both sides."""
    todo = spans_to_read(books.to_read(), as_of=run.as_of)
    before = dict(books.ours)
    again = _side_by_side(run, lambda each: read_again(run, *each), todo)
    keys = [key for each in again for key in _keys(each)]
    # what came without its metric before may have come with it now, and what was missing without it
    nameless = {("", day) for _, day in keys}
    recount(run, books, [*keys, *nameless])
    for key in nameless - before.keys():
        if not books.ours[key].count:
            del books.ours[key]
    for key in keys:
        books.found[key] = max(books.ours[key].count - before.get(key, DayCount()).count, 0)
    _ask_all(run, books, [*_hulls(run, keys)], only=set(keys))
    for each in again:
        for day, event_ids in each.unseen.items():
            _let_go(run, books, (each.metric_id, day), event_ids)
    return again


def _let_go(run: Run, books: Books, key: Key, event_ids: list[str]) -> None:
    """Drop events that Klaviyo neither shows nor counts; while it does one, nothing is sure."""
    if books.surplus(key) == len(event_ids):
        books.gone[key] = move_gone(run, *key, event_ids)
        recount(run, books, [key])
    else:
        books.unseen.add(key)


def _keys(again: Again) -> list[Key]:
    days = (again.span.until - again.span.since + _DAY - dt.timedelta(seconds=1)) // _DAY
    return [(again.metric_id, again.span.since.date() + n * _DAY) for n in range(days)]


def _hulls(run: Run, keys: Sequence[Key]) -> Iterator[tuple[str, Span]]:
    """One question a metric and year about all of its days."""
    for metric in sorted({metric for metric, _ in keys}):
        days = [day for other, day in keys if other == metric]
        for year in years(day_span(min(days), max(days), as_of=run.as_of)):
            yield metric, year


def _side_by_side(run: Run, work: Callable[[_T], _R], items: Sequence[_T]) -> list[_R]:
    """The result of each item, some of them at once; the first error stops those not begun."""
    pool = ThreadPoolExecutor(
        _AT_ONCE, thread_name_prefix="proof", initializer=READING.set, initargs=("proof",)
    )
    try:
        return list(pool.map(work, items))
    except KlaviyoError:
        raise
    except BaseException:
        run.client.close()  # one of them may be waiting a minute for room
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
