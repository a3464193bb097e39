"""What goes by its age, what never does, and facts that outlive the events they were made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.db import Database, Edition
from workbench.db.upkeep import Plan, planned_jobs, run_job, upkeep_session
from workbench.refresh import FACTS, rebuild_facts
from workbench.retention import Retention

from .conftest import Book

# the books' last sync is on 2026-11-10 in New York: 100 days before begin on 2026-08-02
HUNDRED = Retention({"engagement": 100, "browsing": 100}, {})
NOW = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)
BEFORE, AFTER = "2026-08-01 15:00+00", "2026-08-02 15:00+00"


def kept(book: Book) -> set[str]:
    rows = book.execute("select event_id from klaviyo.event where account_id = %(account_id)s")
    return {event_id for (event_id,) in rows}


def facts(book: Book) -> dict[str, list[Any]]:
    return {fact.table: book.rows(f"mart.{fact.table}") for fact in FACTS}


def let_go(database: Database, retention: Retention = HUNDRED) -> tuple[Plan, int]:
    """Plan and do the retention; returns the plan and the rows deleted."""
    with upkeep_session(database) as session:
        plan = planned_jobs(session, database, retention, now=NOW, tasks=["retention"])
        rows = [run_job(session, job).count_rows or 0 for job in plan.jobs]
    return plan, sum(rows)


def fill(book: Book) -> None:
    """Sends and what came of them, around the day from which on events are kept."""
    for number, at in enumerate((BEFORE, AFTER)):
        for profile in ("P1", "P2", "P3"):
            book.event("received", at, profile, message="C1", event_id=f"R{number}{profile}")
        later = dt.datetime.fromisoformat(at) + dt.timedelta(hours=1)
        touch = book.event("opened", later, "P1", message="C1", event_id=f"touch{number}")
        book.event("opened", later, "P2", message="C1", event_id=f"opened{number}")
        book.event("clicked", later, "P2", message="C1", event_id=f"clicked{number}")
        book.order(
            at.replace("15", "20"), 50, "P1", message="C1", touch=touch, event_id=f"O{number}"
        )
        book.event("viewed", at, "P2", event_id=f"viewed{number}")
    # a send whose receipt goes, and an open of it that stays and does not name the send
    book.event("received", BEFORE, "P4", message="FM1", event_id="R4")
    book.event("opened", "2026-09-01 15:00+00", "P4", message="FM1", event_id="late")


def test_what_is_old_goes_by_class_and_the_facts_stay(book: Book) -> None:
    fill(book)
    book.refresh()
    before = facts(book)
    plan, rows = let_go(book.database)
    gone = {"R0P1", "R0P2", "R0P3", "opened0", "clicked0", "R4"}
    assert rows == len(gone)
    assert [(job.subject, job.count_rows) for job in plan.jobs] == [("A1 engagement", 6)]
    assert kept(book).isdisjoint(gone)
    # the order, what it is credited to, and what nobody named a class for
    assert kept(book) >= {"O0", "touch0", "viewed0", "R1P1", "opened1", "late"}
    assert facts(book) == before
    assert let_go(book.database)[0] == Plan()
    book.refresh()
    assert facts(book) == before
    rebuild_facts(book.account)
    assert facts(book) == before


def test_late_news_of_days_that_are_gone_changes_none_of_their_facts(book: Book) -> None:
    fill(book)
    book.refresh()
    let_go(book.database)
    before = facts(book)
    # an unsubscribe, of a metric that had no events; an open of a send whose receipt is gone
    book.event("unsubscribed", "2026-07-30 15:00+00", "P9", message="C1")
    book.refresh()
    assert facts(book) == before
    book.event("opened", "2026-09-02 15:00+00", "P4", message="FM1")
    book.refresh()
    after = facts(book)
    assert after["message_recipient"] == before["message_recipient"]
    assert after["message_performance"] == before["message_performance"]
    assert len(after["metric_daily"]) == len(before["metric_daily"]) + 1
    rebuild_facts(book.account)
    assert facts(book) == after


def test_an_order_that_is_credited_otherwise_moves_between_sends_that_are_gone(book: Book) -> None:
    book.event("received", BEFORE, "P1", message="C1")
    book.event("received", BEFORE, "P1", message="FM1")
    book.order("2026-08-01 20:00+00", 50, "P1", message="C1", event_id="moving")
    book.refresh()
    let_go(book.database)
    book.order("2026-08-01 20:00+00", 50, "P1", message="FM1", event_id="moving")
    book.refresh()
    found = book.execute(
        "select message_id, count_orders, revenue from mart.message_recipient order by 1"
    )
    assert found == [("CM1", 0, 0), ("FM1", 1, 50)]
    sums = book.execute("select message_id, conversions from mart.message_performance order by 1")
    assert sums == [("CM1", 0), ("FM1", 1)]


def test_a_chunk_that_holds_nothing_else_is_dropped_whole(book: Book) -> None:
    def chunks() -> list[tuple[Any, ...]]:
        if book.database.edition is Edition.POSTGRESQL:
            return []
        return book.execute("select chunk_name from timescaledb_information.chunks order by 1")

    fill(book)
    for number in range(20):
        book.event("opened", f"2026-02-{number + 1:02} 15:00+00", message="C1")
    book.refresh()
    book.execute(
        "insert into klaviyo.event_version"
        " (account_id, metric_id, occurred_at, event_id, seen_from, seen_until, payload)"
        " select account_id, metric_id, occurred_at, event_id, first_seen_at,"
        " changed_at, payload from klaviyo.event where occurred_at < '2026-08-01'"
    )
    before, known = facts(book), chunks()
    assert let_go(book.database)[1] == 26
    is_cut = book.database.edition is not Edition.POSTGRESQL
    assert (len(chunks()) < len(known)) is is_cut
    assert book.execute("select count(*) from klaviyo.event where occurred_at < '2026-07-01'") == [
        (0,)
    ]
    assert book.execute("select count(*) from klaviyo.event_version") == [(0,)]
    rebuild_facts(book.account)
    assert facts(book) == before


def test_days_that_wait_for_a_refresh_are_not_deleted(book: Book) -> None:
    fill(book)
    book.refresh()
    book.event("clicked", BEFORE, "P3", message="C1")
    plan, rows = let_go(book.database)
    assert rows == 0
    assert plan.jobs == ()
    (note,) = plan.notes
    assert "7 events before 2026-08-02 wait" in note
    assert "workbench refresh" in note
    book.refresh()
    assert let_go(book.database)[1] == 7


@pytest.mark.parametrize("how", ["mapped", "report", "custom metric"])
def test_what_counts_as_a_conversion_is_kept_whatever_its_role(book: Book, how: str) -> None:
    fill(book)
    book.refresh()
    book.execute(
        {
            "mapped": "insert into klaviyo.mapped_metric (account_id, mapping, metric_id, payload)"
            " values (%(account_id)s, 'added_to_cart', 'clicked', '{}')",
            "report": "insert into ops.report_window (account_id, report, first_on, last_on,"
            " conversion_metric_id, run_id) values"
            " (%(account_id)s, 'flow_reports', '2026-08-01', '2026-08-31', 'clicked', 'R')",
            "custom metric": "insert into klaviyo.custom_metric"
            " (account_id, custom_metric_id, name, metric_ids, payload)"
            " values (%(account_id)s, 'own', 'Own', '{clicked}', '{}')",
        }[how]
    )
    let_go(book.database)
    assert "clicked0" in kept(book)
    assert "opened0" not in kept(book)


@pytest.mark.parametrize(
    ("timezone", "days", "first"),
    [
        ("America/New_York", 247, "2026-03-08"),  # a day of 23 hours
        ("America/New_York", 246, "2026-03-09"),  # and the one after it
        ("Asia/Kolkata", 100, "2026-08-02"),
        ("Australia/Lord_Howe", 219, "2026-04-05"),  # of 24 hours and a half
        ("America/Santiago", 65 + 100, "2026-05-29"),
    ],
)
def test_what_is_kept_begins_with_a_day_of_the_account(
    new_embedded_book: Callable[..., Book], timezone: str, days: int, first: str
) -> None:
    book = new_embedded_book(timezone=timezone)
    ((starts_at,),) = book.execute(
        "select %(first)s::timestamp at time zone %(timezone)s", first=first, timezone=timezone
    )
    book.event("opened", starts_at - dt.timedelta(microseconds=1), event_id="old")
    book.event("opened", starts_at, event_id="first")
    book.refresh()
    before = facts(book)
    let_go(book.database, Retention({"engagement": days}, {}))
    assert kept(book) == {"first"}
    book.event("opened", starts_at + dt.timedelta(minutes=1), event_id="beside")
    book.refresh()
    after = facts(book)["metric_daily"]
    (old,) = (row for row in before["metric_daily"] if row["day"] != first)
    assert old in after
    assert [row["count_events"] for row in after if row["day"] == first] == [2]
    hours = facts(book)["metric_hourly_rollup"]
    rebuild_facts(book.account)
    assert facts(book)["metric_hourly_rollup"] == hours


METRICS = ["received", "opened", "clicked", "unsubscribed", "order", "old_order", "viewed"]
EVENTS = st.lists(
    st.tuples(st.sampled_from(METRICS), st.integers(min_value=0, max_value=200), st.booleans()),
    min_size=1,
    max_size=15,
)
SETTINGS = st.dictionaries(
    st.sampled_from(["engagement", "browsing"]), st.integers(min_value=100, max_value=220)
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS, SETTINGS)
def test_orders_and_conversions_never_go(
    new_embedded_book: Callable[..., Book],
    events: list[tuple[str, int, bool]],
    days: dict[str, int],
) -> None:
    book = new_embedded_book()
    as_of = dt.datetime(2026, 11, 10, 5, tzinfo=dt.UTC)
    old, never = set(), set()
    for number, (metric, age, is_credited) in enumerate(events):
        credit = [{"flow_id": "F1", "flow_message_id": "FM1"}] if is_credited else None
        # at midnight of the account, which summer time moves
        at = as_of - dt.timedelta(days=age) + dt.timedelta(hours=2)
        event_id = book.event(
            metric, at, message="FM1", attributions=credit, event_id=f"{book.account_id}{number}"
        )
        is_message = metric in METRICS[:4]
        if is_message and not credit and age > days.get("engagement", 999):
            old.add(event_id)
        if not is_message or credit:
            never.add(event_id)
    book.refresh()
    before = facts(book)
    let_go(book.database, Retention(days, {}))
    assert kept(book) >= never
    assert kept(book).isdisjoint(old)
    book.refresh()
    rebuild_facts(book.account)
    assert facts(book) == before
