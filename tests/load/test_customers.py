"""Customers and conversions, beside plain loops over the same events."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from psycopg.types.json import Jsonb

from workbench.db import Database
from workbench.load import load_account, use_database

from .conftest import Book

NONE = {"first_order_at": None, "last_order_at": None, "count_orders": 0, "revenue": 0}


def add_profile(book: Book, profile_id: str, country: str = "Germany") -> None:
    book.execute(
        "insert into klaviyo.profile (account_id, profile_id, country)"
        " values (%(account_id)s, %(profile_id)s, %(country)s)",
        profile_id=profile_id,
        country=country,
    )


def customers(book: Book) -> dict[str, dict[str, Any]]:
    return {row["profile_id"]: row for row in book.rows("mart.customer")}


def test_a_customer_has_its_orders_and_what_the_profile_says(book: Book) -> None:
    add_profile(book, "P1")
    add_profile(book, "P0")
    book.order("2026-10-20 12:00+00", 10, "P1", message="C1")
    book.order("2026-10-22 12:00+00", "0.50", "P1")
    book.order("2026-10-26 12:00+00", 7, "P1", currency="EUR")
    book.order("2026-10-21 12:00+00", 99, "P2")  # no sync has read this profile
    book.order("2026-10-21 12:00+00", 5, None)  # of a profile that was deleted
    book.refresh()
    found = customers(book)
    assert set(found) == {"P0", "P1", "P2"}
    one = found["P1"]
    assert (one["count_orders"], one["orders_other_currency"]) == (3, 1)
    assert (one["revenue"], one["currency"], one["days_between_orders"]) == (10.5, "USD", 3)
    assert (one["first_source"], one["first_channel"]) == ("campaign", "email")
    assert (one["country"], one["is_deleted"]) == ("Germany", False)
    assert {name: found["P0"][name] for name in NONE} == NONE
    assert (found["P2"]["revenue"], found["P2"]["days_between_orders"]) == (99, None)
    money = [
        (row["profile_id"], row["currency"], row["revenue"])
        for row in book.rows("mart.buyer_currency")
    ]
    assert sorted(money) == [("P1", "EUR", 7), ("P1", "USD", 10.5), ("P2", "USD", 99)]


def test_a_customer_s_country_is_that_of_the_last_sync(book: Book) -> None:
    add_profile(book, "P1")
    book.order("2026-10-20 12:00+00", 10, "P1")
    book.refresh()
    book.execute("update klaviyo.profile set country = 'France', deleted_at = now()")
    assert (customers(book)["P1"]["country"], customers(book)["P1"]["is_deleted"]) == (
        "France",
        True,
    )


def test_orders_of_a_merged_profile_become_those_of_the_one_that_stays(book: Book) -> None:
    for profile in ("P1", "P2"):
        add_profile(book, profile)
        book.order("2026-10-20 12:00+00", 10, profile)
    book.refresh()
    book.execute(
        "with moved as (update klaviyo.event set profile_id = 'P2' where profile_id = 'P1'"
        " and account_id = %(account_id)s returning metric_id)"
        " insert into ops.touched (account_id, metric_id, day, profile_id)"
        " select %(account_id)s, metric_id, '2026-10-20', 'P1' from moved"
    )
    book.refresh()
    assert [row["profile_id"] for row in book.rows("mart.buyer")] == ["P2"]
    assert (customers(book)["P2"]["revenue"], customers(book)["P1"]["revenue"]) == (20, 0)


def test_only_touched_customers_are_written(new_embedded_book: Callable[..., Book]) -> None:
    book = new_embedded_book()
    for number in range(20):
        book.order(f"2026-10-{number + 1:02} 12:00+00", 10, f"P{number}")
    book.refresh()
    book.order("2026-10-30 12:00+00", 10, "P3")
    written = book.refresh().rows
    assert (written["buyer"], written["buyer_currency"], written["orders"]) == (1, 1, 1)
    book.event("viewed", "2026-10-30 12:00+00", "P3")
    assert book.refresh().rows["buyer"] == 0


def test_the_sandbox_s_customers_are_those_of_its_orders(
    synced_database_everywhere: Database,
) -> None:
    use_database(synced_database_everywhere)
    account = load_account()
    with synced_database_everywhere.connection() as connection:
        cursor = connection.execute(
            "select e.profile_id, e.occurred_at, e.value, e.currency from klaviyo.event as e"
            " inner join klaviyo.mapped_metric as m using (account_id, metric_id)"
            " where m.mapping = 'revenue' and e.profile_id is not null"
        )
        orders = pd.DataFrame(cursor.fetchall(), columns=["profile_id", "at", "value", "currency"])
        found = connection.execute(
            "select profile_id, count_orders, first_order_at, last_order_at, revenue"
            " from mart.customer where count_orders > 0"
        ).fetchall()
        (known,) = connection.execute("select count(*) from klaviyo.profile").fetchall()
        (listed,) = connection.execute("select count(*) from mart.customer").fetchall()
    own = orders.value.where(orders.currency == account.currency, Decimal(0))
    expected = (
        orders.assign(own=own)
        .groupby("profile_id")
        .agg(count=("at", "size"), first=("at", "min"), last=("at", "max"), own=("own", "sum"))
    )
    assert sorted(found) == sorted(tuple(row) for row in expected.itertuples())
    assert listed == known


CREDITS = {
    "campaign": {"campaign_id": "C1", "campaign_message_id": "CM1"},
    "flow": {"flow_id": "F1", "flow_message_id": "FM1"},
}


@pytest.mark.parametrize("timezone", ["America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])
def test_conversions_by_what_klaviyo_credits_them_to(
    new_embedded_book: Callable[..., Book], timezone: str
) -> None:
    book = new_embedded_book(timezone=timezone)
    start = dt.datetime(2026, 10, 3, 12, tzinfo=dt.UTC)
    counts: dict[tuple[Any, ...], int] = defaultdict(int)
    people: dict[tuple[Any, ...], set[str]] = defaultdict(set)
    sums: dict[tuple[Any, ...], int] = defaultdict(int)
    period = pd.Timestamp(start)
    for number in range(40):
        metric = ("viewed", "order", "received")[number % 3]
        source = ("campaign", "flow", "none", "none")[number % 4]
        profile, currency = f"P{number % 5}", ("USD", "EUR")[number % 2]
        at = period + pd.Timedelta(minutes=97 * number)
        # the first of several attributions has the credit
        credit = [CREDITS[source], CREDITS["flow"]] if source != "none" else None
        is_order = metric == "order"
        book.event(
            metric, at.to_pydatetime(), profile, message="C1" if metric == "received" else None,
            value=number if is_order else None, currency=currency if is_order else None,
            attributions=credit,
        )  # fmt: skip
        if metric == "received":
            continue  # messages are no conversions
        day = str(at.tz_convert(timezone).date())
        message = {"campaign": "CM1", "flow": "FM1", "none": ""}[source]
        row = (day, metric, source, message, currency if is_order else "")
        counts[row] += 1
        people[row].add(profile)
        sums[row] += number
    book.refresh()
    found = {
        (r["day"], r["metric_id"], r["source"], r["message_id"], r["currency"]): (
            r["count_events"], r["unique_profiles"], r["sum_value"], r["channel"],
        )
        for r in book.rows("mart.fact_conversions")
    }  # fmt: skip
    assert found == {
        row: (
            count,
            len(people[row]),
            sums[row] if row[1] == "order" else None,
            "email" if row[2] != "none" else "",
        )
        for row, count in counts.items()
    }


def test_conversions_add_up_to_the_days_of_each_metric(
    synced_database_everywhere: Database,
) -> None:
    with synced_database_everywhere.connection() as connection:
        found = connection.execute(
            "select metric_id, day, currency, sum(count_events), sum(sum_value)"
            " from mart.fact_conversions group by metric_id, day, currency order by 1, 2, 3"
        ).fetchall()
        expected = connection.execute(
            "select metric_id, day, currency, count_events, sum_value from mart.metric_daily as d"
            " where not exists (select from mart.metric_role as r"
            " where r.metric_id = d.metric_id and r.channel is not null) order by 1, 2, 3"
        ).fetchall()
        credited = connection.execute(
            "select sum(sum_value) from mart.fact_conversions as f"
            " inner join mart.metric_role as r using (account_id, metric_id)"
            " where r.role = 'revenue' and f.source <> 'none'"
        ).fetchall()
        attributed = connection.execute(
            "select sum(revenue) from mart.fact_revenue where source <> 'none'"
        ).fetchall()
    assert found == expected
    assert credited == attributed
    assert credited[0][0] > 0


def test_a_conversion_credited_to_a_message_read_later_takes_its_name_and_channel(
    book: Book,
) -> None:
    credit = [{"campaign_id": "CX"}]
    book.event("viewed", "2026-10-20 18:00+00", attributions=credit)
    book.refresh()

    def named() -> list[tuple[str, str]]:
        return [(row["message_id"], row["channel"]) for row in book.rows("mart.fact_conversions")]

    assert named() == [("CX", "")]
    book.execute(
        "insert into klaviyo.campaign"
        " (account_id, campaign_id, name, channel, status, is_archived, payload)"
        " values (%(account_id)s, 'CX', 'X', 'sms', 'Sent', false, %(payload)s)",
        payload=Jsonb({}),
    )
    book.execute(
        "insert into klaviyo.campaign_message"
        " (account_id, message_id, campaign_id, channel, payload)"
        " values (%(account_id)s, 'CMX', 'CX', 'sms', '{}')"
    )
    book.refresh()
    assert named() == [("CMX", "sms")]
