"""The refresh: only what was touched, and in the end the same as all of it at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.db import Database, statement
from workbench.load import load_measures, load_refreshes
from workbench.periods import DateRange
from workbench.refresh import RefreshSummary

from .conftest import Book, days

FACTS = (
    "mart.dim_date",
    "mart.metric_daily",
    "mart.metric_role",
    "mart.orders",
    "mart.fact_revenue",
    "mart.message_recipient",
    "mart.message_performance",
)
WEEK = days("2026-10-26", "2026-11-01")


def facts(book: Book) -> dict[str, list[Any]]:
    return {table: book.rows(table) for table in FACTS}


def written(summary: RefreshSummary) -> tuple[int, int, int, int]:
    """Rows of metric_daily, orders, message_recipient and message_performance."""
    return summary.metric_days, summary.orders, summary.recipients, summary.message_days


def fill(book: Book) -> None:
    """A campaign to three people on Tuesday, an order of one of them on Wednesday."""
    for profile in ("P1", "P2", "P3"):
        book.event("received", "2026-10-27 15:00+00", profile, message="C1")
    touch = book.event("opened", "2026-10-27 16:00+00", "P1", message="C1")
    book.order("2026-10-28 15:00+00", 50, "P1", message="C1", touch=touch)
    book.order("2026-10-28 16:00+00", 20, "P2")
    book.event("viewed", "2026-10-28 16:00+00", "P2")


def test_a_second_refresh_writes_nothing(book: Book) -> None:
    fill(book)
    # received, opened, viewed, orders; two orders; three recipients; one day of the campaign
    assert written(book.refresh()) == (4, 2, 3, 1)
    before = facts(book)
    again = book.refresh()
    assert again.total == 0
    assert set(again.rows.values()) == {0}
    assert facts(book) == before
    assert book.execute("select * from ops.touched") == []
    assert load_refreshes(book.account).count_orders.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("metric", "at", "message", "rows"),
    [
        ("viewed", "2026-10-30 15:00+00", None, (1, 0, 0, 0)),
        ("viewed", "2026-10-28 15:00+00", None, (1, 0, 0, 0)),
        ("order", "2026-10-30 15:00+00", None, (1, 1, 0, 0)),
        # a day's orders are written together, with the sends that they are credited to
        ("order", "2026-10-28 15:00+00", None, (1, 3, 1, 1)),
        # an open weeks later belongs to the day of its send
        ("opened", "2026-11-08 15:00+00", "C1", (1, 0, 1, 1)),
    ],
)
def test_a_new_event_writes_its_day_only(
    book: Book, metric: str, at: str, message: str | None, rows: tuple[int, ...]
) -> None:
    fill(book)
    book.refresh()
    value, currency = (5, "USD") if metric == "order" else (None, None)
    book.event(metric, at, "P2", message=message, value=value, currency=currency)
    assert written(book.refresh()) == rows


def test_a_changed_event_counts_with_its_new_value(book: Book) -> None:
    fill(book)
    order = book.order("2026-10-29 15:00+00", "10.10", event_id="changing")
    book.refresh()
    book.order("2026-10-29 15:00+00", "30.30", message="C1", event_id=order)
    book.refresh()
    found = load_measures(book.account, WEEK)
    assert (found["revenue"], found["orders"]) == (100.30, 3)
    assert (found["attributed_revenue"], found["message_revenue"]) == (80.30, 80.30)


def test_a_credit_that_moves_is_taken_from_its_old_message(book: Book) -> None:
    fill(book)
    book.event("received", "2026-10-27 15:00+00", "P1", message="FM1")
    book.order("2026-10-29 15:00+00", 10, message="C1", event_id="moving")
    book.refresh()
    book.order("2026-10-29 15:00+00", 10, message="FM1", event_id="moving")
    book.refresh()
    (sums,) = book.execute(
        "select sum(revenue) filter (where message_id = 'CM1'),"
        " sum(revenue) filter (where message_id = 'FM1') from mart.message_recipient"
    )
    assert sums == (50, 10)


def test_revenue_that_is_mapped_to_another_metric_rewrites_the_orders(book: Book) -> None:
    fill(book)
    book.order("2026-10-29 15:00+00", 1000, metric="old_order")
    book.refresh()
    assert load_measures(book.account, WEEK)["revenue"] == 70

    book.map_revenue("old_order")
    book.refresh()
    found = load_measures(book.account, WEEK)
    assert (found["revenue"], found["orders"], found["message_revenue"]) == (1000, 1, 0)
    assert {row["metric_id"] for row in book.rows("mart.orders")} == {"old_order"}

    book.map_revenue(None)
    book.refresh()
    assert book.rows("mart.orders") == book.rows("mart.fact_revenue") == []

    book.map_revenue("order")
    book.refresh()
    found = load_measures(book.account, WEEK)
    assert (found["revenue"], found["message_revenue"]) == (70, 50)


def test_a_metric_keeps_its_role_when_it_is_renamed(book: Book) -> None:
    fill(book)
    book.refresh()
    book.execute(
        "update klaviyo.metric set name = 'E-Mail erhalten'"
        " where account_id = %(account_id)s and metric_id = 'received'"
    )
    book.event("received", "2026-10-27 15:30+00", "P4", message="C1")
    book.refresh()
    assert load_measures(book.account, WEEK)["delivered"] == 4


def test_another_integration_s_metric_of_that_name_has_no_role(book: Book) -> None:
    book.execute(
        "insert into klaviyo.metric (account_id, metric_id, name, integration_name, payload)"
        " values (%(account_id)s, 'copy', 'Received Email', 'Somebody', '{}')"
    )
    book.event("copy", "2026-10-27 15:00+00", message="C1")
    book.refresh()
    assert load_measures(book.account, WEEK)["delivered"] == 0
    assert "copy" not in {row["metric_id"] for row in book.rows("mart.metric_role")}


@pytest.mark.parametrize(
    ("timezone", "day", "hours"),
    [
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("America/Santiago", "2026-09-06", 23),  # its midnight does not exist
        ("Asia/Kolkata", "2026-11-01", 24),
    ],
)
def test_the_calendar_has_the_account_s_days(
    new_book: Callable[..., Book], timezone: str, day: str, hours: float
) -> None:
    book = new_book(timezone=timezone)
    period = days(day)
    first, last = period.instants(timezone)
    book.event("viewed", first)
    book.event("viewed", last - dt.timedelta(seconds=1))
    book.refresh()
    ((starts_at, ends_at, week, iso_week, weekday),) = book.execute(
        "select starts_at, ends_at, week_start, iso_week, weekday from mart.dim_date"
        " where day = %(day)s",
        day=period.first,
    )
    assert (starts_at, ends_at) == (first, last)
    assert ends_at - starts_at == dt.timedelta(hours=hours)
    year, number, iso_day = period.first.isocalendar()
    assert (iso_week, weekday) == (f"{year}-W{number:02}", iso_day)
    assert week == period.first - dt.timedelta(days=iso_day - 1)
    (row,) = book.rows("mart.metric_daily")
    assert (row["day"], row["count_events"]) == (day, 2)


def test_the_calendar_reaches_a_year_ahead_without_a_gap(book: Book) -> None:
    book.event("viewed", "2026-10-27 15:00+00")
    book.refresh()
    book.event("viewed", "2026-10-20 15:00+00")
    book.refresh()
    found = [day for (day,) in book.execute("select day from mart.dim_date order by day")]
    assert found == list(DateRange(dt.date(2026, 10, 20), dt.date(2027, 10, 28)))


def test_an_event_of_another_age_adds_its_own_day_only(book: Book) -> None:
    for first in ("1700-03-01", "3999-03-01", "2026-10-27"):
        book.event("viewed", f"{first} 15:00+00")
    book.refresh()
    book.event("viewed", "2026-10-20 15:00+00")
    book.event("viewed", "2999-12-31 15:00+00")
    book.refresh()
    found = {str(day) for (day,) in book.execute("select day::text from mart.dim_date")}
    counted = {row["day"] for row in book.rows("mart.metric_daily")}
    aged = {"1700-03-01", "2999-12-31", "3999-03-01"}
    assert counted == {*aged, "2026-10-20", "2026-10-27"}
    # 30 years before the sync of 2026-11-10, and two years after it
    assert found - aged == {str(day) for day in days("1996-11-10", "2028-11-10")}
    with book.database.connection() as connection:
        assert connection.execute(statement("checks/days_missing")).fetchall() == []


def test_uniques_of_a_day_and_money_of_two_currencies(book: Book) -> None:
    for profile, value, currency in (
        ("P1", "0.10", "USD"), ("P1", "0.20", "USD"), ("P2", "5", "EUR"), (None, None, None),
    ):  # fmt: skip
        book.event("order", "2026-10-27 15:00+00", profile, value=value, currency=currency)
    book.refresh()
    found = book.execute(
        "select currency, count_events, sum_value, unique_profiles from mart.metric_daily"
        " order by currency"
    )
    assert found == [("", 1, None, 0), ("EUR", 1, 5, 1), ("USD", 2, Decimal("0.30"), 1)]


HOURS = st.integers(min_value=0, max_value=5 * 24)  # across the end of summer time
PROFILES = st.sampled_from(["P1", "P2"])
MESSAGES = st.sampled_from(["C1", "FM1", "unknown"])
SEND_HOURS = st.none() | st.integers(min_value=0, max_value=2).map(lambda n: n * 30)


def instant(hour: int) -> dt.datetime:
    return dt.datetime(2026, 10, 30, 4, tzinfo=dt.UTC) + dt.timedelta(hours=hour)


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """An event of a message, in any order of arrival: answers may come before their receipt."""
    metric = draw(st.sampled_from(["received", "opened", "clicked", "bounced", "viewed"]))
    hour, send = draw(HOURS), draw(SEND_HOURS)
    has_message = metric != "viewed"
    return {
        "metric": metric,
        "at": instant(hour),
        "profile": draw(PROFILES),
        "message": draw(MESSAGES) if has_message else None,
        "sent_at": instant(send) if has_message and send is not None else None,
        "machine": draw(st.booleans()) if metric == "opened" else None,
    }


@st.composite
def orders(draw: st.DrawFn) -> dict[str, Any]:
    """An order; one of few ids, so that it may come again with another value and credit."""
    number = draw(st.integers(min_value=0, max_value=3))
    return {
        "event_id": f"O{number}",
        "at": instant(7 + number * 29),
        "profile": ("P1", "P2")[number % 2],
        "value": draw(st.decimals(min_value=0, max_value=99, places=2)),
        "currency": draw(st.sampled_from(["USD", "EUR", None])),
        "message": draw(st.sampled_from(["", "C1", "FM1"])),
    }


MAPPINGS = st.sampled_from(["order", "old_order", None]).map(lambda metric: {"map": metric})
STEPS = st.lists(events() | orders() | MAPPINGS | st.just({}), min_size=1, max_size=25)


def take(book: Book, step: dict[str, Any]) -> None:
    if "map" in step:
        book.map_revenue(step["map"])
    elif "metric" in step:
        book.event(**step)
    else:
        book.order(**step)


def refresh_as_of_a_whole_history(book: Book) -> None:
    """As where 50,000 recipients are stale: their events are joined and not walked to."""

    def joined(path: str) -> str:
        told = statement(path)
        if path.endswith("insert_message_recipient"):
            assert told.count("> 50000") == 1
        return told.replace("> 50000", "> -1")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("workbench.refresh.statement", joined)
        book.refresh()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_many_small_refreshes_equal_one(
    new_embedded_book: Callable[..., Book], steps: list[dict[str, Any]]
) -> None:
    by_and_by, at_once = new_embedded_book(), new_embedded_book()
    for step in steps:
        if step:
            take(by_and_by, step)
            take(at_once, step)
        else:
            by_and_by.refresh()
    by_and_by.refresh()
    refresh_as_of_a_whole_history(at_once)
    assert facts(by_and_by) == facts(at_once)


def test_a_campaign_that_becomes_known_later_takes_its_sends_along(
    new_embedded_book: Callable[..., Book],
) -> None:
    """Events may name a campaign before the sync has seen it."""

    def learn(book: Book) -> None:
        book.execute(
            "insert into klaviyo.campaign"
            " (account_id, campaign_id, name, channel, status, is_archived, payload)"
            " values (%(account_id)s, 'CX', 'X', 'email', 'Sent', false, '{}')"
        )
        book.execute(
            "insert into klaviyo.campaign_message"
            " (account_id, message_id, campaign_id, channel, payload)"
            " values (%(account_id)s, 'CMX', 'CX', 'email', '{}')"
        )
        book.event("opened", "2026-10-21 15:00+00", "P1", message="CX")

    late, known = new_embedded_book(), new_embedded_book()
    for book in (late, known):
        book.event("received", "2026-10-20 15:00+00", "P1", message="CX")
        book.event(
            "order", "2026-10-20 18:00+00", "P1", value=5, attributions=[{"campaign_id": "CX"}]
        )
    late.refresh()
    assert {row["message_id"] for row in late.rows("mart.message_recipient")} == {"CX"}
    for book in (late, known):
        learn(book)
        book.refresh()
    assert {row["message_id"] for row in late.rows("mart.message_recipient")} == {"CMX"}
    assert facts(late) == facts(known)


def test_orders_take_the_channel_of_a_message_that_is_read_or_mended_after_them(book: Book) -> None:
    def channels() -> list[tuple[str | None, str]]:
        return book.execute(
            "select o.channel, f.channel from mart.orders as o inner join mart.fact_revenue as f"
            " using (account_id, day) where account_id = %(account_id)s"
        )

    credit = {"campaign_id": "CX", "campaign_message_id": "CMX"}
    book.event("order", "2026-10-20 18:00+00", value=5, attributions=[credit])
    book.refresh()
    assert channels() == [(None, "")]
    book.execute(
        "insert into klaviyo.campaign"
        " (account_id, campaign_id, name, channel, status, is_archived, payload)"
        " values (%(account_id)s, 'CX', 'X', 'sms', 'Sent', false, '{}')"
    )
    for channel in ("odd", "sms"):
        book.execute(
            "insert into klaviyo.campaign_message"
            " (account_id, message_id, campaign_id, channel, payload)"
            " values (%(account_id)s, 'CMX', 'CX', %(channel)s, '{}')"
            " on conflict (account_id, message_id) do update set channel = excluded.channel",
            channel=channel,
        )
        book.refresh()
        assert channels() == [(channel, channel)]
    assert book.refresh().total == 0


def test_a_credit_that_names_only_the_campaign_reaches_its_message(
    new_embedded_book: Callable[..., Book],
) -> None:
    book = new_embedded_book()
    book.event("received", "2026-10-27 15:00+00", message="C1")
    book.event(
        "order",
        "2026-10-28 15:00+00",
        value=5,
        currency="USD",
        attributions=[{"campaign_id": "C1"}],
    )
    book.refresh()
    assert load_measures(book.account, WEEK)["message_revenue"] == 5


@pytest.mark.parametrize(
    ("timezone", "day"),
    [
        ("Atlantic/Azores", "2026-10-25"),  # midnight comes twice
        ("Africa/Cairo", "2026-04-24"),  # midnight never comes
        ("Europe/Dublin", "2026-10-25"),
        ("Antarctica/Troll", "2026-10-25"),  # two hours at once
    ],
)
def test_a_day_begins_at_the_first_of_its_instants(
    new_embedded_book: Callable[..., Book], timezone: str, day: str
) -> None:
    book = new_embedded_book(timezone=timezone)
    starts_at, ends_at = days(day).instants(timezone)
    for instant in (starts_at, ends_at - dt.timedelta(seconds=1)):
        book.event("viewed", instant)
    book.refresh()
    found = book.execute("select starts_at, ends_at from mart.dim_date where day = %(d)s", d=day)
    assert found == [(starts_at, ends_at)]
    (row,) = book.rows("mart.metric_daily")
    assert row["count_events"] == 2


def test_the_planner_knows_the_sends_and_orders_of_a_first_load(synced_database: Database) -> None:
    query = """
        select distinct tablename from pg_catalog.pg_stats
        where schemaname = 'mart' and tablename in ('message_recipient', 'orders') order by 1
    """
    with synced_database.connection() as connection:
        assert connection.execute(query).fetchall() == [("message_recipient",), ("orders",)]
