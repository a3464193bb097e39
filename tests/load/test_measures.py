"""Base measures and tables of messages, from a few rows whose results are found by hand."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable

import pytest

from workbench.errors import DataMissing
from workbench.load import (
    load_campaigns,
    load_daily_revenue,
    load_flows,
    load_key_numbers,
    load_measures,
    load_missing_revenue,
    load_series,
)

from .conftest import CREDITS, Book, days

WEEK = days("2026-10-26", "2026-11-01")


def measures(book: Book, **expected: float) -> dict[str, float]:
    found = load_measures(book.account, WEEK)
    return {name: found[name] for name in expected}


def check(book: Book, **expected: float) -> None:
    assert measures(book, **expected) == expected


def test_nothing_happened(book: Book) -> None:
    book.event("viewed", "2026-10-27 15:00+00")
    book.refresh()
    assert set(load_measures(book.account, WEEK).values()) == {0.0}
    numbers = load_key_numbers(book.account, WEEK).set_index("metric")
    assert numbers.value[["revenue", "orders", "delivered"]].tolist() == [0, 0, 0]
    assert numbers.reason["open_rate"] == "nothing delivered"


def test_orders_in_another_currency_are_counted_and_never_summed(book: Book) -> None:
    book.order("2026-10-27 15:00+00", "100.10", "P1")
    book.order("2026-10-27 16:00+00", "50.05", "P2", currency=None)
    book.order("2026-10-27 17:00+00", 70, "P3", currency="EUR")
    book.refresh()
    check(book, revenue=150.15, orders=2, orders_other_currency=1, customers=3)
    daily = load_daily_revenue(book.account, days("2026-10-27"))
    assert daily[["revenue", "orders"]].to_numpy().tolist() == [[150.15, 2]]


def test_a_day_is_the_account_s(book: Book) -> None:
    book.order("2026-10-26 03:59:59+00", 1)  # Sunday evening in New York
    book.order("2026-10-26 04:00+00", 10)
    book.order("2026-11-02 04:59:59+00", 100)  # winter time began on Sunday
    book.order("2026-11-02 05:00+00", 1000)
    book.refresh()
    check(book, revenue=110, orders=2)


def test_days_without_an_order_are_rows_and_days_before_the_first_are_not(book: Book) -> None:
    book.event("viewed", "2026-10-27 15:00+00")
    book.order("2026-10-29 15:00+00", 20)
    book.order("2026-10-29 16:00+00", 30, message="C1")
    book.refresh()
    daily = load_daily_revenue(book.account, WEEK)
    assert [day.date().day for day in daily.ds] == [27, 28, 29, 30, 31, 1]
    assert daily.revenue.tolist() == [0, 0, 50, 0, 0, 0]
    assert daily.attributed_revenue.tolist() == [0, 0, 30, 0, 0, 0]
    assert daily.orders.tolist() == [0, 0, 2, 0, 0, 0]


def test_a_customer_is_new_once(book: Book) -> None:
    book.order("2026-10-20 15:00+00", 10, "P1")
    book.order("2026-10-27 15:00+00", 20, "P1")
    book.order("2026-10-27 15:00+00", 30, "P2")
    book.order("2026-10-28 15:00+00", 40, "P2")
    book.order("2026-10-29 15:00+00", 50, None)  # nobody is no customer
    book.refresh()
    check(book, orders=4, customers=2, new_customers=1)


def test_what_the_account_does_not_map_is_unknown(new_book: Callable[..., Book]) -> None:
    book = new_book(revenue=None)
    book.order("2026-10-27 15:00+00", 100)
    book.event("received", "2026-10-27 15:00+00", message="C1")
    book.refresh()
    found = load_measures(book.account, WEEK)
    unknown = {name for name, value in found.items() if math.isnan(value)}
    assert unknown == {
        "revenue", "orders", "attributed_revenue", "customers", "new_customers", "message_revenue",
    }  # fmt: skip
    assert found["delivered"] == 1
    numbers = load_key_numbers(book.account, WEEK).set_index("metric")
    assert numbers.reason["revenue"] == "the account maps no metric to revenue"


FORMULA = (
    'the account maps revenue to the custom metric "Net sales",'
    " a formula whose orders cannot be told from other events"
)


def test_revenue_that_is_a_custom_metric_is_missing_with_its_reason(
    new_book: Callable[..., Book],
) -> None:
    book, other = new_book(revenue=None), new_book()
    book.execute(
        "insert into klaviyo.custom_metric"
        " (account_id, custom_metric_id, name, aggregation_method, metric_ids, payload)"
        " values (%(account_id)s, 'X1', 'Net sales', 'value', '{order}', '{}')"
    )
    book.execute(
        "insert into klaviyo.mapped_metric (account_id, mapping, custom_metric_id, payload)"
        " values (%(account_id)s, 'revenue', 'X1', '{}')"
    )
    for each in (book, other):
        each.order("2026-10-27 15:00+00", 100)
        each.event("received", "2026-10-27 15:00+00", message="C1")
        each.event("received", "2026-10-27 15:00+00", message="FM1")
        each.refresh()
    missing = load_missing_revenue().set_index("account_id").reason
    assert missing.to_dict() == {book.account_id: FORMULA}
    for load in (
        lambda: load_daily_revenue(book.account, WEEK),
        lambda: load_series(book.account, "revenue", WEEK),
        lambda: load_series(book.account, "orders", WEEK, grain="h"),
    ):
        with pytest.raises(DataMissing, match=re.escape(FORMULA)) as refused:
            load()
        assert "map revenue to one metric in Klaviyo" in refused.value.hint
    numbers = load_key_numbers(book.account, WEEK).set_index("metric")
    assert math.isnan(numbers.value["revenue"])
    assert numbers.reason["revenue"] == numbers.reason["revenue_per_recipient"] == FORMULA
    for messages in (load_campaigns, load_flows):
        [row] = messages(book.account, WEEK).to_dict("records")
        assert math.isnan(row["revenue"])
        assert math.isnan(row["conversions"])
        assert math.isnan(row["revenue_per_recipient"])
        [row] = messages(other.account, WEEK).to_dict("records")
        assert (row["revenue"], row["conversions"]) == (0, 0)
    assert load_daily_revenue(other.account, WEEK).revenue.sum() == 100


def test_revenue_waits_for_the_refresh_of_a_metric_mapped_anew(
    new_book: Callable[..., Book],
) -> None:
    book = new_book(revenue=None)
    book.order("2026-10-27 15:00+00", 100)
    book.refresh()
    with pytest.raises(DataMissing, match="maps no metric to revenue"):
        load_daily_revenue(book.account, WEEK)
    book.map_revenue("order")
    with pytest.raises(DataMissing, match="not refreshed since"):
        load_daily_revenue(book.account, WEEK)
    book.refresh()
    assert load_missing_revenue().empty
    assert load_daily_revenue(book.account, WEEK).revenue.sum() == 100


def test_row_14_machines_count_in_the_raw_rates_only(book: Book) -> None:
    for profile in ("P1", "P2", "P3"):
        book.event("received", "2026-10-27 15:00+00", profile, message="C1")
    book.event("bounced", "2026-10-27 15:00+00", "P4", message="C1")
    book.event("opened", "2026-10-27 16:00+00", "P1", message="C1", machine=True)
    book.event("opened", "2026-10-28 16:00+00", "P2", message="C1", machine=False)
    book.event("opened", "2026-10-28 17:00+00", "P2", message="C1", machine=True)
    book.event("clicked", "2026-10-28 18:00+00", "P2", message="C1", bot=False)
    book.event("clicked", "2026-10-28 18:00+00", "P3", message="C1", bot=True)
    book.event("unsubscribed", "2026-11-05 18:00+00", "P2", message="C1")
    book.event("spam", "2026-11-05 18:00+00", "P2", message="C1")
    book.refresh()
    check(
        book,
        recipients=4,
        delivered=3,
        bounced=1,
        unique_opens=2,
        unique_human_opens=1,
        delivered_but_machine_only=2,  # P1 was opened for by a machine only
        unique_clicks=2,
        unique_human_clicks=1,
        unsubscribes=1,
        spam_complaints=1,
    )


def test_an_answer_waits_for_its_receipt(book: Book) -> None:
    sent = "2026-10-27 15:00+00"
    book.event("opened", "2026-10-28 16:00+00", message="C1", sent_at=sent)
    book.event("clicked", "2026-10-28 16:01+00", message="C1", sent_at=sent)
    book.refresh()
    check(book, recipients=0, delivered=0, unique_opens=0, unique_clicks=0)
    assert load_campaigns(book.account, WEEK).unique_opens.sum() == 0

    book.event("received", "2026-10-27 15:00:07+00", message="C1", sent_at=sent)
    book.refresh()
    check(book, recipients=1, delivered=1, unique_opens=1, unique_clicks=1)
    assert load_campaigns(book.account, WEEK).unique_opens.tolist() == [1]


def test_a_recipient_who_bounced_at_first_is_one(book: Book) -> None:
    book.event("bounced", "2026-10-27 15:00+00", message="FM1")
    book.event("received", "2026-10-28 15:00+00", message="FM1")
    book.refresh()
    check(book, recipients=1, delivered=1, bounced=1)


def test_a_flow_message_may_reach_a_profile_again(book: Book) -> None:
    book.event("received", "2026-10-20 15:00+00", message="FM1")
    book.event("received", "2026-10-27 15:00+00", message="FM1")
    book.event("opened", "2026-10-28 15:00+00", message="FM1")
    book.refresh()
    account, before, both = book.account, WEEK.before(), days("2026-10-19", "2026-11-01")
    assert [load_measures(account, period)["delivered"] for period in (before, WEEK, both)] == [
        1, 1, 1,  # uniques of a longer period are not the sum of the shorter ones'
    ]  # fmt: skip
    assert [load_measures(account, period)["unique_opens"] for period in (before, WEEK, both)] == [
        0, 1, 1,
    ]  # fmt: skip


def test_an_order_is_credited_to_the_send_whose_open_earned_it(book: Book) -> None:
    first, second = "2026-10-20 15:00+00", "2026-10-27 15:00+00"
    book.event("received", first, message="FM1", sent_at=first)
    book.event("received", second, message="FM1", sent_at=second)
    touch = book.event("opened", "2026-10-27 16:00+00", message="FM1", sent_at=first)
    book.order("2026-10-28 15:00+00", 80, message="FM1", touch=touch)
    book.order("2026-10-28 16:00+00", 7, message="FM1")  # its touch is not known: the latest send
    book.refresh()
    account = book.account
    assert load_measures(account, WEEK.before())["message_revenue"] == 80
    assert load_measures(account, WEEK)["message_revenue"] == 7
    assert load_measures(account, WEEK)["attributed_revenue"] == 87  # counted when placed
    assert load_flows(account, WEEK)[["conversions", "revenue"]].to_numpy().tolist() == [[1, 7]]


def test_an_order_credited_twice_counts_once_for_the_first(book: Book) -> None:
    book.event("received", "2026-10-27 15:00+00", message="C1")
    book.event("received", "2026-10-27 15:00+00", message="FM1")
    credits = [
        {**CREDITS["C1"], "attributed_event_id": "E0"},
        {**CREDITS["FM1"], "attributed_event_id": "E1"},
    ]
    book.event("order", "2026-10-28 15:00+00", value=60, currency="USD", attributions=credits)
    book.refresh()
    check(book, message_revenue=60, attributed_revenue=60, revenue=60)
    assert load_campaigns(book.account, WEEK).revenue.tolist() == [60]
    assert load_flows(book.account, WEEK).revenue.tolist() == [0]


def test_texts_are_campaigns_but_no_e_mails(book: Book) -> None:
    book.event("received_sms", "2026-10-27 15:00+00", "P1", message="CM2")
    book.event("received_sms", "2026-10-27 15:00+00", "P2", message="CM2")
    book.event("clicked_sms", "2026-10-27 15:05+00", "P2", message="CM2")
    book.order("2026-10-27 15:30+00", 40, "P2", message="CM2")
    book.refresh()
    check(book, delivered=0, unique_clicks=0, message_revenue=0, attributed_revenue=40)
    (row,) = load_campaigns(book.account, WEEK).to_dict("records")
    assert (row["name"], row["channel"], row["subject"]) == ("Text", "sms", None)
    assert (row["delivered"], row["click_rate"], row["revenue_per_recipient"]) == (2, 0.5, 20)
    assert math.isnan(row["open_rate"])
    assert math.isnan(row["human_open_rate"])


def test_campaigns_newest_first_with_rates_of_those_delivered(book: Book) -> None:
    for profile in ("P1", "P2", "P3", "P4"):
        book.event("received", "2026-10-27 15:00+00", profile, message="C1")
    book.event("bounced", "2026-10-29 15:00+00", "P5", message="FM1")
    book.event("opened", "2026-10-27 16:00+00", "P1", message="C1", machine=True)
    book.event("received_sms", "2026-10-30 15:00+00", message="CM2")
    book.order("2026-11-03 15:00+00", 10, "P1", message="C1")
    book.refresh()
    campaigns = load_campaigns(book.account, WEEK)
    assert campaigns.name.tolist() == ["Text", "Autumn edit"]
    edit = campaigns.iloc[1]
    assert (edit.message_id, edit.subject) == ("CM1", "Warm coats")
    assert edit.sent_on.date() == dt.date(2026, 10, 27)
    assert (edit.recipients, edit.delivered, edit.unique_opens, edit.conversions) == (4, 4, 1, 1)
    assert (edit.open_rate, edit.human_open_rate, edit.revenue_per_recipient) == (0.25, 0, 2.5)
    (flow,) = load_flows(book.account, WEEK).to_dict("records")
    assert (flow["name"], flow["recipients"], flow["delivered"]) == ("Welcome", 1, 0)
    assert math.isnan(flow["unsubscribe_rate"])


def test_flows_sum_their_messages_and_the_best_comes_first(book: Book) -> None:
    book.event("received", "2026-10-27 15:00+00", "P1", message="FM1")
    book.event("received", "2026-10-28 15:00+00", "P1", message="FM2")
    book.event("received", "2026-10-28 15:00+00", "P2", message="FM2")
    book.execute(
        "insert into klaviyo.flow (account_id, flow_id, name, status, is_archived, payload)"
        " values (%(account_id)s, 'F2', 'Back again', 'draft', false, '{}')"
    )
    book.execute(
        "insert into klaviyo.flow_message (account_id, message_id, flow_id, channel, payload)"
        " values (%(account_id)s, 'FM9', 'F2', 'email', '{}')"
    )
    book.event("received", "2026-10-28 15:00+00", "P1", message="FM9")
    book.order("2026-10-29 15:00+00", 30, "P2", message="FM2")
    book.refresh()
    flows = load_flows(book.account, WEEK)
    shown = flows[["name", "messages", "delivered", "conversions", "revenue"]]
    assert shown.to_numpy().tolist() == [
        ["Welcome", 2, 3, 1, 30],
        ["Back again", 1, 1, 0, 0],
    ]  # fmt: skip


def test_accounts_do_not_mix(new_book: Callable[..., Book]) -> None:
    mine, other = new_book(), new_book()
    for book, value in ((mine, 10), (other, 1000)):
        book.event("received", "2026-10-27 15:00+00", message="C1", event_id="same")
        book.order("2026-10-28 15:00+00", value, message="C1", touch="same")
        book.refresh()
    check(mine, revenue=10, delivered=1, message_revenue=10, customers=1)
    check(other, revenue=1000, delivered=1, message_revenue=1000, customers=1)


@pytest.mark.parametrize("timezone", ["Asia/Kolkata", "Pacific/Kiritimati", "America/New_York"])
def test_messages_count_on_the_account_s_day_of_the_receipt(
    new_book: Callable[..., Book], timezone: str
) -> None:
    book = new_book(timezone=timezone)
    first, last = WEEK.instants(timezone)
    second = dt.timedelta(seconds=1)
    for at in (first - second, first, last - second, last):
        book.event("received", at, f"P{at}", message="C1")
    book.refresh()
    check(book, delivered=2)


def test_an_event_of_another_century_is_no_first_day(book: Book) -> None:
    """A device whose clock is wrong dates an event; the account's numbers are read all the same."""
    book.order("1600-01-01 15:00+00", 50)
    book.order("2026-10-27 15:00+00", 20)
    book.refresh()
    assert book.account.first_day == dt.date(2026, 10, 27)
    assert load_daily_revenue(book.account, days("2026-10-26", "2026-10-28")).revenue.sum() == 20
