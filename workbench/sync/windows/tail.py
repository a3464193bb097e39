"""How far back a sync reads again, because Klaviyo shows some events late.

The tail is what every sync reads again behind the one before. It is as long as 999 in 1,000 late
events have needed, as far as syncs have seen any, and a day more; never shorter than the setting
``reread_days``. Once a week 30 days are read again, and once a month 90, on Klaviyo's clock: what
shows that late is found then at the latest, and what changed in old events is too.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass

from workbench.db import Database, statement
from workbench.sync.findings.alerts import open_alerts, raise_alert, resolve_alerts
from workbench.sync.run import Run
from workbench.sync.windows.spans import Span

__all__ = ["LATE_ARRIVAL", "MetricTail", "learn", "metric_tails", "reach"]

LATE_ARRIVAL = "late_arrival"

_DAY = dt.timedelta(days=1)
_SHARE = 0.999  # of late events, that the tail is to hold
_MARGIN_DAYS, _MOST_DAYS = 1, 30
_REMEMBERED = 180 * _DAY
_MONTH, _QUARTER = 30, 90
_WEEKLY, _MONTHLY = 7 * _DAY, 30 * _DAY


@dataclass(frozen=True, slots=True)
class MetricTail:
    """What syncs have seen of the lateness of a metric.

    Attributes:
        days: the tail that its late events need.
        longest: the largest lateness seen, at most.
        count_late: events that were late.
    """

    days: int
    longest: dt.timedelta
    count_late: int


def reach(run: Run) -> dt.timedelta:
    """How far behind the last sync events are read again by this one."""
    return max(_tail_days(run), _deep_days(run)) * _DAY


def metric_tails(
    database: Database, account_id: str, *, as_of: dt.datetime
) -> dict[str, MetricTail]:
    """The metrics of an account of which some event was late in the 180 days before ``as_of``."""
    with database.connection() as connection:
        rows = connection.execute(
            statement("reads/sync/metric_lateness"),
            {
                "account_id": account_id,
                "since": as_of - _REMEMBERED,
                "share": _SHARE,
                "most": _MOST_DAYS,
            },
        ).fetchall()
    return {
        metric: MetricTail(min(days + _MARGIN_DAYS, _MOST_DAYS), longest, count)
        for metric, days, longest, count in rows
    }


def learn(run: Run, *, metric_ids: list[str], repaired: Iterable[Span]) -> None:
    """Measure how late events were that this sync saw first, and warn of those behind the tail.

    Args:
        run: a sync that has read events.
        metric_ids: metrics that may have events.
        repaired: spans that the proof has read again.
    """
    tail = _tail_days(run)
    spans = [{"since_at": str(span.since), "until_at": str(span.until)} for span in repaired]
    with run.database.connection() as connection:
        late = connection.execute(
            statement("writes/sync/measure_lateness"),
            {
                "account_id": run.account_id,
                "run_id": run.run_id,
                "metric_ids": metric_ids,
                "repaired": json.dumps(spans),
            },
        ).fetchall()
        connection.execute(statement("writes/sync/record_deep_pass"), {"run_id": run.run_id})
    _resolve(run, tail=tail)
    for metric in sorted({metric for metric, *_ in late}):
        behind = [row for row in late if row[0] == metric and row[1] > tail]
        if behind:
            _warn(run, metric, behind, tail=tail)


def _tail_days(run: Run) -> int:
    """Of all metrics together: their windows are read in one request, so the longest counts."""
    tails = metric_tails(run.database, run.account_id, as_of=run.as_of)
    return max([run.asked.reread_days, *(each.days for each in tails.values())])


def _deep_days(run: Run) -> int:
    """30 or 90 when such a pass is due, else 0."""
    with run.database.connection() as connection:
        row = connection.execute(
            statement("reads/sync/deep_passes"), {"account_id": run.account_id}
        ).fetchone()
    assert row is not None
    month_at, quarter_at = row
    if quarter_at is None or run.as_of - quarter_at >= _MONTHLY:
        return _QUARTER
    return _MONTH if run.as_of - month_at >= _WEEKLY else 0


def _warn(
    run: Run, metric: str, behind: list[tuple[str, int, int, dt.timedelta]], *, tail: int
) -> None:
    days = max(row[1] for row in behind)
    count = sum(row[2] for row in behind)
    longest = max(row[3] for row in behind)
    told = (
        f"{count} events of metric {metric} showed up to {longest / _DAY:.1f} days late,"
        f" behind the tail of {tail} days; they are stored now"
    )
    run.note(told)
    raise_alert(
        run,
        LATE_ARRIVAL,
        metric,
        message=told,
        details={
            "count_events": count,
            "days": days,
            "tail_days": tail,
            "longest_seconds": int(longest.total_seconds()),
        },
    )


def _resolve(run: Run, *, tail: int) -> None:
    """What the tail holds by now needs nobody, nor what has not come again for a month."""
    done = [
        subject
        for subject, details, repeated_at in open_alerts(run, LATE_ARRIVAL)
        if details["days"] <= tail or run.as_of - repeated_at >= _MONTHLY
    ]
    resolve_alerts(run, LATE_ARRIVAL, done)
