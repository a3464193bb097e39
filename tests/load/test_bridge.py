"""The bridge from reports by send date to events by event date: every difference has a reason."""

from __future__ import annotations

import itertools
import math
from decimal import Decimal

import pandas as pd
import pytest
from conftest import unhurried_client

from workbench.analytics import BRIDGES
from workbench.db import Database
from workbench.errors import DataMissing, InputInvalid
from workbench.load import Account, load_account, load_bridge, use_database
from workbench.refresh import refresh_facts
from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, Truth, build_shop
from workbench.sync import Asked, Progress, sync_account

from .conftest import Book, days

OCTOBER = days("2026-10-01", "2026-10-31")
REPORTED = """
insert into klaviyo.report_value
    (account_id, report, first_on, last_on, groupings, statistic, observed_at, value, run_id)
values (
    %(account_id)s, %(report)s, '2026-10-01', '2026-10-31',
    '{"campaign_id": "C1"}', %(statistic)s, '2026-11-10 05:00+00', %(value)s, %(account_id)s
)
"""
READ = """
insert into ops.report_window
    (account_id, report, first_on, last_on, through_on, read_at, run_id)
values (
    %(account_id)s, %(report)s, '2026-10-01', '2026-10-31', '2026-10-31', '2026-11-10 05:00+00',
    'hand'
)
"""


def reported(book: Book, **values: object) -> None:
    """The reports of October, as a sync of the 10th of November read them."""
    for report in ("campaign_reports", "flow_reports"):
        book.execute(READ, report=report)
    for statistic, value in values.items():
        book.execute(REPORTED, report="campaign_reports", statistic=statistic, value=value)


def terms(frame: pd.DataFrame) -> dict[str, Decimal]:
    return {term: value for term, value in zip(frame.term, frame.value, strict=True) if value}


def sent(book: Book, at: str, *profiles: str) -> None:
    for profile in profiles:
        book.event("received", at, profile, message="C1", sent_at=at)


def opened(book: Book, at: str, profile: str, *, sent_at: str, machine: bool = False) -> str:
    return book.event("opened", at, profile, message="C1", sent_at=sent_at, machine=machine)


SEPTEMBER_SEND, OCTOBER_SEND = "2026-09-29 15:00+00", "2026-10-28 15:00+00"


def fill_orders(book: Book) -> None:
    """Ten orders that the report of October knows, and thirteen placed in October."""
    late = [f"P{n}" for n in range(3)]
    soon = [f"P{n}" for n in range(3, 10)]
    early = [f"Q{n}" for n in range(2)]
    sent(book, OCTOBER_SEND, *late, *soon)
    sent(book, SEPTEMBER_SEND, *early)
    for profile in soon:
        touch = opened(book, "2026-10-29 15:00+00", profile, sent_at=OCTOBER_SEND)
        book.order("2026-10-30 15:00+00", "10.10", profile, message="C1", touch=touch)
    for profile in late:
        touch = opened(book, "2026-11-01 14:00+00", profile, sent_at=OCTOBER_SEND)
        book.order("2026-11-01 15:00+00", "20.25", profile, message="C1", touch=touch)
    for profile in early:
        touch = opened(book, "2026-10-01 14:00+00", profile, sent_at=SEPTEMBER_SEND)
        book.order("2026-10-02 15:00+00", "30", profile, message="C1", touch=touch)
    for n in range(4):
        book.order(f"2026-10-1{n} 15:00+00", "1.005", f"R{n}")


def test_row_12_ten_reported_and_thirteen_counted_are_bridged(book: Book) -> None:
    fill_orders(book)
    reported(book, conversions=10, conversion_value="131.45")
    book.refresh()
    frame = load_bridge(book.account, OCTOBER, metric="conversions")
    assert terms(frame) == {"report": 10, "late": -3, "earlier": 2, "uncredited": 4, "events": 13}
    assert frame.value.iloc[:-1].sum() == frame.value.iloc[-1]
    assert "unexplained" in set(frame.term)
    revenue = terms(load_bridge(book.account, OCTOBER))
    assert revenue == {
        "report": Decimal("131.45"),
        "late": Decimal("-60.75"),
        "earlier": Decimal(60),
        "uncredited": Decimal("4.02"),
        "events": Decimal("134.72"),
    }


def test_row_12_what_no_term_explains_is_shown(book: Book) -> None:
    fill_orders(book)
    reported(book, conversions=12, conversion_value="131.45")
    book.refresh()
    found = terms(load_bridge(book.account, OCTOBER, metric="conversions"))
    assert found["unexplained"] == -2


def test_another_currency_counts_in_the_report_only(book: Book) -> None:
    sent(book, OCTOBER_SEND, "P1", "P2")
    for profile, currency in (("P1", "USD"), ("P2", "EUR")):
        touch = opened(book, "2026-10-29 15:00+00", profile, sent_at=OCTOBER_SEND)
        book.order("2026-10-30 15:00+00", 5, profile, message="C1", touch=touch, currency=currency)
    book.order("2026-10-30 15:00+00", 7, "P3", currency="EUR")
    reported(book, conversions=2, conversion_value=10)
    book.refresh()
    found = terms(load_bridge(book.account, OCTOBER))
    assert found == {"report": 10, "other_currency": -5, "events": 5}


def test_an_order_placed_after_the_report_was_read_is_in_neither(book: Book) -> None:
    sent(book, OCTOBER_SEND, "P1")
    touch = opened(book, "2026-10-29 15:00+00", "P1", sent_at=OCTOBER_SEND)
    book.order("2026-11-10 06:00+00", 5, "P1", message="C1", touch=touch)
    reported(book, conversions=0)
    book.refresh()
    assert terms(load_bridge(book.account, OCTOBER, metric="conversions")) == {}


def test_an_order_seen_after_the_report_was_read_is_told(book: Book) -> None:
    sent(book, OCTOBER_SEND, "P1")
    touch = opened(book, "2026-10-29 15:00+00", "P1", sent_at=OCTOBER_SEND)
    order = book.order("2026-10-30 15:00+00", 5, "P1", message="C1", touch=touch)
    reported(book, conversions=0)
    # the sync that read the report ended before an order came
    book.execute("update ops.report_window set run_id = %(account_id)s")
    book.execute(
        "update klaviyo.event set first_seen_at = now() + interval '1 day' where event_id = %(id)s",
        id=order,
    )
    book.refresh()
    found = terms(load_bridge(book.account, OCTOBER, metric="conversions"))
    assert found == {"seen_later": 1, "events": 1}


def test_orders_of_a_deleted_profile_keep_their_send(book: Book) -> None:
    book.event("received", OCTOBER_SEND, None, message="C1", sent_at=OCTOBER_SEND)
    touch = book.event("opened", "2026-10-29 15:00+00", None, message="C1", sent_at=OCTOBER_SEND)
    book.order("2026-11-01 15:00+00", 5, None, message="C1", touch=touch)
    reported(book, conversions=1)
    book.refresh()
    found = terms(load_bridge(book.account, OCTOBER, metric="conversions"))
    assert found == {"report": 1, "late": -1}


def test_opens_begin_with_profiles_and_end_with_events(book: Book) -> None:
    sent(book, SEPTEMBER_SEND, "Q1")
    sent(book, OCTOBER_SEND, "P1", "P2", "P3")
    opened(book, "2026-10-01 15:00+00", "Q1", sent_at=SEPTEMBER_SEND)
    for at in ("2026-10-28 16:00+00", "2026-10-28 17:00+00", "2026-11-02 15:00+00"):
        opened(book, at, "P1", sent_at=OCTOBER_SEND)
    opened(book, "2026-10-28 16:00+00", "P2", sent_at=OCTOBER_SEND, machine=True)
    opened(book, "2026-10-28 16:00+00", "X1", sent_at="2026-10-20 15:00+00")  # no receipt
    book.event("opened", "2026-10-29 16:00+00", None, message="C1", sent_at=OCTOBER_SEND)
    reported(book, opens_unique=2)
    # opened between the reading of one report and of the other
    opened(book, "2026-11-11 15:00+00", "P1", sent_at=OCTOBER_SEND)
    book.execute(
        "update ops.report_window set read_at = '2026-11-12 05:00+00'"
        " where account_id = %(account_id)s and report = 'flow_reports'"
    )
    book.refresh()
    steps = {
        "report": 2,
        "repeated": 2,
        "late": -1,
        "earlier": 1,
        "send_unknown": 1,
        "redacted": 1,
    }
    assert terms(load_bridge(book.account, OCTOBER, metric="opens")) == steps | {"events": 6}
    human = terms(load_bridge(book.account, OCTOBER, metric="human_opens"))
    assert human == steps | {"machine": -1, "events": 5}


def test_days_that_are_no_whole_periods_are_refused(book: Book) -> None:
    reported(book, conversions=1)
    for wanted, told in (
        (days("2026-10-02", "2026-10-31"), "begins on 2026-10-01"),
        (days("2026-10-01", "2026-10-30"), "goes to 2026-10-31"),
        (days("2026-09-01", "2026-10-31"), "do not reach back to 2026-09-01"),
    ):
        with pytest.raises(DataMissing, match=told):
            load_bridge(book.account, wanted)
    book.execute("update ops.report_window set through_on = null, read_at = null")
    with pytest.raises(DataMissing, match="has not been read yet"):
        load_bridge(book.account, OCTOBER)
    with pytest.raises(InputInvalid, match="no bridge of 'visits'"):
        load_bridge(book.account, OCTOBER, metric="visits")


def test_a_period_without_a_message_says_so(book: Book) -> None:
    reported(book)
    with pytest.raises(DataMissing, match="no message was sent"):
        load_bridge(book.account, OCTOBER)


@pytest.fixture(scope="module")
def bridged_shop() -> Shop:
    """Late events, other currencies, and profiles that are merged, deleted and redacted."""
    return build_shop(
        ShopPlan(profiles=400, days=90, late_share=0.1, foreign_share=0.2, fates_share=8.0)
    )


PERIODS = (
    OCTOBER,
    days("2026-09-01", "2026-10-31"),
    days("2026-10-01", "2026-11-01"),  # November so far
)


def brought_up_to_date(database: Database, sandbox: SandboxServer, *names: str) -> Account:
    """The account after a sync and a refresh."""
    with unhurried_client(sandbox) as client, Progress() as progress:
        sync_account(
            database,
            client,
            progress=progress,
            clock=itertools.count().__next__,
            asked=Asked(resources=names),
        )
    refresh_facts(load_account())
    return load_account()


def test_row_12_both_bases_of_a_simulated_account_are_bridged(
    database: Database, bridged_shop: Shop
) -> None:
    use_database(database)
    daily = Truth(bridged_shop).daily_revenue()
    met: set[str] = set()
    with SandboxServer(bridged_shop, limiter=Limiter(scale=math.inf)) as sandbox:
        brought_up_to_date(database, sandbox)
        account = brought_up_to_date(database, sandbox, "campaign_reports", "flow_reports")
        for metric, period in itertools.product(BRIDGES, PERIODS):
            frame = load_bridge(account, period, metric=metric)
            found = frame.set_index("term").value
            assert found["unexplained"] == 0, (metric, str(period), terms(frame))
            assert found["report"] > 0
            assert frame.value.iloc[:-1].sum() == found["events"]
            if metric in {"revenue", "conversions"}:
                column = "revenue" if metric == "revenue" else "orders"
                within = daily[daily.ds.between(period.first, period.last)]
                assert found["events"] == sum(within[column].tolist(), Decimal(0))
            met |= set(terms(frame))
        needed = {"late", "earlier", "uncredited", "other_currency"}
        assert needed | {"repeated", "redacted", "machine"} <= met


def test_what_showed_after_the_report_was_read_is_told_apart(embedded_database: Database) -> None:
    use_database(embedded_database)
    shop = build_shop(ShopPlan(profiles=400, days=40, late_share=0.5, fates_share=0.0))
    period, met = days("2026-10-01", "2026-10-31"), set[str]()
    with SandboxServer(shop, limiter=Limiter(scale=math.inf)) as sandbox:
        brought_up_to_date(embedded_database, sandbox)
        brought_up_to_date(embedded_database, sandbox, "campaign_reports", "flow_reports")
        sandbox.advance(days=3)  # a plain sync reads October again on the 7th only
        account = brought_up_to_date(embedded_database, sandbox)
        for metric in BRIDGES:
            found = terms(load_bridge(account, period, metric=metric))
            assert "unexplained" not in found, (metric, found)
            met |= set(found)
    assert "seen_later" in met
