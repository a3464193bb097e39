"""Series to be forecast, against orders and events that are summed by hand."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from workbench.errors import DataMissing, InputInvalid
from workbench.forecast.frames import checked_series
from workbench.load import Series, load_series

from .conftest import Book, days

# instant, value, currency, message that has the credit; synced up to 2026-11-10 05:00 UTC
ORDERS = [
    ("2026-09-28 15:10+00", 10, "USD", ""),
    ("2026-10-25 03:30+00", 20, "USD", "C1"),  # half past eleven the day before, in New York
    ("2026-11-01 05:30+00", 40, "USD", "FM1"),  # summer time ends within the hour
    ("2026-11-01 06:30+00", 80, "USD", "FM1"),  # the same hour by the clock on the wall
    ("2026-11-01 06:40+00", 160, "EUR", ""),
    ("2026-11-09 23:59+00", 320, "USD", "CM2"),
    ("2026-11-10 04:59+00", 640, "USD", ""),  # the last minute of the last day
]
ALL = days("2026-09-01", "2026-12-31")
SOURCES = {"": "none", "C1": "campaign", "FM1": "flow", "CM2": "campaign"}
CHANNELS = {"": "none", "C1": "email", "FM1": "email", "CM2": "sms"}


@pytest.fixture
def shop(book: Book) -> Book:
    return filled(book)


def filled(book: Book) -> Book:
    book.event("viewed", "2026-09-28 15:00+00")
    for at, value, currency, message in ORDERS:
        book.order(at, value, currency=currency, message=message)
    book.refresh()
    return book


def found(series: Series) -> dict[tuple[str, str], float]:
    """What is not 0, by series and step."""
    checked_series(series.rows, freq=series.grain)  # it can be forecast as it is
    rows = series.rows[series.rows.y != 0]
    return {(row.unique_id, f"{row.ds:%Y-%m-%d %H:%M}"): row.y for row in rows.itertuples()}


def step_of(at: str, *, grain: str, timezone: str) -> str:
    """The start of the step that an instant falls in, by the calendar."""
    instant = dt.datetime.fromisoformat(at)
    if grain == "h":
        return f"{instant:%Y-%m-%d %H}:00"
    day = instant.astimezone(ZoneInfo(timezone)).date()
    if grain == "W":
        day -= dt.timedelta(days=day.weekday())
    return f"{day.replace(day=1) if grain == 'MS' else day} 00:00"


def by_hand(
    book: Book,
    *,
    grain: str,
    of: str = "revenue",
    member: tuple[str, dict[str, str]] | None = None,
    before: str = "2026-12-31 00:00+00",
) -> dict[tuple[str, str], float]:
    sums: dict[tuple[str, str], float] = defaultdict(float)
    for at, value, currency, message in ORDERS:
        is_known = dt.datetime.fromisoformat(at) < dt.datetime.fromisoformat(before)
        if currency == "USD" and is_known:
            name = f"{of}/{member[0]}/{member[1][message]}" if member else of
            step = step_of(at, grain=grain, timezone=book.timezone)
            sums[name, step] += value if of == "revenue" else 1
    return dict(sums)


@pytest.mark.parametrize("timezone", ["America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("grain", ["h", "D"])
@pytest.mark.parametrize("metric", ["revenue", "orders"])
def test_steps_are_hours_of_utc_or_days_of_the_account(
    new_book: Callable[..., Book], timezone: str, grain: str, metric: str
) -> None:
    book = filled(new_book(timezone=timezone))
    series = load_series(book.account, metric, ALL, grain=grain)
    # in Kolkata the tenth has begun, and is not over
    first_unknown = {
        "America/New_York": "2026-11-10 05:00+00",
        "Asia/Kolkata": "2026-11-09 18:30+00",
    }
    expected = by_hand(book, grain=grain, of=metric, before=first_unknown[timezone])
    assert found(series) == expected
    assert series.unit == ("USD" if metric == "revenue" else "orders")
    if grain == "D":
        assert series.rows.ds.max() == pd.Timestamp(book.account.last_day)
    assert series.step == {"h": "hour", "D": "day"}[grain]


def test_only_weeks_and_months_that_are_whole_are_steps(shop: Book) -> None:
    weeks = load_series(shop.account, "revenue", ALL, grain="W")
    # the first day with data is a Monday; the week that is not over yet is left out
    expected = by_hand(shop, grain="W")
    assert expected.pop(("revenue", "2026-11-09 00:00")) == 960
    assert found(weeks) == expected
    assert weeks.rows.ds.tolist() == list(pd.date_range("2026-09-28", "2026-11-02", freq="W-MON"))
    months = load_series(shop.account, "revenue", ALL, grain="MS")
    assert found(months) == {("revenue", "2026-10-01 00:00"): 20}
    fewer = load_series(shop.account, "revenue", days("2026-09-29", "2026-11-04"), grain="W")
    assert found(fewer) == {key: value for key, value in expected.items() if key[1] > "2026-10-04"}


@pytest.mark.parametrize(
    ("dimension", "names"),
    [
        ("source", SOURCES),
        ("channel", CHANNELS),
        ("campaign", {"": "none", "C1": "C1", "FM1": "none", "CM2": "C2"}),
        ("flow", {"": "none", "C1": "none", "FM1": "F1", "CM2": "none"}),
    ],
)
def test_members_add_up_to_the_whole(shop: Book, dimension: str, names: dict[str, str]) -> None:
    parts = load_series(shop.account, "revenue", ALL, dimension=dimension)
    assert found(parts) == by_hand(shop, grain="D", member=(dimension, names))
    whole = load_series(shop.account, "revenue", ALL).rows.set_index("ds").y
    assert parts.rows.groupby("ds").y.sum().to_dict() == whole.to_dict()
    assert parts.rows.groupby("unique_id").ds.max().nunique() == 1


def test_attributed_revenue_is_what_messages_have_the_credit_for(shop: Book) -> None:
    series = load_series(shop.account, "attributed_revenue", ALL)
    assert sum(found(series).values()) == 20 + 40 + 80 + 320


def test_engagement_and_metrics_of_klaviyo(shop: Book) -> None:
    shop.event("received", "2026-10-28 15:00+00", message="C1")
    shop.event("received_sms", "2026-10-28 16:00+00", message="CM2")
    for profile in ("P1", "P2", "P2"):
        shop.event("opened", "2026-10-30 15:20+00", profile, message="C1")
    shop.refresh()
    assert found(load_series(shop.account, "received", ALL, dimension="channel")) == {
        ("received/channel/email", "2026-10-28 00:00"): 1,
        ("received/channel/sms", "2026-10-28 00:00"): 1,
    }
    by_name = load_series(shop.account, "opened email", ALL)
    assert found(by_name) == {("Opened Email", "2026-10-30 00:00"): 3}
    assert (by_name.metric, by_name.unit) == ("Opened Email", "events")
    hours = load_series(shop.account, "Opened Email", ALL, grain="h")
    assert found(hours) == {("Opened Email", "2026-10-30 15:00"): 3}
    assert found(load_series(shop.account, "opened", ALL)) == {("opened", "2026-10-30 00:00"): 3}


def test_a_series_begins_with_its_first_count_and_ends_with_the_last_day(shop: Book) -> None:
    sms = load_series(shop.account, "revenue", ALL, dimension="channel").rows
    sms = sms[sms.unique_id == "revenue/channel/sms"]
    assert sms.ds.tolist() == [pd.Timestamp("2026-11-09")]
    early = load_series(shop.account, "revenue", days("2026-10-01", "2026-10-30")).rows
    assert (early.ds.min(), early.ds.max()) == (
        pd.Timestamp("2026-10-24"), pd.Timestamp("2026-10-30")
    )  # fmt: skip
    assert early.y.tolist() == [20, 0, 0, 0, 0, 0, 0]


def test_accounts_do_not_mix(new_book: Callable[..., Book]) -> None:
    mine, other = filled(new_book()), new_book()
    other.event("viewed", "2026-09-28 15:00+00")
    other.refresh()
    assert load_series(mine.account, "orders", ALL).rows.y.sum() == 6
    with pytest.raises(DataMissing, match=f"account {other.account_id} has no orders"):
        load_series(other.account, "orders", ALL)


@pytest.mark.parametrize(
    ("metric", "more", "said"),
    [
        ("sales", {}, "has no metric 'sales'"),
        ("placed order", {}, "has 2 metrics 'placed order'"),
        ("clicks", {"dimension": "flow"}, "cannot be split by 'flow'"),
        ("revenue", {"dimension": "flow", "grain": "h"}, "by hours cannot be split by 'flow'"),
        ("Viewed Product", {"dimension": "channel"}, "cannot be split by 'channel'"),
        ("clicks", {"grain": "h"}, "clicks is not counted by hours"),
        ("revenue", {"grain": "Q"}, "grain is 'Q'"),
    ],
)
def test_what_cannot_be_asked(shop: Book, metric: str, more: dict[str, str], said: str) -> None:
    with pytest.raises(InputInvalid, match=said) as refused:
        load_series(shop.account, metric, ALL, **more)
    assert refused.value.hint


def test_what_is_not_there(shop: Book, new_book: Callable[..., Book]) -> None:
    with pytest.raises(DataMissing, match="no spam_complaints from"):
        load_series(shop.account, "spam_complaints", ALL)
    with pytest.raises(DataMissing, match="no facts from 2020"):
        load_series(shop.account, "revenue", days("2020-01-01", "2020-02-01"))
    with pytest.raises(DataMissing, match=r"no whole step \(MS\)"):
        load_series(shop.account, "revenue", days("2026-10-20", "2026-10-30"), grain="MS")
    with pytest.raises(DataMissing, match="no facts"):
        load_series(new_book().account, "revenue", ALL)
