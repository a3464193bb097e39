"""Klaviyo's own attribution laid out, and beside it a last touch of our own reckoning."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from workbench.db import Database
from workbench.errors import InputInvalid
from workbench.load import load_account, load_last_touch_orders, use_database
from workbench.metrics import LAST_TOUCH_WINDOWS, LAST_TOUCH_WINDOWS_BEFORE_2024_10_09
from workbench.periods import DateRange

from .conftest import Book, days

ALL = days("2026-10-01", "2026-11-30")
CREDITS = """
select order_id, position, message_id, credited_revenue::text
from mart.order_credit where account_id = %(account_id)s order by order_id, position
"""


def credited(book: Book, **options: object) -> list[str | None]:
    book.refresh()
    found = load_last_touch_orders(book.account, ALL, **options)
    return [None if message is None else str(message) for message in found.message_id]


def test_row_13_an_order_of_several_messages_counts_once(book: Book) -> None:
    for message in ("C1", "FM1"):
        book.event("received", "2026-10-27 15:00+00", message=message)
    book.order("2026-10-28 15:00+00", 10, message="FM1")
    both = [
        {"flow_id": "F1", "flow_message_id": "FM1"},
        {"campaign_id": "C1", "campaign_message_id": "CM1"},
    ]
    book.event(
        "order", "2026-10-28 16:00+00", value="50.10", currency="USD", attributions=both,
        event_id="O2",
    )  # fmt: skip
    book.refresh()
    found = book.execute(CREDITS)
    assert found[1:] == [("O2", 1, "FM1", "50.10"), ("O2", 2, "CM1", "0")]
    (revenue,) = book.execute(
        "select sum(revenue)::text from mart.orders where account_id = %(account_id)s"
    )
    assert Decimal(revenue[0]) == sum(Decimal(row[3]) for row in found) == Decimal("60.10")
    by_message = dict(
        book.execute(
            "select message_id, revenue::text from mart.message_performance"
            " where account_id = %(account_id)s"
        )
    )
    assert {name: Decimal(text) for name, text in by_message.items()} == {
        "FM1": Decimal("60.10"),
        "CM1": Decimal(0),
    }


@pytest.mark.parametrize(
    ("received", "touch", "message", "length"),
    [
        ("received", "opened", "C1", LAST_TOUCH_WINDOWS["email", "opened"]),
        ("received", "clicked", "C1", LAST_TOUCH_WINDOWS["email", "clicked"]),
        ("received_sms", "clicked_sms", "CM2", LAST_TOUCH_WINDOWS["sms", "clicked"]),
        ("received_sms", None, "CM2", LAST_TOUCH_WINDOWS["sms", "received"]),
    ],
)
def test_row_13_a_window_starts_at_the_receipt_and_ends_to_the_second(
    book: Book, received: str, touch: str | None, message: str, length: dt.timedelta
) -> None:
    sent = dt.datetime(2026, 10, 20, 15, tzinfo=dt.UTC)
    book.event(received, sent, message=message)
    if touch:
        book.event(touch, sent + dt.timedelta(hours=1), message=message)
    book.order(sent + length, 1)
    book.order(sent + length + dt.timedelta(seconds=1), 1)
    sender = {"C1": "CM1"}.get(message, message)
    assert credited(book) == [sender, None]


def test_row_13_the_latest_touch_wins_and_older_accounts_have_shorter_windows(book: Book) -> None:
    book.event("received", "2026-10-20 10:00+00", message="C1")
    book.event("opened", "2026-10-20 12:00+00", message="C1", machine=True)
    book.event("received_sms", "2026-10-20 09:00+00", message="CM2")
    book.event("clicked_sms", "2026-10-20 11:00+00", message="CM2")
    book.order("2026-10-20 11:30+00", 1)
    book.order("2026-10-20 13:00+00", 1)
    book.order("2026-10-21 10:00+00", 1, "P2")
    assert credited(book) == ["CM2", "CM1", None]
    assert credited(book, touches="human") == ["CM2", "CM2", None]
    day_later = credited(book, windows={("email", "clicked"): dt.timedelta(days=5)})
    assert day_later == [None, None, None]
    old = LAST_TOUCH_WINDOWS_BEFORE_2024_10_09
    assert ("sms", "received") not in old
    assert credited(book, windows=old) == ["CM2", "CM1", None]
    with pytest.raises(InputInvalid, match="touches is 'robots'"):
        load_last_touch_orders(book.account, ALL, touches="robots")


def test_a_touch_without_its_receipt_credits_nothing(book: Book) -> None:
    book.event("opened", "2026-10-20 12:00+00", message="C1")
    book.order("2026-10-20 13:00+00", 1)
    assert credited(book) == [None]


def test_row_13_our_last_touch_is_klaviyos_where_the_windows_are(synced_database: Database) -> None:
    use_database(synced_database)
    account = load_account()
    assert account.first_day is not None
    found = load_last_touch_orders(account, DateRange(account.first_day, account.last_day))
    # Klaviyo keeps the credit of a profile that was deleted; nobody else can find its touches
    gone = found.profile_id.isna()
    assert found.message_id[gone].isna().all()
    found = found[~gone]
    ours = found.message_id.astype(object).where(found.message_id.notna(), None)
    theirs = found.klaviyo_message_id.astype(object).where(found.klaviyo_message_id.notna(), None)
    assert len(found) > 200
    assert theirs.notna().sum() > 50
    assert set(found.channel.dropna()) >= {"email", "sms"}
    assert ours.tolist() == theirs.tolist()
