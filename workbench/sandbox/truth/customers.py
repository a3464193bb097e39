"""Customers: what they did, why they did it, and what was to be expected of them.

The causes are drawn anew from the plan, as the shop drew them, so that no column has to keep them.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.errors import InputInvalid
from workbench.periods import DateRange
from workbench.sandbox.shop.build import Shop
from workbench.sandbox.shop.currencies import converted, paid_currency
from workbench.sandbox.shop.days import DAY, NEVER
from workbench.sandbox.shop.events import Kind
from workbench.sandbox.shop.frame import account_days
from workbench.sandbox.shop.incidents import Trouble, factors_at
from workbench.sandbox.shop.people import BLOCK, People
from workbench.sandbox.shop.purchases import (
    CENTS,
    FIRST_ORDER_WAIT,
    Lives,
    ShopClock,
    customer_lives,
    order_clock,
)
from workbench.sandbox.truth.money import decimals

__all__ = ["clv", "gone_at", "lives_of"]

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]
_CLOCK_ERROR = 0.05  # in shop time, of an order that was moved to stand behind its profile's start


def clv(shop: Shop, *, now: int, window: DateRange) -> pd.DataFrame:
    """One row a profile that exists now, by creation: history, causes, and days to come.

    Only orders that no message caused count. Shop time is days of average season. Money is in the
    currency that the profile pays in, and only orders in it have a value here.

    Columns:
        profile_id, currency.
        customers: simulated people behind the profile; more than one after merges.
        orders: visible ones up to now.
        frequency: those after the first; missing without an order, as are the next four.
        recency, T: shop time from the first order to the last, and to now.
        recency_days, T_days: the same in days of 24 hours.
        monetary_orders: orders outside promotions.
        monetary_value: their mean value; missing without one.
        is_whole: one customer, whose first visible order is the first of all, not one before the
            history.
        rate, stop, spend: orders a unit of shop time, chance to stop after a repeat order, mean
            order value; of the profile's first self.
        is_alive: that one has placed a first order and has neither stopped by now nor gone.
        stopped_at: UTC, the order after which it stopped; missing when that is after now.
        expected_orders, expected_value: of the window, to one who knows all of the above and the
            plan; before promotions, and as if nobody were deleted.
        realised_orders, realised_value (Decimal): of the window.

    Args:
        shop: the account.
        now: UTC second.
        window: account days, none of them before now's and none after the simulation.

    Raises:
        InputInvalid: the window lies outside, or the orders are a file's and nobody knows their
            causes.

    Source: Fader, Hardie and Lee (2005), section 3; Fader and Hardie (2013), section 2.
    """
    since, until = _seconds(shop, window, now=now)
    people, lives = shop.people, lives_of(shop)
    currency = np.concatenate([paid_currency(shop.plan, block) for block in _blocks_of(people)])
    rate = converted(shop.plan, np.full(len(people), 10**6), currency) / 10**6
    owner = people.fates.owner(now)
    behind = owner >= 0
    expected = _expected(shop, lives, now=now, since=since, until=until)
    frame = pd.DataFrame(
        {
            "profile_id": people.ids.astype(np.str_),
            "currency": np.array(shop.currencies)[currency],
            "customers": _summed(owner, np.ones(len(people))).astype(np.int64),
            **_history(shop, owner, currency, now=now),
            "rate": people.rate,
            "stop": people.stop,
            "spend": people.spend * rate,
            **_ends(shop, lives, now=now),
            "expected_orders": _summed(owner, expected),
            "expected_value": _summed(owner, expected * people.spend) * rate,
            **_realised(shop, owner, currency, since=since, until=until),
        }
    )
    first = _clock(shop).read(frame.pop("first_at").to_numpy()) - lives.first
    frame["is_whole"] = (frame.customers == 1) & (frame.orders > 0) & (first < _CLOCK_ERROR)
    exists = behind & (owner == np.arange(len(people))) & (people.created <= now)
    return pd.DataFrame(frame[exists]).reset_index(drop=True)


def lives_of(shop: Shop) -> Lives:
    """What becomes of all customers of a shop, in shop time.

    Raises:
        InputInvalid: the orders are a file's.
    """
    if shop.has_real_orders:
        raise InputInvalid(
            "the orders of a replay are real, so nobody knows what caused them",
            hint="ask a simulated shop",
        )
    days, _, _ = account_days(shop.plan)
    parts = [customer_lives(shop.plan, block, days) for block in _blocks_of(shop.people)]
    return Lives(
        np.concatenate([part.first for part in parts]),
        np.concatenate([part.stops for part in parts]),
        np.concatenate([part.profile + at * BLOCK for at, part in enumerate(parts)]),
        np.concatenate([part.moment for part in parts]),
    )


def _blocks_of(everybody: People) -> list[People]:
    """The blocks of profiles that a shop was simulated in."""
    parts = []
    for number, first in enumerate(range(0, len(everybody), BLOCK)):
        columns = {field.name: getattr(everybody, field.name) for field in fields(People)}
        rows: dict[str, Any] = {
            name: column[first : first + BLOCK]
            for name, column in columns.items()
            if isinstance(column, list | np.ndarray) and len(column) == len(everybody)
        }
        parts.append(replace(everybody, **rows, block=number))
    return parts


def gone_at(shop: Shop) -> _Floats:
    """The shop time from which each profile does nothing more: deleted or redacted, else infinite.

    What was merged away goes on in the name of another.
    """
    gone = np.minimum(shop.people.deleted_at, shop.people.redacted_at)
    return np.where(gone < NEVER, _clock(shop).read(gone), np.inf)


def _clock(shop: Shop) -> ShopClock:
    days, _, _ = account_days(shop.plan)
    return order_clock(shop.plan, days)


def _baseline(shop: Shop, owner: npt.NDArray[np.int32]) -> tuple[_Ints, _Ints]:
    """The orders that no message caused and whose profile is known, and whose they are now."""
    placed = shop.events.rows(Kind.PLACED_ORDER)
    placed = placed[(shop.events.caused_by[placed] < 0) & (shop.events.profile[placed] >= 0)]
    whose = owner[shop.events.profile[placed]].astype(np.int64)
    return placed[whose >= 0], whose[whose >= 0]


def _history(
    shop: Shop, owner: npt.NDArray[np.int32], currency: npt.NDArray[np.uint8], *, now: int
) -> dict[str, npt.NDArray[np.generic]]:
    """What the visible orders say; first_at is UTC seconds, ``now`` without an order."""
    events, clock, count = shop.events, _clock(shop), len(owner)
    rows, whose = _baseline(shop, owner)
    shown = (events.visible_at[rows] <= now) & (events.at[rows] <= now)
    rows, whose = rows[shown], whose[shown]
    orders = np.bincount(whose, minlength=count)
    begins, ends = np.full(count, now), np.full(count, now)
    np.minimum.at(begins, whose, events.at[rows])
    ends[whose] = events.at[rows]  # in time order, so the last one stays
    missing = np.where(orders > 0, 0.0, np.nan)
    usual = factors_at(shop.plan, events.at[rows], Trouble.PROMOTION) == 1
    usual &= events.currency[rows] == currency[whose]
    counts = np.bincount(whose[usual], minlength=count)
    sums = np.bincount(whose[usual], weights=events.value[rows][usual] / CENTS, minlength=count)
    present = clock.read(np.array([now]))
    return {
        "orders": orders,
        "first_at": begins,
        "frequency": orders - 1 + missing,
        "recency": clock.read(ends) - clock.read(begins) + missing,
        "T": present - clock.read(begins) + missing,
        "recency_days": (ends - begins) / DAY + missing,
        "T_days": (now - begins) / DAY + missing,
        "monetary_orders": counts,
        "monetary_value": np.divide(sums, counts, out=np.full(count, np.nan), where=counts > 0),
    }


def _realised(
    shop: Shop,
    owner: npt.NDArray[np.int32],
    currency: npt.NDArray[np.uint8],
    *,
    since: int,
    until: int,
) -> dict[str, Any]:
    """The orders of a window, visible or not, by whose they are now."""
    events = shop.events
    rows, whose = _baseline(shop, owner)
    inside = (events.at[rows] >= since) & (events.at[rows] < until)
    rows, whose = rows[inside], whose[inside]
    value = np.zeros(len(owner), dtype=np.int64)
    is_own = events.currency[rows] == currency[whose]
    np.add.at(value, whose[is_own], events.value[rows][is_own])
    return {
        "realised_orders": np.bincount(whose, minlength=len(owner)),
        "realised_value": decimals(shop, value),
    }


def _ends(shop: Shop, lives: Lives, *, now: int) -> dict[str, npt.NDArray[np.generic]]:
    """Who is alive, and since when not."""
    clock = _clock(shop)
    (present,) = clock.read(np.array([now]))
    has_stopped = lives.stops <= present
    stopped_at = np.full(len(has_stopped), np.datetime64("NaT"), dtype="datetime64[s]")
    stopped_at[has_stopped] = clock.at(lives.stops[has_stopped]).astype("datetime64[s]")
    is_gone = has_stopped | (gone_at(shop) <= present)
    return {"is_alive": (lives.first <= present) & ~is_gone, "stopped_at": stopped_at}


def _expected(shop: Shop, lives: Lives, *, now: int, since: int, until: int) -> _Floats:
    """The orders to be expected of each customer between two instants, as things stand now."""
    people = shop.people
    present, begin, end = _clock(shop).read(np.array([now, since, until]))
    is_here = gone_at(shop) > present
    is_alive = is_here & (lives.first <= present) & (lives.stops > present)
    waits = is_here & (people.rate > 0) & (lives.first > present) & (people.created <= now)
    early, late = (
        np.where(is_alive, _orders_of_the_living(people, length), 0.0)
        + np.where(waits, _orders_of_the_waiting(people, length), 0.0)
        for length in (begin - present, end - present)
    )
    return np.asarray(late - early)


def _orders_of_the_living(people: People, length: float) -> _Floats:
    """Repeat orders expected in so much shop time (FHL 2005, expectation given rate and stop)."""
    return np.asarray(-np.expm1(-people.rate * people.stop * length) / people.stop)


def _orders_of_the_waiting(people: People, length: float) -> _Floats:
    """The first order, whose wait is exponential, and those expected to follow it."""
    arrival, ending = 1 / FIRST_ORDER_WAIT, people.rate * people.stop
    comes = -np.expm1(-arrival * length)
    still = arrival * (np.exp(-ending * length) - np.exp(-arrival * length)) / (arrival - ending)
    return np.asarray(comes + (comes - still) / people.stop)


def _summed(owner: npt.NDArray[np.int32], values: _Floats) -> _Floats:
    """Values of customers, added up by the profile that each belongs to now."""
    mine = owner >= 0
    sums = np.bincount(owner[mine], weights=values[mine], minlength=len(owner))
    return np.asarray(sums, dtype=np.float64)


def _seconds(shop: Shop, window: DateRange, *, now: int) -> tuple[int, int]:
    first, last = window.instants(shop.account.timezone)
    since, until = int(first.timestamp()), int(last.timestamp())
    if since < now or until > shop.days.starts[-1]:
        today = int(np.searchsorted(shop.days.starts, now))
        raise InputInvalid(
            f"the window {window} is not one of simulated days to come",
            hint=f"begin it on {shop.days.date(today)} or later, and end it on "
            f"{shop.days.date(shop.days.count - 1)} at the latest",
        )
    return since, until
