"""Reports by send date, read period by period within a daily budget, every version kept."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from workbench.db import copy_rows, staging_table, statement
from workbench.errors import QuotaExhausted
from workbench.klaviyo.reports import REPORTS, Report, report_pages, report_rows
from workbench.periods import account_day
from workbench.sync.definition import Resource
from workbench.sync.run import Run, StreamCount
from workbench.sync.streams.report_budget import Budget
from workbench.sync.streams.report_plan import Period, due_periods, planned_periods

__all__ = ["read_reports"]

_NO_CONVERSIONS = (
    "the account maps no metric to revenue, whose events this report counts as conversions:"
    " map one in Klaviyo and sync mapped_metrics"
)
_TABLE = "klaviyo.report_value"
_STAGED = (
    *("account_id", "first_on", "last_on", "groupings", "statistic", "value"),
    *("conversion_metric_id", "report", "observed_at", "run_id"),
)


def read_reports(run: Run, resource: Resource) -> None:
    """Read the periods of a report that are due, as many as its budget and the sync allow.

    Raises:
        QuotaExhausted: the day's calls are used up; what is left is read another day.
    """
    report = REPORTS[resource.name]
    metric, began_at = _basis(run)
    if report.has_conversions and metric is None:
        with run.lock:
            lacked = run.refused.get("mapped_metrics") or run.refused.get("metrics")
            run.refused[resource.name] = lacked or _NO_CONVERSIONS
        return
    if began_at is None:
        return  # an account in which nothing ever happened
    conversions = metric if report.has_conversions else None
    todo, left = _todo(run, report, began_at=began_at, conversion_metric_id=conversions)
    with run.progress.stream(resource.name, total=len(todo)) as told:
        for period in todo:
            count = _read(run, report, period, conversion_metric_id=conversions)
            told(run.add(resource.name, count).read)
            told.window_done()
    run.add(resource.name, StreamCount())
    if left:
        run.note(
            f"{resource.name}: {left} older period{'s' if left > 1 else ''} left for the next days;"
            f" to read them now type: workbench sync {resource.name}"
        )


def _basis(run: Run) -> tuple[str | None, dt.datetime | None]:
    """The metric mapped to revenue, and when the account began."""
    with run.database.connection() as connection:
        row = connection.execute(
            statement("reads/sync/report_basis"), {"account_id": run.account_id}
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def _todo(
    run: Run, report: Report, *, began_at: dt.datetime, conversion_metric_id: str | None
) -> tuple[list[Period], int]:
    timezone = run.source.timezone
    today = account_day(run.as_of, timezone)
    since, until = run.asked.since, run.asked.until
    last = until - dt.timedelta(microseconds=1) if until else None
    known = planned_periods(
        run.database,
        run.account_id,
        report,
        timezone=timezone,
        began_on=account_day(began_at, timezone),
        today=today,
        run_id=run.run_id,
    )
    return due_periods(
        known,
        today=today,
        conversion_metric_id=conversion_metric_id,
        asked_first=account_day(since, timezone) if since else None,
        asked_last=account_day(last, timezone) if last else None,
        is_by_name=report.name in run.asked.resources,
        is_full=run.asked.full,
    )


def _read(
    run: Run, report: Report, period: Period, *, conversion_metric_id: str | None
) -> StreamCount:
    """Ask for one period, then store what differs and that it was read, in one transaction."""
    through = period.over_by(account_day(run.as_of, run.source.timezone))
    found = list(
        report_pages(
            report,
            period.first,
            period.last,
            through=through,
            conversion_metric_id=conversion_metric_id,
            ask=partial(_ask, run, report),
        )
    )
    read = {
        "account_id": run.account_id,
        "report": report.name,
        "first_on": period.first,
        "last_on": period.last,
        "through_on": through,
        "observed_at": run.client.served_at,
        "conversion_metric_id": conversion_metric_id,
        "run_id": run.run_id,
    }
    rows = (
        (*row, report.name, read["observed_at"], run.run_id)
        for page in found
        for row in report_rows(page, account_id=run.account_id)[_TABLE]
    )
    with run.database.connection() as connection, connection.cursor() as cursor:
        copy_rows(cursor, staging_table(cursor, _TABLE), _STAGED, rows)
        cursor.execute(statement("writes/sync/merge_report"), read)
        count = StreamCount(*(cursor.fetchone() or ()))
        cursor.execute(statement("writes/sync/finish_report_window"), read)
    return count


def _ask(run: Run, report: Report, body: dict[str, Any], params: dict[str, str]) -> dict[str, Any]:
    """One call, within the budget of the day."""
    budget = Budget(run.database, run.account_id, report.path)
    budget.take(run.client.served_at)
    try:
        return run.client.post(report.path, body, params=params)
    except QuotaExhausted as error:
        raise budget.refused(run.client.served_at, until=error.retry_at) from error
