"""When profiles buy and browse without being asked to: a buy-till-you-die process in shop time.

Shop time runs faster on busy days: one unit passes in a day of average season. Purchases are drawn
in shop time and laid out on the calendar, which gives them the season of the shop.

From its first order on, a customer follows BG/NBD exactly: repeat orders come at the customer's
rate, and after each of them the customer stops for good with the customer's chance. The wait from
creation to the first order is no part of that model, which starts at the first order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.days import AccountDays
from workbench.sandbox.shop.incidents import Trouble, arrives, factors_at
from workbench.sandbox.shop.people import People
from workbench.sandbox.shop.plan import ShopPlan, random_stream
from workbench.sandbox.shop.seasons import daily_intensity, part_of_day, second_of_day

__all__ = [
    "CENTS",
    "FIRST_ORDER_WAIT",
    "Lives",
    "Purchases",
    "ShopClock",
    "Visits",
    "baseline_purchases",
    "browsing_visits",
    "customer_lives",
    "order_clock",
    "order_values",
]

CENTS = 100
LEAST_VALUE = CENTS  # of an order; fewer than one in a million is drawn smaller
FIRST_ORDER_WAIT = 12.0  # mean days of average season from creation to the first order
VISITS_A_DAY = 0.010  # of one profile, on a day of average season
VISIT_ENDS = (0.55, 0.31, 0.14)  # looked around, viewed a product, began a checkout

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Purchases:
    """One row an order: when (UTC second), who, worth what, caused by which log entry or -1.

    The value is in cents of the account's currency, before any promotion.
    """

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


@dataclass(frozen=True, slots=True)
class ShopClock:
    """Shop time of a run of days, and the calendar it is laid out on.

    Attributes:
        days: the account days.
        time: shop time at the start of each day, and at the end of the last.
    """

    days: AccountDays
    time: _Floats

    def at(self, moment: _Floats) -> _Ints:
        """The UTC second of each shop time before the end."""
        day = np.searchsorted(self.time, moment, side="right") - 1
        part = (moment - self.time[day]) / (self.time[day + 1] - self.time[day])
        return self.days.wall(day, second_of_day(part))

    def read(self, at: _Ints) -> _Floats:
        """The shop time of each UTC second of the run."""
        day = np.clip(self.days.index(at), 0, self.days.count - 1)
        part = part_of_day(at - self.days.starts[day])
        return np.asarray(self.time[day] + part * (self.time[day + 1] - self.time[day]))


@dataclass(frozen=True, slots=True)
class Lives:
    """What becomes of the customers of one block, in shop time.

    Attributes:
        first: first order of each profile; infinite where there is none before the end.
        stops: the order after which each profile stops; infinite where it does not before the end.
        profile: of each order, ascending.
        moment: of each order, ascending within a profile.
    """

    first: _Floats
    stops: _Floats
    profile: _Ints
    moment: _Floats


def order_clock(plan: ShopPlan, days: AccountDays) -> ShopClock:
    """The shop time in which customers buy: season, level shifts and promotions."""
    changes = factors_at(plan, days.starts[:-1], Trouble.LEVEL_SHIFT, Trouble.PROMOTION)
    return _clock(days, daily_intensity(days) * changes)


def customer_lives(plan: ShopPlan, people: People, days: AccountDays) -> Lives:
    """The orders that customers place of themselves, the years before the history included.

    Args:
        plan: the shop.
        people: the profiles of one block.
        days: every simulated day.

    Source: Fader, Hardie and Lee (2005), section 3.
    """
    rng = random_stream(plan, "customer lives", block=people.block)
    clock = order_clock(plan, days)
    end = clock.time[-1]
    first = np.full(len(people), np.inf)
    buyers = np.flatnonzero(people.rate > 0)
    wait = rng.exponential(FIRST_ORDER_WAIT, len(buyers))
    first[buyers] = clock.read(people.created[buyers]) + wait
    first[first >= end] = np.inf
    customers = np.flatnonzero(np.isfinite(first))
    left = end - first[customers]
    counts = rng.poisson(people.rate[customers] * left)  # if nobody ever stopped
    lasts = rng.geometric(people.stop[customers])
    owner = np.repeat(np.arange(len(customers)), counts)
    moment = first[customers][owner] + rng.random(len(owner)) * left[owner]
    moment = moment[np.lexsort((moment, owner))]
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    stops = np.full(len(people), np.inf)
    is_last = rank == lasts[owner] - 1
    stops[customers[owner[is_last]]] = moment[is_last]
    kept = rank < lasts[owner]
    profile = np.concatenate((customers, customers[owner[kept]]))
    moment = np.concatenate((first[customers], moment[kept]))
    order = np.lexsort((moment, profile))
    return Lives(first, stops, profile[order], moment[order])


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
    lives = customer_lives(plan, people, days)
    at = order_clock(plan, days).at(lives.moment)
    at = np.maximum(at, people.created[lives.profile] + 900)
    rng = random_stream(plan, "order values", block=people.block)
    value = order_values(rng, plan, people.spend[lives.profile])
    kept = np.flatnonzero((at >= since) & arrives(rng, plan, at))
    profile = lives.profile[kept].astype(np.int64)
    return Purchases(at[kept], profile, value[kept], np.full(len(kept), -1))


def browsing_visits(plan: ShopPlan, people: People, days: AccountDays, *, since: int) -> Visits:
    """The visits that end without an order."""
    rng = random_stream(plan, "visits", block=people.block)
    orders = order_clock(plan, days)
    clock = _clock(days, np.diff(orders.time) * factors_at(plan, days.starts[:-1], Trouble.VIRAL))
    born = clock.read(np.maximum(people.created, since))
    left = clock.time[-1] - born
    profile = np.repeat(np.arange(len(people)), rng.poisson(left * VISITS_A_DAY))
    at = clock.at(born[profile] + rng.random(len(profile)) * left[profile])
    at = np.maximum(at, people.created[profile] + 60)
    end = rng.choice(len(VISIT_ENDS), len(at), p=VISIT_ENDS)
    kept = arrives(rng, plan, at)
    return Visits(at[kept], profile[kept], end[kept])


def order_values(rng: np.random.Generator, plan: ShopPlan, spend: _Floats) -> _Ints:
    """Values in cents, gamma-distributed around each customer's mean; 1.00 or more."""
    shape = plan.buying.p
    values = np.rint(rng.gamma(shape, spend / shape) * CENTS)
    return np.maximum(values, LEAST_VALUE).astype(np.int64)


def _clock(days: AccountDays, intensity: _Floats) -> ShopClock:
    return ShopClock(days, np.concatenate(([0.0], np.cumsum(intensity))))
