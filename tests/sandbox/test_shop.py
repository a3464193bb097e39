"""The generator: the same plan gives the same bytes, and what it makes hangs together."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest

from workbench.errors import InputInvalid
from workbench.sandbox import Shop, ShopPlan, build_shop
from workbench.sandbox.shop.attribution import WINDOWS, last_touches
from workbench.sandbox.shop.days import HOUR
from workbench.sandbox.shop.events import Events, Kind
from workbench.sandbox.shop.ids import event_ids, event_row, event_uuids, short_ids, ulids
from workbench.sandbox.shop.plan import account_id
from workbench.sandbox.shop.seasons import black_friday


def _bytes(events: Events) -> list[bytes]:
    return [getattr(events, field.name).tobytes() for field in dataclasses.fields(events)]


def test_the_same_plan_gives_the_same_bytes(shop: Shop) -> None:
    again = build_shop(shop.plan)
    assert _bytes(again.events) == _bytes(shop.events)
    assert again.catalogue == shop.catalogue
    assert again.people.ids.tolist() == shop.people.ids.tolist()


def test_another_seed_gives_another_account(shop: Shop) -> None:
    other = build_shop(dataclasses.replace(shop.plan, seed=2))
    assert other.account.id != shop.account.id
    assert _bytes(other.events) != _bytes(shop.events)


def test_every_plan_is_an_account_of_its_own() -> None:
    plans = [ShopPlan(seed=seed, days=days) for seed in range(20) for days in (7, 14)]
    ids = {account_id(plan) for plan in plans}
    assert len(ids) == len(plans)
    assert all(len(each) == 6 and each.startswith("S") and each.isalnum() for each in ids)


@pytest.mark.parametrize("wrong", [{"profiles": 0}, {"days": 0}, {"tail_days": -1}, {"seed": -1}])
def test_a_senseless_plan_is_refused(wrong: dict[str, int]) -> None:
    (name,) = wrong
    with pytest.raises(InputInvalid, match=f"{name} is"):
        ShopPlan(**wrong)  # type: ignore[arg-type]


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(InputInvalid, match="not an IANA time zone"):
        ShopPlan(timezone="Mars/Olympus")


@pytest.mark.parametrize("profiles", [1, 7])
def test_a_tiny_shop_can_be_built(profiles: int) -> None:
    tiny = build_shop(ShopPlan(profiles=profiles, days=7, tail_days=0))
    assert len(tiny.people) == profiles
    assert (tiny.events.visible_at >= 0).all()


def test_events_are_sorted_and_point_backwards(shop: Shop) -> None:
    events = shop.events
    assert (np.diff(events.at) >= 0).all()
    for name in ("receipt", "touch", "caused_by"):
        pointing = np.flatnonzero(getattr(events, name) >= 0)
        target = getattr(events, name)[pointing]
        assert len(pointing)
        assert (events.at[target] <= events.at[pointing]).all()
        assert (events.profile[target] == events.profile[pointing]).all()


def test_nobody_receives_after_leaving(shop: Shop) -> None:
    events = shop.events
    for row in events.rows(Kind.UNSUBSCRIBED):
        mine = (events.profile == events.profile[row]) & (events.kind == Kind.RECEIVED_EMAIL)
        assert events.at[mine].max() <= events.at[row]


def test_an_order_is_the_sum_of_its_lines(shop: Shop) -> None:
    events, book = shop.events, shop.orders
    for row in events.rows(Kind.PLACED_ORDER)[:200]:
        lines = slice(*book.first_line[events.ref[row] : events.ref[row] + 2])
        assert (book.quantity[lines] * book.price[lines]).sum() == events.value[row]
        assert (book.price[lines] > 0).all()


def test_the_last_touch_whose_window_is_open_gets_the_order(shop: Shop) -> None:
    """Oracle: the rule as a plain loop over the touches of each customer."""
    events = shop.events
    orders = events.rows(Kind.PLACED_ORDER)
    expected = []
    for order in orders:
        best = -1
        for row in np.flatnonzero(events.profile == events.profile[order]):
            kind = Kind(int(events.kind[row]))
            if kind not in WINDOWS or events.at[row] > events.at[order]:
                continue
            receipt = row if kind == Kind.RECEIVED_SMS else events.receipt[row]
            if events.at[order] - events.at[receipt] <= WINDOWS[kind]:
                best = row
        expected.append(best)
    assert last_touches(events, orders=orders).tolist() == expected
    assert 0.1 < np.mean(np.array(expected) >= 0) < 0.6


def test_about_one_event_in_two_hundred_is_late(shop: Shop) -> None:
    events = shop.events
    late = (events.visible_at > events.at) & (events.kind != Kind.OLD_SHOP_ORDER)
    delay = (events.visible_at - events.at)[late]  # an import is no lateness
    assert 0.003 < len(delay) / len(events) < 0.007
    assert delay.min() >= 3_600
    assert delay.max() < 6 * 86_400


def test_what_an_order_is_credited_to_is_never_late(shop: Shop) -> None:
    events = shop.events
    touch = events.touch[events.touch >= 0]
    for rows in (touch, events.receipt[touch][events.receipt[touch] >= 0]):
        assert (events.visible_at[rows] == events.at[rows]).all()


def test_black_friday_week_is_the_busiest() -> None:
    shop = build_shop(ShopPlan(profiles=1_500, days=364, until=dt.date(2026, 11, 30)))
    orders = shop.events.rows(Kind.PLACED_ORDER)
    day = shop.days.index(shop.events.at[orders])
    counts = np.bincount(day, minlength=shop.days.count)
    friday = black_friday(2026)
    index = (friday - shop.days.first).days
    before = counts[index - 70 : index - 14].mean()
    assert counts[index - 1 : index + 3].mean() > 1.5 * before


def test_event_ids_lead_back_to_their_rows() -> None:
    rows = np.array([0, 1, 2, 399_999, 49_999_999])
    ids = event_ids(rows, seed=3)
    assert all(len(each) == 11 and each.isalnum() for each in ids)
    assert [event_row(each, seed=3) for each in ids] == rows.tolist()
    assert event_row("too-short", seed=3) is None


def test_an_event_uuid_holds_its_second() -> None:
    (text,) = event_uuids(np.array([5]), np.array([1_621_295_008]))
    assert text.startswith("adc8d000-b769-11eb-8001-")  # 2021-05-17 23:43:28 UTC


def test_ids_are_distinct_and_shaped() -> None:
    assert len(set(short_ids(5_000, seed=1, kind="metric"))) == 5_000
    made = ulids(np.full(5_000, 1_700_000_000), seed=1, kind="profile")
    assert len(set(made)) == 5_000
    assert all(len(each) == 26 for each in made)


def test_nobody_is_seen_before_they_are_there() -> None:
    """Events dated in the future too; the visit that brings a profile begins minutes before it."""
    young = build_shop(ShopPlan(profiles=300, days=30, tail_days=200))
    events, created = young.events, young.people.created
    known = events.profile >= 0
    assert (created[events.profile] - events.visible_at)[known].max() < HOUR
    assert (events.at > events.visible_at).sum() > 3
