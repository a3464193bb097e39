"""Frames to database, and the refresh of the facts: what notebooks write."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import pandas as pd
from IPython.display import display

from workbench.db import copy_frame, statement
from workbench.load import Account, current_database
from workbench.metrics import MAPPED_ROLES, NAMED_ROLES

__all__ = [
    "RESULT_TYPE",
    "RefreshSummary",
    "refresh_facts",
    "store_forecast",
    "store_holidays",
    "store_result",
]

# media type of the output in which a notebook leaves its result
RESULT_TYPE = "application/vnd.workbench.result+json"

# Statements of sql/writes/refresh, in the order in which one uses what the other left.
_CLASSIFY = ("configure_planner", "lock_refresh", "unmap_metrics", "classify_metrics")
_FIND = (
    "create_touched_now",
    "create_stale_metric_day",
    "create_stale_order_day",
    "create_stale_message_day",
    "create_stale_buyer",
    "create_stale_recipient",
    "create_stale_send_day",
    "take_touched",
    "find_stale_metric_days",
    "find_stale_order_days",
    "find_stale_message_days",
    "extend_dates",
    "analyze_stale_days",
)
_METRICS = ("delete_metric_daily", "insert_metric_daily")
_ORDERS = ("delete_orders", "insert_orders")
_REVENUE = ("delete_fact_revenue", "insert_fact_revenue")
_RECIPIENTS = (
    "find_stale_recipients",
    "analyze_stale_recipients",
    "delete_message_recipient",
    "insert_message_recipient",
    "credit_orders",
)
_MANY_SENDS = 1_000  # from here on, a plan for a few rows may take hours
_PERFORMANCE = ("delete_message_performance", "insert_message_performance")


@dataclass(frozen=True, slots=True)
class RefreshSummary:
    """Rows that a refresh wrote.

    Attributes:
        metric_days: of mart.metric_daily.
        orders: of mart.orders.
        recipients: of mart.message_recipient.
        message_days: of mart.message_performance.
    """

    metric_days: int
    orders: int
    recipients: int
    message_days: int

    @property
    def total(self) -> int:
        """Over all facts; 0 when no sync touched anything since the last refresh."""
        return self.metric_days + self.orders + self.recipients + self.message_days


def refresh_facts(account: Account) -> RefreshSummary:
    """Write anew the facts that a sync touched since the last refresh, in one transaction.

    What is stale is found from ops.touched, so the cost follows the rows that changed and not the
    history behind them.
    """
    params: dict[str, Any] = {
        "account_id": account.account_id,
        "timezone": account.timezone,
        "mapped_roles": dict(MAPPED_ROLES),
        "named_roles": {name: list(meaning) for name, meaning in NAMED_ROLES.items()},
    }
    with current_database().connection() as connection, connection.cursor() as cursor:

        def run(names: tuple[str, ...]) -> int:
            """Rows that the last insert wrote."""
            for name in names:
                cursor.execute(statement(f"writes/refresh/{name}"), params)
                if name.startswith("insert_"):
                    written = cursor.rowcount
                if name == "insert_message_recipient" and written >= _MANY_SENDS:
                    cursor.execute(statement("writes/refresh/analyze_facts"))
            return written

        for name in (*_CLASSIFY, *_FIND):
            cursor.execute(statement(f"writes/refresh/{name}"), params)
        metric_days, orders = run(_METRICS), run(_ORDERS)
        run(_REVENUE)
        recipients, message_days = run(_RECIPIENTS), run(_PERFORMANCE)
        summary = RefreshSummary(metric_days, orders, recipients, message_days)
        cursor.execute(
            statement("writes/refresh/record_refresh"),
            {
                "account_id": account.account_id,
                "as_of": account.as_of,
                "metric_days": metric_days,
                "orders": orders,
                "recipients": recipients,
                "message_days": message_days,
            },
        )
    return summary


def store_holidays(account: Account, calendar: pd.DataFrame) -> int:
    """Write the holidays of the account's country into its days; returns how many days have one.

    Args:
        account: whose days.
        calendar: one row per holiday: ds (date), holiday (name). Days not in it have none.
    """
    with current_database().connection() as connection, connection.cursor() as cursor:
        cursor.execute(
            statement("writes/store_holidays"),
            {
                "account_id": account.account_id,
                "days": [day.date() for day in calendar.ds],
                "names": list(calendar.holiday),
            },
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def store_forecast(
    account: Account,
    *,
    predictions: pd.DataFrame,
    scores: pd.DataFrame,
    dropped: pd.DataFrame,
    unit: str,
    parameters: dict[str, Any],
) -> str:
    """Register a forecast with its scores, in one transaction; returns its id.

    A forecast is known by what it says: the same one again adds no row.

    Args:
        account: whose series.
        predictions: one row per (unique_id, model, ds), as ``forecast.forecast`` returns.
        scores: one row per (unique_id, model).
        dropped: one row per (unique_id, model) that failed, with its reason.
        unit: ISO 4217 currency of a money series, else the thing counted.
        parameters: what the forecast was asked with, to repeat it.
    """
    champions = predictions[predictions.is_champion]
    series = champions.groupby("unique_id", as_index=False).agg(
        champion=("model", "first"), cutoff=("cutoff", "first"), horizon_days=("step", "max")
    )
    reasons: dict[object, list[Any]] = {
        uid: some[["model", "reason"]].to_dict("records")
        for uid, some in dropped.groupby("unique_id")
    }
    forecast_id = _digest(account.account_id, unit, parameters, predictions)
    series = series.assign(
        account_id=account.account_id,
        unit=unit,
        parameters=pd.Series([parameters] * len(series), dtype="object"),
        dropped=pd.Series([reasons.get(uid, []) for uid in series.unique_id], dtype="object"),
    )
    known = {"account_id": account.account_id, "forecast_id": forecast_id}
    with current_database().connection() as connection, connection.cursor() as cursor:
        cursor.execute(statement("writes/renew_forecast"), known)
        if cursor.rowcount:
            return forecast_id
        for table, frame in (
            ("model.forecast_model", series),
            ("model.forecast_prediction", predictions.drop(columns="cutoff")),
            ("model.model_performance", scores),
        ):
            copy_frame(cursor, table, frame.assign(forecast_id=forecast_id))
    return forecast_id


def _digest(*parts: object) -> str:
    told = hashlib.sha256()
    for part in parts:
        text = part.to_csv(index=False) if isinstance(part, pd.DataFrame) else repr(part)
        told.update(text.encode())
    return told.hexdigest()[:16]


def store_result(result: dict[str, Any]) -> None:
    """Leave what a notebook found in its last cell, where the run that executes it picks it up.

    Args:
        result: names and JSON values; a number that is not known is None, never NaN.
    """
    # a reader sees nothing of it
    display({RESULT_TYPE: result, "text/html": ""}, raw=True)  # type: ignore[no-untyped-call]
