"""What a simulated shop is made from: one frozen object, and the random streams drawn from it.

Every part of the generator draws from a stream named after it, so that a change in one part leaves
the random numbers of the others as they were.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field

import numpy as np

from workbench.errors import InputInvalid
from workbench.periods import zone

__all__ = ["SIZES", "Buying", "ShopPlan", "account_id", "random_stream"]

GENERATION = 5  # raise when the same plan gives other data, so that it is another account
SIZES = {"small": 4_000, "medium": 45_000, "large": 450_000}  # profiles
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class Buying:
    """A buy-till-you-die process (BG/NBD) with gamma-gamma order values.

    Attributes:
        share: part of all profiles that ever buys.
        r: shape of the gamma-distributed rate of repeat orders.
        alpha: its rate, in days of average season.
        a: first parameter of the beta-distributed chance to stop after a repeat order.
        b: second parameter of it.
        p: shape of the order values of one customer.
        q: shape of the customers' mean order value.
        gamma: scale of it, in the account's currency.

    Source: Fader, Hardie and Lee (2005), "Counting Your Customers the Easy Way", section 3;
    Fader and Hardie (2013), "The Gamma-Gamma Model of Monetary Value", section 2.
    """

    share: float = 0.62
    r: float = 0.9
    alpha: float = 70.0
    a: float = 0.9
    b: float = 4.0
    p: float = 5.0
    q: float = 4.0
    gamma: float = 42.0


@dataclass(frozen=True, slots=True)
class ShopPlan:
    """Everything that decides a simulated shop: the same plan gives the same bytes.

    Attributes:
        seed: start of every random stream.
        profiles: how many profiles were created when the tail ends.
        days: account days of history before ``until``.
        until: the simulated now is midnight of this day in the account's time zone.
        timezone: the account's IANA time zone.
        currency: ISO 4217 code of the account's own money.
        country: the account's country, and that of four profiles in five.
        tail_days: days simulated from ``until`` on, invisible until the clock advances.
        late_share: part of the events that becomes visible hours to six days late.
        very_late_share: part of the events that becomes visible 10 to 17 days late.
        foreign_share: part of the profiles, all of them abroad, that pays in another currency.
        fates_share: how many profiles are merged, deleted or redacted: 1 the usual part, 0 none.
        buying: parameters of the purchase process.
    """

    seed: int = 1
    profiles: int = 4_000
    days: int = 728
    until: dt.date = dt.date(2026, 11, 2)
    timezone: str = "America/New_York"
    currency: str = "USD"
    country: str = "United States"
    tail_days: int = 14
    late_share: float = 0.005
    very_late_share: float = 0.00005
    foreign_share: float = 0.04
    fates_share: float = 1.0
    buying: Buying = field(default_factory=Buying)

    def __post_init__(self) -> None:
        for name, least in (("profiles", 1), ("days", 1), ("tail_days", 0), ("seed", 0)):
            if (value := getattr(self, name)) < least:
                raise InputInvalid(f"{name} is {value}", hint=f"pass {least} or more")
        for name in ("late_share", "very_late_share", "foreign_share"):
            if not 0 <= (share := getattr(self, name)) <= 1:
                raise InputInvalid(f"{name} is {share}", hint="pass a number from 0 to 1")
        zone(self.timezone)


def account_id(plan: ShopPlan, *, orders: str = "simulated") -> str:
    """Six letters and digits, starting with S; another plan, or other orders, another account."""
    digest = hashlib.sha256(f"{GENERATION}{plan!r}{orders}".encode()).digest()
    number = int.from_bytes(digest[:8], "big")
    letters = "S"
    for _ in range(5):
        number, digit = divmod(number, len(_ALPHABET))
        letters += _ALPHABET[digit]
    return letters


def random_stream(plan: ShopPlan, part: str, *, block: int = 0) -> np.random.Generator:
    """The random numbers of one named part of the shop.

    Args:
        plan: the shop.
        part: its name.
        block: number of the block of profiles they are for; what all profiles share is block 0's.
    """
    digest = hashlib.sha256(part.encode()).digest()
    return np.random.default_rng([plan.seed, int.from_bytes(digest[:8], "big"), block])
