"""The refresh of the facts: made anew where a sync touched what they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.db import statement
from workbench.load import Account, current_database
from workbench.metrics import MAPPED_ROLES, NAMED_ROLES

__all__ = ["RefreshSummary", "refresh_facts"]

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
