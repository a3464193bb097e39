"""Orders: reported more than once, refunded, cancelled, credited late."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from workbench.db import Database, staging_table, statement
from workbench.load import load_account, load_measures, use_database

from .conftest import CREDITS, Book, days

WEEK = days("2026-10-26", "2026-11-01")
TABLES = (
    "mart.known_message",
    "mart.order_event",
    "mart.orders",
    "mart.fact_revenue",
    "mart.message_recipient",
    "mart.message_performance",
    "mart.buyer",
    "mart.buyer_currency",
    "mart.fact_conversions",
)
# metric -> its name and integration, beside those that every book has
MORE_METRICS = {
    "refund": ("Refunded Order", "Shopify"),
    "cancel": ("Cancelled Order", "Shopify"),
    "fulfil": ("Fulfilled Order", "Shopify"),
    "api_refund": ("Refunded Order", "API"),
}


def facts(book: Book) -> dict[str, list[Any]]:
    return {table: book.rows(table) for table in TABLES}


def add_metrics(book: Book) -> None:
    for metric_id, (name, integration) in MORE_METRICS.items():
        book.execute(
            "insert into klaviyo.metric (account_id, metric_id, name, integration_name, payload)"
            " values (%(account_id)s, %(metric_id)s, %(name)s, %(integration)s, '{}')",
            metric_id=metric_id,
            name=name,
            integration=integration,
        )


def report(
    book: Book,
    metric: str,
    at: str | dt.datetime,
    number: str,
    value: float | str | None = 10,
    profile: str | None = "P1",
    **more: Any,
) -> str:
    """An event about the order of that number."""
    currency = more.pop("currency", None if value is None else "USD")
    event_id = book.event(metric, at, profile, value=value, currency=currency, **more)
    book.execute(
        "update klaviyo.event set payload = %(payload)s"
        " where account_id = %(account_id)s and event_id = %(event_id)s",
        payload=Jsonb({"event_properties": {"OrderId": number} if number else {}}),
        event_id=event_id,
    )
    return event_id


@pytest.fixture
def shop(book: Book) -> Book:
    add_metrics(book)
    return book


@pytest.fixture
def new_shop(new_embedded_book: Callable[..., Book]) -> Callable[..., Book]:
    def make(**options: Any) -> Book:
        book = new_embedded_book(**options)
        add_metrics(book)
        return book

    return make


def column(book: Book, name: str) -> dict[str, Any]:
    found = book.execute(
        f"select order_id, {name} from mart.orders where account_id = %(account_id)s"
    )
    return dict(found)


def test_an_order_sent_again_counts_as_klaviyo_counts_and_says_so(shop: Book) -> None:
    first = report(shop, "order", "2026-10-27 15:00+00", "W1", 50)
    # Klaviyo drops a second one of the same profile only when its $event_id is the same
    again = report(shop, "order", "2026-10-29 15:00+00", "W1", 50)
    other = report(shop, "order", "2026-10-29 16:00+00", "W2", 20)
    unnumbered = report(shop, "order", "2026-10-29 17:00+00", "", 5)
    shop.refresh()
    measures = load_measures(shop.account, WEEK)
    assert (measures["orders"], measures["revenue"]) == (4, 125)
    assert column(shop, "duplicate_of") == {
        first: None, again: first, other: None, unnumbered: None,
    }  # fmt: skip
    assert column(shop, "count_reports") == {first: 2, again: 2, other: 1, unnumbered: 1}
    assert sum(column(shop, "net_revenue").values()) == 75


def test_an_order_that_two_integrations_report_is_one_when_it_is_of_one_profile(shop: Book) -> None:
    alone = report(shop, "order", "2026-10-27 15:00+00", "1001", 50, "P1")
    report(shop, "old_order", "2026-10-20 15:00+00", "1001", 9, "P2")  # the other shop's 1001
    both = report(shop, "order", "2026-10-28 15:00+00", "1002", 30, "P1")
    report(shop, "old_order", "2026-10-28 15:01+00", "1002", 30, "P1")
    shop.refresh()
    assert column(shop, "count_reports") == {alone: 1, both: 2}
    assert column(shop, "duplicate_of") == {alone: None, both: None}
    assert len(shop.rows("mart.order_event")) == 4
    shop.map_revenue("old_order")
    shop.refresh()
    assert sorted(column(shop, "count_reports").values()) == [1, 2]


@pytest.mark.parametrize("microsecond", [0, 700_000])
def test_the_second_of_an_event_is_no_order_number(shop: Book, microsecond: int) -> None:
    at = dt.datetime(2026, 10, 27, 15, microsecond=microsecond, tzinfo=dt.UTC)
    for profile in ("P1", "P2"):
        event_id = report(shop, "order", at, "", 10, profile)
        shop.execute(
            "update klaviyo.event set payload = %(payload)s where event_id = %(event_id)s",
            payload=Jsonb({"event_properties": {"$event_id": f"{math.floor(at.timestamp())}"}}),
            event_id=event_id,
        )
    shop.refresh()
    assert set(column(shop, "order_number").values()) == {None}
    assert set(column(shop, "duplicate_of").values()) == {None}


@pytest.mark.parametrize(
    ("events", "refunded", "net"),
    [
        ([("refund", 20, "USD")], 20, 30),
        ([("refund", 20, "USD"), ("refund", 5, "USD")], 25, 25),
        ([("cancel", 50, "USD")], None, 0),
        ([("cancel", 50, "USD"), ("refund", 50, "USD")], 50, 0),
        ([("fulfil", 50, "USD")], None, 50),
        # both integrations report the same refund
        ([("refund", 20, "USD"), ("api_refund", 20, "USD")], 20, 30),
        ([("api_refund", 20, "USD")], 20, 30),
        # what it comes to cannot be told
        ([("refund", 20, "EUR")], None, None),
        ([("refund", None, None)], None, None),
    ],
)
def test_what_became_of_an_order_is_found_by_its_number(
    new_shop: Callable[..., Book],
    events: list[tuple[str, int | None, str | None]],
    refunded: int | None,
    net: int | None,
) -> None:
    shop = new_shop()
    order = report(shop, "order", "2026-10-27 15:00+00", "W1", 50)
    shop.refresh()
    for number, (metric, value, currency) in enumerate(events):
        at = dt.datetime(2026, 11, 5 + number, 15, tzinfo=dt.UTC)
        report(shop, metric, at, "W1", value, currency=currency)
    shop.refresh()
    assert column(shop, "refunded_value") == {order: refunded}
    assert column(shop, "net_revenue") == {order: net}
    happened = {metric for metric, _, _ in events}
    assert (column(shop, "cancelled_at")[order] is not None) == ("cancel" in happened)
    assert (column(shop, "fulfilled_at")[order] is not None) == ("fulfil" in happened)
    measures = load_measures(shop.account, WEEK)
    assert (measures["orders"], measures["revenue"]) == (1, 50)


def test_a_refund_without_its_order_is_kept_until_the_order_comes(shop: Book) -> None:
    refund = report(shop, "refund", "2026-11-05 15:00+00", "W1", 20)
    unnumbered = report(shop, "refund", "2026-11-05 15:00+00", "", 7)
    shop.refresh()

    def refunds() -> dict[str, str | None]:
        return {row["event_id"]: row["order_id"] for row in shop.rows("mart.order_refund")}

    assert refunds() == {refund: None, unnumbered: None}
    order = report(shop, "order", "2026-10-27 15:00+00", "W1", 50)
    shop.refresh()
    assert refunds() == {refund: order, unnumbered: None}
    assert column(shop, "net_revenue") == {order: 30}


NUMBERS = st.sampled_from(["W1", "W2", ""])
PROFILES = st.sampled_from(["P1", "P2"])
CURRENCIES = st.sampled_from(["USD", "USD", "EUR"])
EVENTS = st.fixed_dictionaries(
    {
        "metric": st.sampled_from(["order", "order", "old_order", *MORE_METRICS]),
        "hour": st.integers(min_value=0, max_value=40),
        "number": NUMBERS,
        "value": st.none() | st.integers(min_value=1, max_value=99),
        "profile": PROFILES,
        "currency": CURRENCIES,
    }
)


def instant(hour: int) -> dt.datetime:
    return dt.datetime(2026, 10, 30, 4, tzinfo=dt.UTC) + dt.timedelta(hours=hour * 7)


def settled(events: list[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """The plain way: for each order, everything that was said of it, one after the other."""
    names = {"order": "Shopify", "old_order": "WooCommerce"}
    names |= {metric: integration for metric, (_, integration) in MORE_METRICS.items()}
    found = {}
    for order in events:
        if order["metric"] != "order":
            continue
        about = [order]
        if order["number"]:
            about = [
                other
                for other in events
                if other["number"] == order["number"]
                and (names[other["metric"]] == "Shopify" or other["profile"] == order["profile"])
            ]
        earlier = [
            (other["hour"], other["event_id"])
            for other in about
            if other["metric"] == "order"
            and (other["hour"], other["event_id"]) < (order["hour"], order["event_id"])
        ]
        refunds = [other for other in about if other["metric"] == "refund"]
        refunds = refunds or [other for other in about if other["metric"] == "api_refund"]
        is_known = all(
            each["value"] is not None and each["currency"] == order["currency"] for each in refunds
        )
        refunded = sum(each["value"] for each in refunds) if refunds and is_known else None
        duplicate_of = min(earlier)[1] if earlier else None
        if duplicate_of or any(other["metric"] == "cancel" for other in about):
            net = 0
        elif not refunds or order["value"] is None:
            net = order["value"]
        else:
            net = None if refunded is None else order["value"] - refunded
        found[order["event_id"]] = (
            duplicate_of,
            sum(other["metric"] in ("order", "old_order") for other in about),
            None if duplicate_of else refunded,
            net,
        )
    return found


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EVENTS, min_size=1, max_size=12), st.integers(min_value=0, max_value=12))
def test_orders_are_settled_as_one_by_one(
    new_shop: Callable[..., Book], events: list[dict[str, Any]], first: int
) -> None:
    by_and_by, at_once = new_shop(), new_shop()
    # one event an instant, so that what came first is plain
    events = [
        {**event, "hour": event["hour"] * 20 + place, "event_id": f"O{place:02}"}
        for place, event in enumerate(events)
    ]
    for place, event in enumerate(events):
        for book in (by_and_by, at_once):
            report(
                book,
                event["metric"],
                instant(0) + dt.timedelta(minutes=21 * event["hour"]),
                event["number"],
                event["value"],
                event["profile"],
                currency=None if event["value"] is None else event["currency"],
                event_id=event["event_id"],
            )
        if place == first:
            by_and_by.refresh()
    by_and_by.refresh()
    at_once.refresh()
    for event in events:
        if event["value"] is None:
            event["currency"] = "USD"  # the account's
    columns = "duplicate_of, count_reports, refunded_value, net_revenue"
    found = {
        order: tuple(values)
        for order, *values in at_once.execute(
            f"select order_id, {columns} from mart.orders where account_id = %(account_id)s"
        )
    }
    assert found == settled(events)
    assert facts(by_and_by) == facts(at_once)


def two_sends(book: Book) -> None:
    """A flow's message that reached P1 twice; the order is credited to an open of the first."""
    for day in ("2026-10-26", "2026-10-28"):
        book.event("received", f"{day} 15:00+00", message="FM1", sent_at=f"{day} 15:00+00")
    book.order("2026-10-29 15:00+00", 50, message="FM1", touch="T1")


def the_touch(book: Book) -> None:
    book.event(
        "opened", "2026-10-27 09:00+00", message="FM1", sent_at="2026-10-26 15:00+00", event_id="T1"
    )


def test_the_open_that_earned_an_order_may_come_after_it(new_book: Callable[..., Book]) -> None:
    late, known = new_book(), new_book()
    for book in (late, known):
        two_sends(book)
    late.refresh()
    assert {row["sent_on"]: row["count_orders"] for row in late.rows("mart.message_recipient")} == {
        "2026-10-26": 0,
        "2026-10-28": 1,
    }
    for book in (late, known):
        the_touch(book)
        book.refresh()
    assert {row["sent_on"]: row["count_orders"] for row in late.rows("mart.message_recipient")} == {
        "2026-10-26": 1,
        "2026-10-28": 0,
    }
    assert facts(late) == facts(known)


def test_an_event_that_is_stored_twice_stops_no_refresh(book: Book) -> None:
    # Klaviyo moved them to another time, and no sync has seen yet that they left the old one
    for hour in ("10", "11"):
        book.event("opened", f"2026-10-27 {hour}:00+00", message="FM1", event_id="OPEN")
        book.order(f"2026-10-28 {hour}:00+00", 50, message="FM1", touch="OPEN", event_id="ORDER")
    book.refresh()
    (order,) = book.rows("mart.orders")
    assert order["placed_at"] == "2026-10-28T11:00:00+00:00"
    assert order["touched_at"] == "2026-10-27T11:00:00+00:00"


def test_an_order_follows_the_touch_that_earned_it_when_that_goes(
    new_book: Callable[..., Book],
) -> None:
    book, without = new_book(), new_book()
    for each in (book, without):
        two_sends(each)
    the_touch(book)
    book.refresh()
    book.execute(
        statement("writes/sync/move_gone_events"),
        metric_id="opened",
        event_ids=["T1"],
        since="2026-10-27 00:00+00",
        until="2026-10-28 00:00+00",
        timezone=book.timezone,
    )
    book.refresh()
    without.refresh()
    assert facts(book) == facts(without)


def merge(book: Book, event_id: str, **changes: Any) -> None:
    """Bring an event again as Klaviyo has it now, by what the sync merges events with."""
    with book.database.connection() as connection, connection.cursor() as cursor:
        staged = staging_table(cursor, "klaviyo.event")
        cursor.execute(
            f"insert into {staged} select * from klaviyo.event where account_id = %s"
            " and event_id = %s",
            [book.account_id, event_id],
        )
        for name, value in {**changes, "payload": Jsonb({"changed": str(changes)})}.items():
            cursor.execute(f"update {staged} set {name} = %s", [value])
        cursor.execute(
            statement("writes/merge_event"),
            {
                "account_id": book.account_id,
                "first": "2026-10-01 00:00+00",
                "last": "2026-11-30 00:00+00",
                "timezone": book.timezone,
            },
        )


@pytest.mark.parametrize("way", ["read again", "moved", "deleted", "renamed"])
def test_an_event_that_leaves_a_profile_takes_its_send_along(
    new_book: Callable[..., Book], way: str
) -> None:
    """Nothing says that the profile is gone: its row may not have been read, or not be served."""
    book = new_book()
    first = book.event("received", "2026-10-27 15:00+00", "P1", message="C1")
    book.event("received", "2026-10-27 15:00+00", "P3", message="C1")
    book.refresh()
    if way == "read again":
        merge(book, first, profile_id="P2")
    elif way == "renamed":
        merge(book, first, message_ref="FM1")
    elif way == "moved":
        book.execute(
            statement("writes/sync/move_events"),
            profile_id="P1",
            owner_id="P2",
            timezone=book.timezone,
        )
    else:
        book.execute(
            statement("writes/sync/move_gone_events"),
            metric_id="received",
            event_ids=[first],
            since="2026-10-27 00:00+00",
            until="2026-10-28 00:00+00",
            timezone=book.timezone,
        )
    book.refresh()
    expected = {
        "read again": {("CM1", "P2"), ("CM1", "P3")},
        "moved": {("CM1", "P2"), ("CM1", "P3")},
        "renamed": {("FM1", "P1"), ("CM1", "P3")},
        "deleted": {("CM1", "P3")},
    }[way]
    rows = book.rows("mart.message_recipient")
    assert {(row["message_id"], row["profile_id"]) for row in rows} == expected
    delivered = {
        row["message_id"]: row["delivered"] for row in book.rows("mart.message_performance")
    }
    assert sum(delivered.values()) == len(expected)


def test_a_campaign_s_message_that_changes_takes_sends_orders_and_conversions_along(
    new_book: Callable[..., Book],
) -> None:
    """The message that a campaign's events are taken for is its first by id."""

    def add(book: Book) -> None:
        book.execute(
            "insert into klaviyo.campaign_message"
            " (account_id, message_id, campaign_id, channel, payload)"
            " values (%(account_id)s, 'CM0', 'C1', 'email', '{}')"
        )

    late, known = new_book(), new_book()
    add(known)
    for book in (late, known):
        book.event("received", "2026-10-27 15:00+00", message="C1")
        book.order("2026-10-28 15:00+00", 50, message="C1")
        book.event(
            "order", "2026-10-28 16:00+00", value=5, currency="USD",
            attributions=[{"campaign_id": "C1"}],
        )  # fmt: skip
        book.refresh()
    assert {row["message_id"] for row in late.rows("mart.message_recipient")} == {"CM1"}
    add(late)
    late.refresh()
    assert facts(late) == facts(known)
    assert {row["message_id"] for row in late.rows("mart.message_recipient")} == {"CM0"}


def test_the_sandbox_s_orders_net_of_what_came_back(synced_database_everywhere: Database) -> None:
    """Beside each order of the API, its refund and cancellation, joined here by plain Python."""
    use_database(synced_database_everywhere)
    account = load_account()
    with synced_database_everywhere.connection() as connection:
        events = connection.execute(
            "select m.name, e.event_id, e.payload -> 'event_properties' ->> 'OrderId', e.value"
            " from klaviyo.event as e inner join klaviyo.metric as m using (account_id, metric_id)"
            " where m.integration_name = 'Shopify' and m.name like '%% Order' and m.name <> ''"
        ).fetchall()
        orders = connection.execute(
            "select order_id, duplicate_of, net_revenue, refunded_value, cancelled_at is not null"
            " from mart.orders where account_id = %s",
            [account.account_id],
        ).fetchall()
    refunded: dict[str, Decimal] = {}
    cancelled, placed = set(), {}
    for name, event_id, number, value in events:
        if name == "Placed Order":
            placed[event_id] = (number, value)
        elif name == "Refunded Order":
            refunded[number] = refunded.get(number, Decimal(0)) + value
        elif name == "Cancelled Order":
            cancelled.add(number)
    assert refunded
    assert cancelled
    assert {
        order_id: (
            None,
            Decimal(0) if number in cancelled else value - refunded.get(number, 0),
            refunded.get(number),
            number in cancelled,
        )
        for order_id, (number, value) in placed.items()
    } == {order_id: tuple(rest) for order_id, *rest in orders}


def test_every_credit_names_a_known_message(book: Book) -> None:
    book.refresh()
    known = {row["message_ref"]: row["message_id"] for row in book.rows("mart.known_message")}
    named = {ref: list(credit.values())[-1] for ref, credit in CREDITS.items()}
    assert {ref: known[ref] for ref in named} == named
