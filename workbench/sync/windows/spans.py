"""Spans of time made of UTC days, as Klaviyo's aggregates count them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

__all__ = ["Key", "Span", "day_span", "merged", "midnight", "runs", "whole_days", "years"]

Key = tuple[str, dt.date]
"""A metric and a UTC day."""

_DAY = dt.timedelta(days=1)
_LONGEST = 365 * _DAY  # that one aggregate may cover


@dataclass(frozen=True, order=True, slots=True)
class Span:
    """[since, until)."""

    since: dt.datetime
    until: dt.datetime

    def __contains__(self, day: dt.date) -> bool:
        return self.since.date() <= day <= (self.until - dt.timedelta(seconds=1)).date()


def midnight(instant: dt.datetime) -> dt.datetime:
    """The beginning of its UTC day."""
    return instant.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def day_span(first: dt.date, last: dt.date, *, as_of: dt.datetime) -> Span:
    """UTC days from first to last, but nothing from ``as_of`` on."""
    since = dt.datetime.combine(first, dt.time(), dt.UTC)
    until = dt.datetime.combine(last, dt.time(), dt.UTC) + _DAY
    return Span(since, min(until, as_of))


def whole_days(span: Span, *, as_of: dt.datetime, is_all_known: bool) -> Span | None:
    """A span that begins and ends with a UTC day, or ends with ``as_of``; None when it has no day.

    Args:
        span: what was read.
        as_of: where the day that is not over ends.
        is_all_known: whether what lies around the span was read before, so that days count whole
            of which it holds a part; else they do not count.
    """
    since, until = midnight(span.since), midnight(span.until)
    if is_all_known:
        until = span.until if until == span.until else until + _DAY
    elif since < span.since:
        since += _DAY
    if span.until >= as_of:
        until = as_of
    whole = Span(since, min(until, as_of))
    return whole if whole.since < whole.until else None


def merged(spans: Iterable[Span]) -> list[Span]:
    """Spans in order of time, those that touch as one."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.since <= found[-1].until:
            found[-1] = Span(found[-1].since, max(found[-1].until, span.until))
        else:
            found.append(span)
    return found


def years(span: Span) -> Iterator[Span]:
    """A span in pieces that one aggregate may cover, the last one shorter."""
    since = span.since
    while since < span.until:
        yield Span(since, min(since + _LONGEST, span.until))
        since += _LONGEST


def runs(counts: Mapping[Key, int], *, most: int) -> Iterator[tuple[str, dt.date, dt.date]]:
    """Days of a metric that follow each other, as metric, first and last.

    Args:
        counts: what each day adds to the size of its run; one at least.
        most: size that a run of several days does not exceed.
    """
    metric, first, last, held = "", dt.date.min, dt.date.min, 0
    for key in sorted(counts):
        is_next = held and key == (metric, last + _DAY)
        if not is_next or held + counts[key] > most:
            if held:
                yield metric, first, last
            (metric, first), held = key, 0
        last, held = key[1], held + counts[key]
    if held:
        yield metric, first, last
