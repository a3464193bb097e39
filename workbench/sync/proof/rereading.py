"""Reading some days of one metric again, and finding what Klaviyo no longer has."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from workbench.db import statement
from workbench.klaviyo.pages import from_the_first
from workbench.sync.resources import chosen_resources
from workbench.sync.run import Run
from workbench.sync.windows.event_parts import event_pages, store_events
from workbench.sync.windows.spans import Key, Span, day_span, runs

__all__ = ["Again", "move_gone", "read_again", "spans_to_read"]

_MOST_A_SPAN = 100_000  # events, whose ids are held in memory
_MOST_A_SYNC = 1_000_000
_SETTLED = dt.timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Again:
    """Days of a metric that were read again.

    Attributes:
        unseen: by day, ids of our events that Klaviyo did not show.
    """

    metric_id: str
    span: Span
    unseen: Mapping[dt.date, list[str]] = field(default_factory=dict)


def spans_to_read(counts: Mapping[Key, int], *, as_of: dt.datetime) -> list[tuple[str, Span]]:
    """Days of metrics in spans to be read again, the newest day first, as far as one sync goes.

    Args:
        counts: how many events the days to be read have, at least.
        as_of: where the day that is not over ends.
    """
    chosen: dict[Key, int] = {}
    for key in sorted(counts, key=lambda key: key[1], reverse=True):
        if not chosen or sum(chosen.values()) + counts[key] <= _MOST_A_SYNC:
            chosen[key] = counts[key]
    return [
        (metric, day_span(first, last, as_of=as_of))
        for metric, first, last in runs(chosen, most=_MOST_A_SPAN)
    ]


def read_again(run: Run, metric_id: str, span: Span) -> Again:
    """Read the events of a metric in a span, and store what is new or changed."""
    shown = _shown(run, metric_id, span)
    return Again(metric_id, span, _unseen(run, metric_id, span, shown))


def _shown(run: Run, metric_id: str, span: Span) -> set[str]:
    """Ids of the events that Klaviyo shows."""
    (events,) = chosen_resources(("events",))
    # a bound close to its present is refused; what comes behind it is stored as well
    is_open = span.until > run.as_of - _SETTLED
    query = events.window_query(span.since, None if is_open else span.until)
    query["filter"] = f'equals(metric_id,["{metric_id}"]),{query["filter"]}'
    shown: set[str] = set()
    for part in from_the_first(lambda: event_pages(run, events, query)):
        shown.update(part.ids)
        run.add("proof", store_events(run, events, part))
    return shown


def _unseen(
    run: Run, metric_id: str, span: Span, shown: Collection[str]
) -> dict[dt.date, list[str]]:
    """Our events that Klaviyo did not show, by day.

    They are told apart here: PostgreSQL looks through a list of parameters one by one, which takes
    minutes with the events of a large day.
    """
    unseen: dict[dt.date, list[str]] = defaultdict(list)
    with run.database.connection() as connection:
        rows = connection.execute(
            statement("reads/sync/span_events"),
            {
                "account_id": run.account_id,
                "metric_id": metric_id,
                "since": span.since,
                "until": span.until,
            },
        )
        for occurred_at, event_id in rows:
            if event_id not in shown:
                unseen[occurred_at.astimezone(dt.UTC).date()].append(event_id)
    return dict(unseen)


def move_gone(run: Run, metric_id: str, day: dt.date, event_ids: list[str]) -> int:
    """Move events that Klaviyo no longer has out of klaviyo.event; returns how many."""
    span = day_span(day, day, as_of=run.as_of)
    with run.database.connection() as connection:
        row = connection.execute(
            statement("writes/sync/move_gone_events"),
            {
                "account_id": run.account_id,
                "metric_id": metric_id,
                "event_ids": event_ids,
                "since": span.since,
                "until": span.until,
                "timezone": run.source.timezone,
            },
        ).fetchone()
    return int(row[0]) if row else 0
