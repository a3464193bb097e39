"""Database to frame: what notebooks and dashboards read.

Every function takes the account first. The database is the one that the settings of this process
name, opened at the first call; ``use_database`` puts another in its place.

    account = load_account()
    week = iso_week("2026-W44")
    load_key_numbers(account, week)
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import orjson
import pandas as pd

from workbench.analytics import BRIDGES, bridge_frame
from workbench.db import Database, open_database, read_frame, require_schema, statement
from workbench.errors import AccountMissing, DataMissing, InputInvalid
from workbench.metrics import LAST_TOUCH_WINDOWS, Windows, evaluated
from workbench.periods import DateRange, account_day
from workbench.settings import read_settings

__all__ = [
    "Account",
    "current_database",
    "load_account",
    "load_accounts",
    "load_bridge",
    "load_campaigns",
    "load_daily_revenue",
    "load_flows",
    "load_forecast",
    "load_forecast_scores",
    "load_key_numbers",
    "load_last_touch_orders",
    "load_measures",
    "load_refreshes",
    "use_database",
]

_current: list[Database] = []


@dataclass(frozen=True, slots=True)
class Account:
    """An account as analysis sees it.

    Attributes:
        as_of: Klaviyo's clock at the last finished sync, UTC.
        first_day: first account day with data; None before the first refresh.
        last_day: last account day that was over at ``as_of``.
    """

    account_id: str
    name: str
    timezone: str
    currency: str
    country: str | None
    is_simulated: bool
    as_of: dt.datetime
    first_day: dt.date | None
    last_day: dt.date


def use_database(database: Database) -> None:
    """Make the functions of this module read from ``database``; its owner closes it."""
    _current[:] = [database]


def current_database() -> Database:
    """The database read from: the one given to ``use_database``, else that of the settings."""
    if not _current:
        database = open_database(read_settings())
        require_schema(database)
        use_database(database)
    return _current[0]


def load_accounts() -> pd.DataFrame:
    """One row per account, the one synced last first.

    Returns:
        account_id, name, timezone, currency, country, is_simulated, as_of, first_day.
    """
    return read_frame(current_database(), "reads/accounts")


def load_account(account_id: str = "") -> Account:
    """One account.

    Args:
        account_id: its id; empty for the one synced last.

    Raises:
        AccountMissing: there is none, or its first sync has not finished.
    """
    accounts = load_accounts()
    if account_id:
        accounts = accounts[accounts.account_id == account_id]
    if accounts.empty:
        wanted = f"account {account_id} is not" if account_id else "no account is"
        raise AccountMissing(
            f"{wanted} in the database",
            hint="set KLAVIYO_API_KEY and type: workbench sync (or: workbench demo)",
        )
    found = accounts.iloc[0]
    if pd.isna(found.as_of):
        raise AccountMissing(
            f"no sync of account {found.account_id} has finished yet", hint="type: workbench sync"
        )
    as_of = found.as_of.to_pydatetime()
    return Account(
        account_id=found.account_id,
        name=found["name"],
        timezone=found.timezone,
        currency=found.currency,
        country=found.country,
        is_simulated=bool(found.is_simulated),
        as_of=as_of,
        first_day=None if pd.isna(found.first_day) else found.first_day.date(),
        last_day=account_day(as_of, found.timezone) - dt.timedelta(days=1),
    )


def load_measures(account: Account, days: DateRange) -> dict[str, float]:
    """The base measures of the days, by name; NaN where the account maps no metric to them.

    Raises:
        DataMissing: the account has no facts at all; zeros would be made up.
    """
    if account.first_day is None:
        raise DataMissing(
            f"account {account.account_id} has no daily facts: no event of it was synced yet,"
            " or none was aggregated",
            hint="type: workbench run aggregate_daily_metrics, or workbench sync",
        )
    found = read_frame(current_database(), "reads/base_measures", _within(account, days))
    return {str(name): float(value) for name, value in found.iloc[0].items()}


def load_key_numbers(account: Account, days: DateRange) -> pd.DataFrame:
    """One row per definition: metric, label, unit, basis, value, reason, definition.

    ``value`` is NaN where ``reason`` says why. Money is in the account's currency.
    """
    return evaluated(load_measures(account, days))


def load_daily_revenue(account: Account, days: DateRange) -> pd.DataFrame:
    """One row per account day: ds, revenue, attributed_revenue, orders, holiday.

    Days without an order are rows of 0; days before the account's first are not rows.
    """
    return read_frame(current_database(), "reads/daily_revenue", _within(account, days))


def load_campaigns(account: Account, days: DateRange) -> pd.DataFrame:
    """One row per campaign message received in the days, newest first, on send-date basis.

    Returns:
        message_id, name, channel, subject, sent_on, recipients, delivered, bounced, unique_opens,
        unique_human_opens, unique_clicks, unsubscribes, conversions, revenue, open_rate,
        human_open_rate, click_rate, unsubscribe_rate, revenue_per_recipient. Rates are NaN where
        nothing was delivered, open rates also where the channel has no opens (SMS).
    """
    return _with_rates(read_frame(current_database(), "reads/campaigns", _within(account, days)))


def load_flows(account: Account, days: DateRange) -> pd.DataFrame:
    """One row per flow that sent in the days, most revenue first, on send-date basis.

    Returns:
        flow_id, name, status, messages, then counts and rates as in ``load_campaigns``.
    """
    return _with_rates(read_frame(current_database(), "reads/flows", _within(account, days)))


def load_last_touch_orders(
    account: Account,
    days: DateRange,
    *,
    windows: Windows = LAST_TOUCH_WINDOWS,
    touches: str = "all",
) -> pd.DataFrame:
    """One row per order placed in the days, credited by our own last touch, not by Klaviyo's.

    The latest open, click or receipt before the order is credited whose window, counted from the
    receipt of its message, is still open.

    Args:
        account: whose orders.
        days: account days of the order.
        windows: (channel, role of the touch) -> length; a kind without a window is no touch.
        touches: "all", or "human" to leave out opens by machines and clicks by bots.

    Returns:
        order_id, profile_id, placed_at, day, revenue, currency, message_id, channel, touch,
        touched_at, received_at (all missing where nothing is credited, as with orders of a deleted
        profile, whose touches nobody can find), klaviyo_message_id.

    Source: Klaviyo help 1260804504250, message attribution: last touch, window from the receipt.
    """
    if touches not in {"all", "human"}:
        raise InputInvalid(f"touches is {touches!r}", hint='choose "all" or "human"')
    lengths = [
        {"channel": channel, "role": role, "seconds": length.total_seconds()}
        for (channel, role), length in windows.items()
    ]
    wanted = {
        **_within(account, days),
        "windows": orjson.dumps(lengths).decode(),
        "longest": max((each.total_seconds() for each in windows.values()), default=0.0),
        "humans": touches == "human",
    }
    return read_frame(current_database(), "reads/last_touch_orders", wanted)


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
        **_within(account, days),
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


def load_forecast(
    account: Account, unique_id: str, *, known_until: dt.date | None = None
) -> pd.DataFrame:
    """One row per day ahead in the newest forecast of a series, by its champion.

    Args:
        account: whose series.
        unique_id: the series.
        known_until: last day that the forecast may have known, for a look back; any when None.

    Returns:
        forecast_id, unique_id, model, cutoff, unit, ds, step, y_hat, lo_80, hi_80, lo_95, hi_95,
        is_champion; no row when the series was never forecast.
    """
    wanted = {
        "account_id": account.account_id,
        "unique_id": unique_id,
        "known_until": known_until or dt.date.max,
    }
    return read_frame(current_database(), "reads/latest_forecast", wanted)


def load_forecast_scores(account: Account, forecast_id: str, *, unique_id: str) -> pd.DataFrame:
    """One row per model of a forecast: errors on rolling origins, best first."""
    wanted = {
        "account_id": account.account_id,
        "forecast_id": forecast_id,
        "unique_id": unique_id,
    }
    return read_frame(current_database(), "reads/forecast_scores", wanted)


def load_refreshes(account: Account, *, most: int = 10) -> pd.DataFrame:
    """One row per refresh of the account's facts, newest first, with the rows it wrote."""
    wanted = {"account_id": account.account_id, "most": most}
    return read_frame(current_database(), "reads/refreshes", wanted)


def _within(account: Account, days: DateRange) -> dict[str, object]:
    return {"account_id": account.account_id, "first": days.first, "last": days.last}


def _with_rates(table: pd.DataFrame) -> pd.DataFrame:
    delivered = table.delivered.where(table.delivered > 0)
    channel = table.get("channel", pd.Series("email", index=table.index))
    has_opens = channel != "sms"
    return table.assign(
        open_rate=(table.unique_opens / delivered).where(has_opens),
        human_open_rate=(table.unique_human_opens / delivered).where(has_opens),
        click_rate=table.unique_clicks / delivered,
        unsubscribe_rate=table.unsubscribes / delivered,
        revenue_per_recipient=table.revenue / delivered,
    )
