"""The refresh of the facts: made anew where a sync touched what they are made of.

A fact is an entry of ``FACTS``. In one transaction, a refresh takes what was touched, lets each
fact note which of its rows that makes stale, and then lets each remove these and write them anew.
A full rebuild is the same refresh after every fact was emptied and everything touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from workbench.db import empty_table, refresh_aggregates, statement
from workbench.load import Account, current_database
from workbench.metrics import MAPPED_ROLES, NAMED_ROLES, SHOP_ROLES

__all__ = ["FACTS", "Fact", "RefreshSummary", "rebuild_facts", "refresh_facts"]

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Fact:
    """A table of the mart, and the statements of sql/writes/refresh that keep it.

    Attributes:
        table: its name in schema mart; ``insert_<table>`` is the statement whose rows are told.
        notes: note what is stale in temporary tables, before any fact is written.
        writes: remove the stale rows and write them anew, after the facts above it.
        outlives: whether rows stay when their events are deleted for their age; then a rebuild
            removes the others by ``empty_<table>``.
    """

    table: str
    notes: tuple[str, ...]
    writes: tuple[str, ...]
    outlives: bool = False


# in the order in which one uses what the other wrote
FACTS = (
    Fact(
        "known_message",
        notes=(
            "create_stale_message",
            "find_stale_messages",
            "delete_known_message",
            "insert_known_message",
            "analyze_stale_messages",
        ),
        writes=(),
    ),
    Fact(
        "metric_daily",
        notes=(),
        writes=("delete_metric_daily", "insert_metric_daily"),
        outlives=True,
    ),
    Fact(
        "metric_hourly_rollup",
        notes=("create_stale_hour_span", "find_stale_hours"),
        writes=("delete_metric_hourly_rollup", "insert_metric_hourly_rollup"),
        outlives=True,
    ),
    Fact(
        "fact_engagement",
        notes=(),
        writes=("delete_fact_engagement", "insert_fact_engagement"),
        outlives=True,
    ),
    Fact(
        "form_daily",
        notes=(),
        writes=("delete_form_daily", "insert_form_daily"),
    ),
    Fact(
        "segment_daily",
        notes=("create_stale_group_span", "find_stale_group_spans"),
        writes=("delete_segment_daily", "insert_segment_daily"),
    ),
    Fact(
        "order_event",
        notes=("create_stale_order_number",),
        writes=("delete_order_event", "insert_order_event"),
    ),
    Fact(
        "orders",
        notes=(
            "create_stale_order_day",
            "create_stale_buyer",
            "find_stale_order_days",
            "find_arrived_touches",
        ),
        writes=("delete_orders", "insert_orders", "analyze_stale_orders", "settle_orders"),
    ),
    Fact(
        "buyer",
        notes=(),
        writes=("analyze_stale_buyers", "delete_buyer", "insert_buyer"),
    ),
    Fact(
        "buyer_currency",
        notes=(),
        writes=("delete_buyer_currency", "insert_buyer_currency"),
    ),
    Fact(
        "fact_conversions",
        notes=("create_stale_conversion_day", "find_stale_conversion_days"),
        writes=("delete_fact_conversions", "insert_fact_conversions"),
        outlives=True,
    ),
    Fact(
        "fact_revenue",
        notes=(),
        writes=("delete_fact_revenue", "insert_fact_revenue"),
    ),
    Fact(
        "message_recipient",
        notes=("create_stale_message_day", "create_stale_recipient", "find_stale_message_days"),
        writes=(
            "create_found_recipient",
            "walk_recipients",
            "find_moved_recipients",
            "find_stale_recipients",
            "analyze_stale_recipients",
            "create_stale_send_day",
            "delete_message_recipient",
            "insert_message_recipient",
            "uncredit_old_sends",
            "credit_orders",
        ),
        outlives=True,
    ),
    Fact(
        "message_repeat",
        notes=(),
        writes=("delete_message_repeat", "insert_message_repeat"),
        outlives=True,
    ),
    Fact(
        "message_performance",
        notes=(),
        writes=(
            "analyze_stale_send_days",
            "delete_message_performance",
            "insert_message_performance",
        ),
        outlives=True,
    ),
)
# before the lock a refresh might write rows that this transaction does not see
_DATE = ("lock_refresh", "correct_dates")
_BEGIN = (
    "configure_planner",
    "create_former_role",
    "unmap_metrics",
    "classify_metrics",
)
# the metrics' days that are stale, which most facts begin with
_TAKE = (
    "create_touched_now",
    "take_touched",
    "create_stale_metric_day",
    "find_stale_metric_days",
    "extend_dates",
    "is_mostly_stale",
)
# where the facts read the events: from their table, or from a copy that holds little but what they
# need, because several of them read all events and the disk is slow
_VIEWED, _SEEN = ("view_refresh_event",), ("drop_refresh_event",)
_COPIED = (
    "configure_bulk",
    "copy_refresh_event",
    "index_refresh_event",
    "analyze_refresh_event",
)
# what reads the copy whole, in place of what walks through it day by day
_READS = {"walk_recipients": "read_recipients"}
# what tells the planner of rows just written, and from how many on a plan for a few may take hours;
# only where most of a history is written: else no account waits for the statistics of another
_ANALYZED = {
    "known_message": ("analyze_messages", 0),
    "orders": ("analyze_orders", 1_000),
    "message_recipient": ("analyze_facts", 1_000),
}


@dataclass(frozen=True, slots=True)
class RefreshSummary:
    """Rows that a refresh wrote.

    Attributes:
        rows: table of the mart -> rows.
    """

    rows: Mapping[str, int]

    @property
    def metric_days(self) -> int:
        """Of mart.metric_daily."""
        return self.rows["metric_daily"]

    @property
    def orders(self) -> int:
        """Of mart.orders."""
        return self.rows["orders"]

    @property
    def recipients(self) -> int:
        """Of mart.message_recipient."""
        return self.rows["message_recipient"]

    @property
    def message_days(self) -> int:
        """Of mart.message_performance."""
        return self.rows["message_performance"]

    @property
    def total(self) -> int:
        """Over all facts; 0 when no sync touched anything since the last refresh."""
        return sum(self.rows.values())


def refresh_facts(account: Account, *, told: Told = lambda table: None) -> RefreshSummary:
    """Write anew the facts that a sync touched since the last refresh, in one transaction.

    What is stale is found from ops.touched, so the cost follows the rows that changed and not the
    history behind them. Where the account has moved to another time zone, every day is another one:
    then all facts are.

    Args:
        account: whose facts.
        told: hears of each fact's table when it begins to be written.
    """
    with current_database().connection() as connection, connection.cursor() as cursor:
        _execute(cursor, account, _DATE)
        if cursor.rowcount:
            _empty(cursor, account)
        summary = _refresh(cursor, account, told)
    refresh_aggregates(current_database(), until=account.as_of)
    return summary


def rebuild_facts(account: Account, *, told: Told = lambda table: None) -> RefreshSummary:
    """Write every fact anew from what was synced, in one transaction.

    Until it commits, readers see the facts as they were. The roles of metrics stay, because names
    that they were found by may have changed since; so do the holidays of the days.

    Args:
        account: whose facts.
        told: hears of each fact's table when it begins to be written.
    """
    with current_database().connection() as connection, connection.cursor() as cursor:
        _execute(cursor, account, _DATE)
        _empty(cursor, account)
        summary = _refresh(cursor, account, told)
    refresh_aggregates(current_database(), until=account.as_of)
    return summary


def _empty(cursor: Any, account: Account) -> None:
    """Empty every fact and take everything for touched, so that a refresh makes all of them."""
    for fact in FACTS:
        if fact.outlives:
            _execute(cursor, account, (f"empty_{fact.table}",))
        else:
            empty_table(cursor, f"mart.{fact.table}", account_id=account.account_id)
    _execute(cursor, account, ("touch_everything",))


def _refresh(cursor: Any, account: Account, told: Told) -> RefreshSummary:
    _execute(cursor, account, (*_BEGIN, *_TAKE))
    is_mostly_stale = cursor.fetchone() == (True,)
    _execute(cursor, account, _COPIED if is_mostly_stale else _VIEWED)
    for fact in FACTS:
        _write(cursor, account, fact, fact.notes, is_mostly_stale=is_mostly_stale)
    _execute(cursor, account, ("analyze_stale_days",))
    rows = {}
    for fact in FACTS:
        told(fact.table)
        rows[fact.table] = _write(
            cursor, account, fact, fact.writes, is_mostly_stale=is_mostly_stale
        )
    if not is_mostly_stale:
        _execute(cursor, account, _SEEN)
    summary = RefreshSummary(rows)
    cursor.execute(
        statement("writes/refresh/record_refresh"),
        {
            "account_id": account.account_id,
            "as_of": account.as_of,
            "rows": orjson.dumps(dict(summary.rows)).decode(),
        },
    )
    return summary


def _write(
    cursor: Any, account: Account, fact: Fact, names: tuple[str, ...], *, is_mostly_stale: bool
) -> int:
    """Rows that the fact's own insert wrote."""
    written = 0
    for name in names:
        read = _READS.get(name, name) if is_mostly_stale else name
        _execute(cursor, account, (read,))
        if name == f"insert_{fact.table}":
            written = cursor.rowcount
            analyze, least = _ANALYZED.get(fact.table, ("", 0))
            if analyze and is_mostly_stale and written >= least:
                _execute(cursor, account, (analyze,))
    return written


def _execute(cursor: Any, account: Account, names: tuple[str, ...]) -> None:
    params = {
        "account_id": account.account_id,
        "timezone": account.timezone,
        "mapped_roles": dict(MAPPED_ROLES),
        "named_roles": {name: list(meaning) for name, meaning in NAMED_ROLES.items()},
        "shop_roles": dict(SHOP_ROLES),
    }
    for name in names:
        cursor.execute(statement(f"writes/refresh/{name}"), params)
