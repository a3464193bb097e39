"""Predictive analytics of profiles, from the process that the shop's customers really follow.

Served when the account would get them from Klaviyo: 500 customers, 180 days of orders, an order in
the last 30 days, and a customer with three orders. The figures know the parameters of the process
and the visible orders of a profile, not its own random causes. Shop time is taken to pass in the
next 365 days as it did in the last. A profile that pays in another currency than the account's has
no figures in money. The orders of a file follow no known process: nothing is predicted from them.

Source: Fader, Hardie and Lee (2005), "Counting Your Customers the Easy Way", equation 10; Fader,
Hardie and Lee (2008), "Computing P(alive) Using the BG/NBD Model", equation 7; Fader and Hardie
(2013), "The Gamma-Gamma Model of Monetary Value", equation 5.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import hyp2f1

from workbench.sandbox.api.account_bodies import instant
from workbench.sandbox.api.jsonapi import Body
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.shop.days import DAY
from workbench.sandbox.shop.events import Kind
from workbench.sandbox.shop.frame import account_days
from workbench.sandbox.shop.plan import Buying
from workbench.sandbox.shop.purchases import order_clock

__all__ = ["Predictions", "alive_probability", "expected_orders"]

LEAST_CUSTOMERS, LEAST_DAYS, LATEST_DAYS, LEAST_ORDERS = 500, 180, 30, 3
HORIZON = 365  # days
_NAMES = (
    "historic_clv",
    "predicted_clv",
    "total_clv",
    "historic_number_of_orders",
    "predicted_number_of_orders",
    "average_days_between_orders",
    "average_order_value",
    "churn_probability",
    "expected_date_of_next_order",
    "ranked_channel_affinity",
)
_TOUCHES = {
    "email": (Kind.OPENED_EMAIL, Kind.CLICKED_EMAIL),
    "sms": (Kind.CLICKED_SMS,),
    "push": (Kind.OPENED_PUSH,),
}

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]


def expected_orders(x: _Floats, t_x: _Floats, T: _Floats, *, t: float, of: Buying) -> _Floats:
    """Orders to expect in the next ``t`` units of time.

    Args:
        x: orders of each customer after the first.
        t_x: time from the first order to the last.
        T: time from the first order to now.
        t: length of the future.
        of: parameters of the process.

    Source: Fader, Hardie and Lee (2005), equation 10.
    """
    a, b, r, alpha = of.a, of.b, of.r, of.alpha
    shrink = ((alpha + T) / (alpha + T + t)) ** (r + x)
    curve = hyp2f1(r + x, b + x, a + b + x - 1, t / (alpha + T + t))
    lived = (a + b + x - 1) / (a - 1) * (1 - shrink * curve)
    return np.asarray(lived * alive_probability(x, t_x, T, of=of))


def alive_probability(x: _Floats, t_x: _Floats, T: _Floats, *, of: Buying) -> _Floats:
    """Chance that a customer has not stopped; arguments as those of ``expected_orders``.

    Source: Fader, Hardie and Lee (2008), equation 7.
    """
    odds = of.a / (of.b + np.maximum(x, 1) - 1) * ((of.alpha + T) / (of.alpha + t_x)) ** (of.r + x)
    return np.asarray(1 / (1 + np.where(x > 0, odds, 0.0)))


class Predictions:
    """The predictions for every profile of an account.

    Args:
        snapshot: the account at its instant.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._shop = snapshot.shop

    def body(self, row: int) -> Body:
        """The predictions for one profile; every one is null where there are none."""
        if not self.is_eligible or not self._counts[row]:
            return dict.fromkeys(_NAMES)
        values = {name: _number(column[row]) for name, column in self._columns.items()}
        due = values.pop("due_at")
        return {
            **dict.fromkeys(_NAMES),
            **values,
            "expected_date_of_next_order": None if due is None else instant(int(due)),
            "ranked_channel_affinity": self._channels(row),
        }

    @cached_property
    def is_eligible(self) -> bool:
        """Whether the account has what predictions need."""
        if self._shop.has_real_orders or not len(self._orders):
            return False
        at, now = self._shop.events.at[self._orders], self._snapshot.now
        return bool(
            (self._counts > 0).sum() >= LEAST_CUSTOMERS
            and now - at[0] >= LEAST_DAYS * DAY
            and now - at[-1] <= LATEST_DAYS * DAY
            and self._counts.max() >= LEAST_ORDERS
        )

    @cached_property
    def _orders(self) -> _Ints:
        return self._rows(Kind.PLACED_ORDER)

    def _rows(self, *kinds: Kind) -> _Ints:
        """The visible rows of some kinds up to now, of profiles that there are, in time order."""
        events, now = self._shop.events, self._snapshot.now
        rows = np.sort(np.concatenate([events.rows(kind) for kind in kinds]))
        rows = rows[events.profile[rows] >= 0]
        rows = rows[(events.visible_at[rows] <= now) & (events.at[rows] <= now)]
        return np.asarray(rows[self._snapshot.owner[events.profile[rows]] >= 0])

    def _total(self, rows: _Ints, weights: _Ints | None = None) -> _Floats:
        """How many of some rows each profile has, or what their weights add up to."""
        owner = self._snapshot.owner[self._shop.events.profile[rows]]
        total = np.bincount(owner, weights, minlength=len(self._shop.people))
        return total.astype(np.float64)

    @cached_property
    def _counts(self) -> _Floats:
        return self._total(self._orders)

    @cached_property
    def _columns(self) -> dict[str, _Floats]:
        """One number a profile and figure; NaN where there is none."""
        events, buying = self._shop.events, self._shop.plan.buying
        at = events.at[self._orders]
        owner = self._snapshot.owner[events.profile[self._orders]]
        first, last = np.zeros(len(self._counts), np.int64), np.zeros(len(self._counts), np.int64)
        first[owner[::-1]], last[owner] = at[::-1], at
        days, _, _ = account_days(self._shop.plan)
        read = order_clock(self._shop.plan, days).read
        now = np.array([self._snapshot.now])
        future = float((read(now) - read(now - HORIZON * DAY))[0])
        count = np.where(self._counts > 0, self._counts, np.nan)
        x, begun = count - 1, read(np.maximum(first, days.starts[0]))
        t_x, T = read(np.maximum(last, days.starts[0])) - begun, read(now)[0] - begun
        orders = expected_orders(x, t_x, T, t=future, of=buying)
        gross, net = self._money()
        mean = (buying.p * gross + buying.p * buying.gamma) / (buying.p * count + buying.q - 1)
        wait = (buying.alpha + t_x) / (buying.r + x)
        return {
            "historic_clv": net,
            "predicted_clv": orders * mean,
            "total_clv": net + orders * mean,
            "historic_number_of_orders": count,
            "predicted_number_of_orders": orders,
            "average_days_between_orders": (last - first) / DAY / np.where(x > 0, x, np.nan),
            "average_order_value": gross / count,
            "churn_probability": 1 - alive_probability(x, t_x, T, of=buying),
            "due_at": last + wait * DAY,
        }

    def _money(self) -> tuple[_Floats, _Floats]:
        """What each profile ordered, and that less what came back; NaN in another currency."""
        events, unit = self._shop.events, 10**self._shop.decimals
        back = self._rows(Kind.REFUNDED_ORDER, Kind.CANCELLED_ORDER)
        foreign = self._total(self._orders[events.currency[self._orders] > 0]) > 0
        gross = self._total(self._orders, events.value[self._orders]) / unit
        net = gross - self._total(back, events.value[back]) / unit
        return np.where(foreign, np.nan, gross), np.where(foreign, np.nan, net)

    @cached_property
    def _touches(self) -> dict[str, _Floats]:
        return {name: self._total(self._rows(*kinds)) for name, kinds in _TOUCHES.items()}

    def _channels(self, row: int) -> list[str]:
        """The channels by which a profile answered, the one it answered most first."""
        touches = {name: count[row] for name, count in self._touches.items() if count[row]}
        return sorted(touches, key=lambda name: -touches[name])


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)
