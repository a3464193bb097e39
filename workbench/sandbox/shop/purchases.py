"""When profiles buy and browse without being asked to: a buy-till-you-die process in shop time.

Shop time runs faster on busy days: one unit passes in a day of average season. Purchases are drawn
in shop time and laid out on the calendar, which gives them the season of the shop.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.days import AccountDays
from workbench.sandbox.shop.people import People
from workbench.sandbox.shop.plan import ShopPlan, random_stream
from workbench.sandbox.shop.seasons import daily_intensity, seconds_of_day

__all__ = ["CENTS", "Purchases", "Visits", "baseline_purchases", "browsing_visits", "order_values"]

CENTS = 100
MOST_ORDERS = 150  # of one profile, before and within the history
FIRST_ORDER_WAIT = 12.0  # mean days of average season from creation to the first order
VISITS_A_DAY = 0.010  # of one profile, on a day of average season
VISIT_ENDS = (0.55, 0.31, 0.14)  # looked around, viewed a product, began a checkout

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Purchases:
    """One row an order: when (UTC second), who, worth what (cents), caused by which log entry."""

    at: _Ints
    profile: _Ints
    value: _Ints
    caused_by: _Ints


@dataclass(frozen=True, slots=True)
class Visits:
    """One row a visit without an order: when, who, and how far it went (row of VISIT_ENDS)."""

    at: _Ints
    profile: _Ints
    end: _Ints


def baseline_purchases(
    plan: ShopPlan, people: People, days: AccountDays, *, since: int
) -> Purchases:
    """The orders that happen whether or not anything is sent, sorted by profile.

    Args:
        plan: the shop.
        people: its profiles.
        days: every simulated day, the years before the history included.
        since: UTC second at which the history begins; earlier orders are left out.
    """
    rng = random_stream(plan, "purchases", block=people.block)
    buyers = np.flatnonzero(people.rate > 0)
    counts = np.minimum(rng.geometric(people.stop[buyers]), MOST_ORDERS)
    profile = np.repeat(buyers, counts)
    first = np.concatenate(([0], np.cumsum(counts)[:-1])).astype(np.int64)[: len(buyers)]
    gaps = rng.exponential(1.0, len(profile)) / people.rate[profile]
    gaps[first] = rng.exponential(FIRST_ORDER_WAIT, len(first))
    elapsed = np.cumsum(gaps)
    elapsed -= np.repeat(elapsed[first] - gaps[first], counts)
    shop_clock = _shop_clock(days)
    moment = np.interp(people.created[profile], days.starts, shop_clock) + elapsed
    at = _calendar(rng, moment, days, shop_clock)
    at = np.maximum(at, people.created[profile] + 900)
    kept = (moment < shop_clock[-1]) & (at >= since)
    at, profile = at[kept], profile[kept]
    value = order_values(rng, plan, people.spend[profile])
    return Purchases(at, profile, value, np.full(len(at), -1))


def browsing_visits(plan: ShopPlan, people: People, days: AccountDays, *, since: int) -> Visits:
    """The visits that end without an order."""
    rng = random_stream(plan, "visits", block=people.block)
    shop_clock = _shop_clock(days)
    born = np.interp(np.maximum(people.created, since), days.starts, shop_clock)
    left = shop_clock[-1] - born
    profile = np.repeat(np.arange(len(people)), rng.poisson(left * VISITS_A_DAY))
    moment = born[profile] + rng.random(len(profile)) * left[profile]
    at = _calendar(rng, moment, days, shop_clock)
    end = rng.choice(len(VISIT_ENDS), len(at), p=VISIT_ENDS)
    return Visits(np.maximum(at, people.created[profile] + 60), profile, end)


def order_values(rng: np.random.Generator, plan: ShopPlan, spend: _Floats) -> _Ints:
    """Values in cents, gamma-distributed around each customer's mean; never under 5.00."""
    shape = plan.buying.p
    values = np.rint(rng.gamma(shape, spend / shape) * CENTS)
    return np.maximum(values, 5 * CENTS).astype(np.int64)


def _shop_clock(days: AccountDays) -> _Floats:
    """Shop time at the start of each day, and at the end of the last."""
    return np.concatenate(([0.0], np.cumsum(daily_intensity(days))))


def _calendar(
    rng: np.random.Generator, moment: _Floats, days: AccountDays, shop_clock: _Floats
) -> _Ints:
    day = np.searchsorted(shop_clock, moment, side="right") - 1
    return days.wall(np.minimum(day, days.count - 1), seconds_of_day(rng, len(moment)))
