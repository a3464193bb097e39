"""The profiles of a shop: who they are, what they consent to, and how they treat messages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.days import DAY, AccountDays
from workbench.sandbox.shop.ids import ulids
from workbench.sandbox.shop.plan import ShopPlan, random_stream

__all__ = [
    "BASE_DAYS",
    "BLOCK",
    "DOMAINS",
    "PLACES",
    "People",
    "Place",
    "people",
    "simulated_people",
]

BLOCK = 20_000  # profiles that are simulated together; another size gives other data
BASE_DAYS = 540  # how long before the simulated history the first profiles were created

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]
_Bools = npt.NDArray[np.bool_]

_FIRST = (
    "Ada Ben Cleo Dara Eli Fay Gus Hana Ivo June Kai Lena Milo Nora Omar Pia Quin Rosa "
    "Sami Tess Uma Vito Wren Xena Yuri Zoe"
).split()
_LAST = (
    "Abbott Baker Castro Diaz Ellis Fischer Garcia Hughes Ito Jensen Khan Lopez Meyer Novak "
    "Okafor Patel Quist Rossi Silva Turner Ueda Vega Weber Xu Young Zhang"
).split()

# (domain, inbox provider, share); the last one belongs to companies whose scanners open and click
DOMAINS = (
    ("mail.example.com", "Gmail", 0.46),
    ("inbox.example.net", "Apple", 0.21),
    ("post.example.org", "Microsoft", 0.17),
    ("letters.example.net", "Yahoo", 0.12),
    ("work.example.com", "Microsoft", 0.04),
)
_SCANNED_DOMAIN = len(DOMAINS) - 1


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere profiles live."""

    country: str
    region: str
    city: str
    zip: str
    timezone: str


PLACES = (
    Place("United States", "NY", "New York", "10017", "America/New_York"),
    Place("United States", "IL", "Chicago", "60601", "America/Chicago"),
    Place("United States", "CO", "Denver", "80202", "America/Denver"),
    Place("United States", "CA", "Los Angeles", "90012", "America/Los_Angeles"),
    Place("United Kingdom", "England", "London", "SW1A 1AA", "Europe/London"),
    Place("Canada", "ON", "Toronto", "M5H 2N2", "America/Toronto"),
    Place("Germany", "Berlin", "Berlin", "10117", "Europe/Berlin"),
    Place("Australia", "SA", "Adelaide", "5000", "Australia/Adelaide"),
)


@dataclass(frozen=True, slots=True)
class People:
    """One row a profile, sorted by creation.

    Attributes:
        block: number of the block of profiles that these are; 0 for all of a shop.
        ids: profile ids.
        created: UTC second of creation.
        first_name: a made-up name; None for real customers.
        last_name: likewise.
        external_id: the shop's own customer number.
        country: country name.
        place: row of PLACES; -1 when only the country is known.
        domain: row of DOMAINS.
        takes_email: consented to e-mail marketing when created.
        takes_sms: consented to SMS marketing when created; only these have a phone number.
        leaves_at: UTC second after which the next chance to unsubscribe is taken.
        dies_at: UTC second from which the address bounces.
        complains: leaves by marking a message as spam.
        openness: chance to read an average message.
        has_privacy: Apple fetches the images whether or not a message is read.
        is_scanned: a company's scanner opens and clicks.
        rate: orders a day of average season while a customer; 0 for those who never buy.
        stop: chance to stop buying after an order.
        spend: mean order value in the account's currency.
    """

    block: int
    ids: list[str]
    created: _Ints
    first_name: list[str | None]
    last_name: list[str | None]
    external_id: list[str]
    country: list[str]
    place: _Ints
    domain: _Ints
    takes_email: _Bools
    takes_sms: _Bools
    leaves_at: _Ints
    dies_at: _Ints
    complains: _Bools
    openness: _Floats
    has_privacy: _Bools
    is_scanned: _Bools
    rate: _Floats
    stop: _Floats
    spend: _Floats

    def __len__(self) -> int:
        return len(self.ids)


def simulated_people(plan: ShopPlan, days: AccountDays, *, block: int) -> People:
    """One block of profiles: a third from before the history, the others as the shop grows.

    Args:
        plan: the shop.
        days: every simulated day, from BASE_DAYS before the history to the end of the tail.
        block: its number.
    """
    rng = random_stream(plan, "people", block=block)
    # a power under one of a uniform draw: arrivals grow steadily
    first = block * BLOCK
    count = min(plan.profiles - first, BLOCK)
    moment = rng.random(count) ** 0.7 * (days.count - plan.tail_days)
    created = days.starts[0] + (moment * DAY).astype(np.int64)
    home = np.array([place.country == plan.country for place in PLACES])
    weights = np.where(home, 4.0 / max(home.sum(), 1), 1.0 / max((~home).sum(), 1))
    place = rng.choice(len(PLACES), count, p=weights / weights.sum())
    return people(
        plan,
        created=np.sort(created),
        place=place,
        country=[PLACES[row].country for row in place],
        external_id=[f"C{10_001 + first + row}" for row in range(count)],
        block=block,
    )


def people(
    plan: ShopPlan,
    *,
    created: _Ints,
    place: _Ints,
    country: list[str],
    external_id: list[str],
    block: int = 0,
) -> People:
    """Profiles whose creation, whereabouts and numbers are given, and whose habits are drawn.

    Args:
        plan: the shop.
        created: UTC second of each, ascending.
        place: row of PLACES, or -1.
        country: country name.
        external_id: the shop's own number of each.
        block: number of the block that they are.
    """
    rng = random_stream(plan, "habits", block=block)
    count = len(created)
    domain = rng.choice(len(DOMAINS), count, p=[share for _, _, share in DOMAINS])
    names = rng.integers(0, len(_FIRST), (count, 2))
    buying = plan.buying
    buys = rng.random(count) < buying.share
    return People(
        block=block,
        ids=ulids(created, seed=plan.seed, kind=f"profile {block}" if block else "profile"),
        created=created,
        first_name=[_FIRST[row] for row in names[:, 0]],
        last_name=[_LAST[row] for row in names[:, 1]],
        external_id=external_id,
        country=country,
        place=place,
        domain=domain,
        takes_email=rng.random(count) < 0.7,
        takes_sms=rng.random(count) < 0.2,
        leaves_at=created + _wait(rng, count, years=7.0),
        dies_at=created + _wait(rng, count, years=28.0),
        complains=rng.random(count) < 0.06,
        openness=rng.beta(2.0, 5.5, count),
        has_privacy=rng.random(count) < np.where(domain == 1, 0.9, 0.2),
        is_scanned=domain == _SCANNED_DOMAIN,
        rate=np.where(buys, rng.gamma(buying.r, 1.0 / buying.alpha, count), 0.0),
        stop=rng.beta(buying.a, buying.b, count),
        spend=buying.p * buying.gamma / rng.gamma(buying.q, 1.0, count),
    )


def _wait(rng: np.random.Generator, count: int, *, years: float) -> _Ints:
    return rng.exponential(years * 365 * DAY, count).astype(np.int64)
