"""Klaviyo's reports joined to the events of the same days."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd

from workbench.analytics import BRIDGES, bridge_frame
from workbench.db import read_frame, statement
from workbench.errors import DataMissing, InputInvalid
from workbench.load.accounts import Account, within
from workbench.load.current import current_database
from workbench.periods import DateRange

__all__ = ["load_bridge"]


def load_bridge(account: Account, days: DateRange, *, metric: str = "revenue") -> pd.DataFrame:
    """Klaviyo's reports and the events of the same days, joined by what makes them differ.

    Args:
        account: whose numbers.
        days: whole periods of the reports: months, and quarters of what is long past.
        metric: revenue, conversions, opens, human_opens, clicks or human_clicks; opens and clicks
            begin with the profiles that the reports count and end with events.

    Returns:
        One row per step: term, label, value (Decimal), explanation. The first is the reports by
        send date, the last the events by event date; all rows but the last sum to the last.

    Raises:
        DataMissing: the reports of the days were not read, or the days are no whole periods.
    """
    if metric not in BRIDGES:
        raise InputInvalid(f"there is no bridge of {metric!r}", hint=f"try {', '.join(BRIDGES)}")
    bridge = BRIDGES[metric]
    wanted = {
        **within(account, days),
        "statistic": bridge.statistic,
        "role": bridge.role,
        "is_money": bridge.is_money,
    }
    periods = read_frame(current_database(), "reads/bridge_periods", wanted)
    if problem := _not_reported(periods, days):
        raise DataMissing(problem, hint="type: workbench sync campaign_reports flow_reports")
    of_reasons = "bridge_orders" if bridge.role == "revenue" else "bridge_answers"
    with current_database().connection() as connection:
        ends = connection.execute(statement("reads/bridge_ends"), wanted).fetchone()
        rows = connection.execute(statement(f"reads/{of_reasons}"), wanted).fetchall()
    reported, counted = ends or (None, None)
    if reported is None or counted is None:
        raise DataMissing(
            f"Klaviyo's reports say nothing of {days}: no message was sent",
            hint="choose days in which messages were sent",
        )
    reasons = {row[0]: Decimal(row[-1] if bridge.is_money else row[1]) for row in rows}
    return bridge_frame(bridge, reported=reported, counted=counted, reasons=reasons)


def _not_reported(found: pd.DataFrame, days: DateRange) -> str:
    """Why the reports of some days cannot be summed; "" when they can."""
    for report in ("campaign_reports", "flow_reports"):
        known = found[found.report == report]
        spans = list(zip(known.first_on.dt.date, known.last_on.dt.date, strict=True))
        if not spans or spans[0][0] > days.first:
            return f"the periods of {report} do not reach back to {days.first}"
        if spans[0][0] < days.first:
            return f"{days} are no whole periods: a period of {report} begins on {spans[0][0]}"
        if known.through_on.isna().any():
            unread = known[known.through_on.isna()].iloc[0].first_on.date()
            return f"the period of {report} that begins on {unread} has not been read yet"
        through = known.iloc[-1].through_on.date()
        if through != days.last:
            return f"{days} are no whole periods: the last one of {report} goes to {through}"
        if (known.through_on != known.last_on).iloc[:-1].any():
            return f"a period of {report} was read before it was over"
    return ""
