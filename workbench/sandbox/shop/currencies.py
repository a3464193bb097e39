"""The currencies of a shop: its account's own, and two in which some of those abroad pay."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.people import PLACES, People
from workbench.sandbox.shop.plan import ShopPlan, random_stream

__all__ = ["converted", "paid_currency", "shop_currencies"]

_OTHERS = ("EUR", "GBP", "USD")
_OF_COUNTRY = {"United States": "USD", "United Kingdom": "GBP", "Germany": "EUR"}
# made-up rates that never move: units of a currency for one US dollar
_PER_DOLLAR = {"EUR": 0.9, "GBP": 0.8, "USD": 1.0}
_HOME_SHARE = 0.8  # of the profiles, in an account of a known country


def shop_currencies(plan: ShopPlan) -> tuple[str, ...]:
    """ISO 4217 codes that ``Events.currency`` points at; the account's own first."""
    others = [code for code in _OTHERS if code != plan.currency]
    return (plan.currency, *others[:2]) if plan.foreign_share else (plan.currency,)


def paid_currency(plan: ShopPlan, people: People) -> npt.NDArray[np.uint8]:
    """Row of the shop's currencies in which each profile pays, always the same one."""
    currencies = shop_currencies(plan)
    local = np.array(
        [
            currencies.index(code) if (code := _OF_COUNTRY.get(place.country)) in currencies else 0
            for place in PLACES
        ]
    )
    abroad = np.array([place.country != plan.country for place in PLACES])
    candidates = abroad & (local > 0)
    if not candidates.any():
        return np.zeros(len(people), dtype=np.uint8)
    home_share = 0.0 if abroad.all() else _HOME_SHARE
    share = (1 - home_share) * candidates.sum() / abroad.sum()
    rng = random_stream(plan, "currencies", block=people.block)
    pays = rng.random(len(people)) < plan.foreign_share / share
    pays &= (people.place >= 0) & candidates[people.place]
    return np.where(pays, local[people.place], 0).astype(np.uint8)


def converted(
    plan: ShopPlan, value: npt.NDArray[np.int64], currency: npt.NDArray[np.uint8]
) -> npt.NDArray[np.int64]:
    """Cents of the account's currency as cents of the currency in each row.

    Args:
        plan: the shop.
        value: cents.
        currency: row of the shop's currencies.
    """
    rates = np.array([_PER_DOLLAR.get(code, 1.0) for code in shop_currencies(plan)])
    return np.asarray(np.rint(value * (rates / rates[0])[currency]), dtype=np.int64)
