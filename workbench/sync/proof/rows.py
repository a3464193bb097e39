"""The books of the proof in the database: opened from ops.proof, and closed into it."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

from workbench.db import statement
from workbench.sync.findings.alerts import open_alerts, raise_alert, resolve_alerts
from workbench.sync.proof.aggregates import DayCount
from workbench.sync.proof.books import Books, Known
from workbench.sync.proof.comparing import DIFFERS, EXPLAINED, Verdict
from workbench.sync.run import Proof, Run
from workbench.sync.windows.spans import Key, Span, day_span, runs

__all__ = ["close_books", "metric_ids", "open_books", "read_spans", "recount"]

_DIFFERS_ALERT = "differs"


def metric_ids(run: Run) -> list[str]:
    """Of the metrics that the account lists or has events of; "" where it has some of none."""
    return [row[0] for row in _rows(run, "reads/sync/metric_ids")]


def read_spans(run: Run, *, is_only_read: bool) -> tuple[dt.datetime | None, list[Span]]:
    """Since when events have been read, and the spans that have to be counted anew.

    Args:
        run: a sync that has read events.
        is_only_read: whether only what it has read itself is asked for, not also what earlier
            syncs read and did not compare.
    """
    ((first,),) = _rows(run, "reads/sync/first_event_window")
    found = _rows(run, "reads/sync/proof_spans", run_id=run.run_id, only_read=is_only_read)
    return first, [Span(since, until) for since, until in found]


def open_books(run: Run, metrics: list[str], *, counted: list[Span], asked: list[Span]) -> Books:
    """Our side of the books: counted anew in some spans, elsewhere as the last proof left it."""
    known = _known(run, asked)
    ours = {
        key: each.ours for key, each in known.items() if not any(key[1] in span for span in counted)
    }
    for span in counted:
        ours |= _event_days(run, metrics, span)
    books = Books(run.as_of, run.source.currency, metrics, counted, known, ours)
    books.kept_from = dict(_rows(run, "reads/sync/kept_days"))
    return books


def recount(run: Run, books: Books, keys: Collection[Key]) -> None:
    """Count our side of some metrics and days anew."""
    for metric, first, last in runs(dict.fromkeys(keys, 1), most=1_000):
        span = day_span(first, last, as_of=run.as_of)
        found = _event_days(run, [metric], span)
        books.recount([key for key in keys if key[0] == metric and key[1] in span], found)


def close_books(run: Run, books: Books, *, asked: list[Span], read_again: Collection[Key]) -> Proof:
    """Keep what came of it in ops.proof, and warn of what differs."""
    verdicts = {key: books.verdict(key, read_again=read_again) for key in books.keys}
    changed = [
        _row(books, key, each)
        for key, each in verdicts.items()
        if books.is_fresh(key) or key not in books.known or books.known[key].verdict != each
    ]
    about = {"account_id": run.account_id, "run_id": run.run_id, "as_of": run.as_of}
    with run.database.connection() as connection:
        connection.execute(
            statement("writes/sync/store_proof_days"), about | {"days": json.dumps(changed)}
        )
        for span in asked:
            bounds = about | {"since": span.since, "until": span.until}
            connection.execute(statement("writes/sync/store_proof_pass"), bounds)
            connection.execute(statement("writes/sync/forget_proof_passes"), bounds)
    _warn(run, [key for key, each in verdicts.items() if each.status == DIFFERS])
    return _proof(books, verdicts)


def _proof(books: Books, verdicts: Mapping[Key, Verdict]) -> Proof:
    counts = Counter(each.status for each in verdicts.values())
    explained, differing = counts[EXPLAINED], counts[DIFFERS]
    mended = {key for key in verdicts if books.found[key] or books.gone[key]}
    repaired = sum(verdicts[key].status not in {EXPLAINED, DIFFERS} for key in mended)
    return Proof(len(verdicts) - explained - differing - repaired, repaired, explained, differing)


def _row(books: Books, key: Key, verdict: Verdict) -> dict[str, Any]:
    pair, known = books.pair(key), books.known.get(key)
    is_asked = key[0] != "" and key[0] not in books.refusals
    return {
        "metric_id": key[0],
        "day": str(key[1]),
        "our_count": pair.ours.count,
        "their_count": pair.theirs.count if is_asked else None,
        "our_values": _texts(pair.ours.values),
        "their_values": _texts(pair.theirs.values) if is_asked else None,
        "status": verdict.status,
        "reason": verdict.reason,
        "count_found": books.found[key] + (known.count_found if known else 0),
        "count_gone": books.gone[key] + (known.count_gone if known else 0),
    }


def _known(run: Run, asked: list[Span]) -> dict[Key, Known]:
    """What was kept of days to be compared: those asked for, and those that differ anywhere."""
    rows = _rows(
        run,
        "reads/sync/proof_days",
        first=min(span.since for span in asked).date(),
        last=max(span.until for span in asked).date(),
    )
    known = {}
    for metric, day, ours, our_values, theirs, their_values, status, reason, *counts in rows:
        if status != DIFFERS and not any(day in span for span in asked):
            continue  # between two spans
        known[metric, day] = Known(
            DayCount(ours, _decimals(our_values)),
            None if theirs is None else DayCount(theirs, _decimals(their_values)),
            Verdict(status, reason),
            *counts,
        )
    return known


def _event_days(run: Run, metrics: list[str], span: Span) -> dict[Key, DayCount]:
    rows = _rows(
        run, "reads/sync/event_days", metric_ids=metrics, since=span.since, until=span.until
    )
    counts: Counter[Key] = Counter()
    without_profile: Counter[Key] = Counter()
    values: dict[Key, dict[str, Decimal]] = defaultdict(dict)
    for metric, day, currency, count, nobodys, value in rows:
        counts[metric, day] += count
        without_profile[metric, day] += nobodys
        if value:
            values[metric, day][currency] = value
    return {
        key: DayCount(count, values.get(key, {}), without_profile[key])
        for key, count in counts.items()
    }


def _warn(run: Run, differing: Iterable[Key]) -> None:
    """One alert a metric that differs somewhere; it ends when none of its days does any more."""
    days: dict[str, list[dt.date]] = defaultdict(list)
    for metric, day in differing:
        days[metric].append(day)
    for metric, found in days.items():
        told = (
            f"Klaviyo counts other events of metric {metric} than we have, on {len(found)} days"
            f" from {min(found)} to {max(found)}"
        )
        details = {"days": len(found), "first": str(min(found)), "last": str(max(found))}
        raise_alert(run, _DIFFERS_ALERT, metric, message=told, details=details)
    if run.asked.since is None and run.asked.until is None:
        alerts = open_alerts(run, _DIFFERS_ALERT)
        resolve_alerts(run, _DIFFERS_ALERT, [each[0] for each in alerts if each[0] not in days])


def _rows(run: Run, path: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with run.database.connection() as connection:
        return connection.execute(
            statement(path), {"account_id": run.account_id, **parameters}
        ).fetchall()


def _texts(values: Mapping[str, Decimal]) -> dict[str, str]:
    return {currency: f"{value:f}" for currency, value in values.items()}


def _decimals(values: Mapping[str, str]) -> dict[str, Decimal]:
    return {currency: Decimal(value) for currency, value in values.items()}
