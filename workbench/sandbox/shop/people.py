"""The profiles of a shop: who they are, what they consent to, and how they treat messages."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.consent import drawn_consents
from workbench.sandbox.shop.days import DAY, HOUR, NEVER, AccountDays
from workbench.sandbox.shop.fates import Fates, drawn_fates, no_fates
from workbench.sandbox.shop.forms import methods_that_work
from workbench.sandbox.shop.ids import found_row, ulid_column
from workbench.sandbox.shop.plan import ShopPlan, random_stream

__all__ = [
    "ARRIVALS",
    "BASE_DAYS",
    "BLOCK",
    "COUNTRIES",
    "DOMAINS",
    "FIRST_NAMES",
    "LAST_NAMES",
    "PLACES",
    "People",
    "Place",
    "imported_at",
    "people",
    "simulated_people",
]

BLOCK = 20_000  # profiles that are simulated together; another size gives other data
ARRIVALS = 0.7  # power of a uniform draw; under one, so that more come later
HOLDOUT, PUSH_USERS = 0.05, 0.12  # parts of all profiles
BASE_DAYS = 540  # how long before the simulated history the first profiles were created

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]
_Bools = npt.NDArray[np.bool_]

FIRST_NAMES = tuple(
    "Ada Ben Cleo Dara Eli Fay Gus Hana Ivo June Kai Lena Milo Nora Omar Pia Quin Rosa "
    "Sami Tess Uma Vito Wren Xena Yuri Zoe".split()
)
LAST_NAMES = tuple(
    "Abbott Baker Castro Diaz Ellis Fischer Garcia Hughes Ito Jensen Khan Lopez Meyer Novak "
    "Okafor Patel Quist Rossi Silva Turner Ueda Vega Weber Xu Young Zhang".split()
)

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
COUNTRIES = tuple(sorted({place.country for place in PLACES}))
_COUNTRY_OF_PLACE = np.array([COUNTRIES.index(place.country) for place in PLACES])


@dataclass(frozen=True, slots=True)
class People:
    """One row a profile, sorted by creation.

    Attributes:
        block: number of the block of profiles that these are; 0 for all of a shop.
        ids: profile ids.
        by_id: rows in the order of their ids.
        created: UTC second of creation.
        first_name: row of FIRST_NAMES; -1 for real customers.
        last_name: row of LAST_NAMES, likewise.
        external_id: the shop's own customer number.
        country: row of ``countries``.
        countries: names of countries.
        place: row of PLACES; -1 when only the country is known.
        domain: row of DOMAINS.
        takes_email: consented to e-mail marketing when created.
        takes_sms: consents to SMS marketing, at ``sms_at``; only these have a phone number.
        leaves_at: UTC second after which the next chance to unsubscribe is taken.
        dies_at: UTC second from which the address bounces.
        complains: leaves by marking a message as spam.
        openness: chance to read an average message.
        has_privacy: Apple fetches the images whether or not a message is read.
        is_scanned: a company's scanner opens and clicks.
        rate: orders a day of average season while a customer; 0 for those who never buy.
        stop: chance to stop buying after an order.
        spend: mean order value in the account's currency.
        is_holdout: never sent a campaign, so that what campaigns cause can be measured.
        has_push: holds a push token that allows messages.
        method: row of METHODS by which the profile consented.
        returns_at: UTC second from which one who left takes e-mail again; NEVER for most.
        sms_at: UTC second of the consent to text messages; NEVER without one.
        sms_leaves_at: UTC second at which that is taken back.
        vip_at: UTC second at which one who takes e-mail asks for early access; NEVER for others.
        vip_leaves_at: UTC second at which that is taken back; NEVER for most.
        merged_into: row of the profile it is merged into; -1 when it never is.
        merged_at: UTC second of that; NEVER when it never is.
        deleted_at: UTC second from which the profile is gone; NEVER for most.
        redacted_at: UTC second from which it has neither name nor address; NEVER for most.
    """

    block: int
    ids: npt.NDArray[np.bytes_]
    by_id: npt.NDArray[np.int32]
    created: _Ints
    first_name: npt.NDArray[np.int8]
    last_name: npt.NDArray[np.int8]
    external_id: npt.NDArray[np.bytes_]
    country: npt.NDArray[np.int16]
    countries: tuple[str, ...]
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
    is_holdout: _Bools
    has_push: _Bools
    method: npt.NDArray[np.uint8]
    returns_at: _Ints
    sms_at: _Ints
    sms_leaves_at: _Ints
    vip_at: _Ints
    vip_leaves_at: _Ints
    merged_into: npt.NDArray[np.int32]
    merged_at: _Ints
    deleted_at: _Ints
    redacted_at: _Ints

    def __len__(self) -> int:
        return len(self.ids)

    def id_of(self, row: int) -> str:
        """The id of one profile."""
        return str(self.ids[row].decode())

    def row_of(self, profile_id: str) -> int | None:
        """The row of an id; None when no profile has it."""
        return found_row(self.ids, self.by_id, profile_id)

    def takes(self, channel: str, profile: _Ints, at: _Ints) -> _Bools:
        """Whether each of some profiles may be sent a message at an instant.

        Args:
            channel: email, sms or mobile_push.
            profile: rows.
            at: UTC second of each.
        """
        if channel == "email":
            left, back = self.leaves_at[profile], self.returns_at[profile]
            agrees = self.takes_email[profile] & ((at < left) | (at >= back))
        elif channel == "sms":
            agrees = (at >= self.sms_at[profile]) & (at < self.sms_leaves_at[profile])
        else:
            agrees = self.has_push[profile]
        return np.asarray(agrees & (at < self.fates.ends_at[profile]))

    @property
    def fates(self) -> Fates:
        """Who is merged, deleted or redacted."""
        return Fates(self.merged_into, self.merged_at, self.deleted_at, self.redacted_at)


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
    moment = rng.random(count) ** ARRIVALS * days.count
    created = days.starts[0] + (moment * DAY).astype(np.int64)
    home = np.array([place.country == plan.country for place in PLACES])
    weights = np.where(home, 4.0 / max(home.sum(), 1), 1.0 / max((~home).sum(), 1))
    place = rng.choice(len(PLACES), count, p=weights / weights.sum())
    drawn = people(
        plan,
        created=np.sort(created),
        place=place,
        country=_COUNTRY_OF_PLACE[place],
        countries=COUNTRIES,
        external_id=np.char.mod(b"C%d", 10_001 + first + np.arange(count)),
        imported_before=imported_at(days),
        block=block,
    )
    works = methods_that_work(plan, drawn.method, drawn.created, block=block)
    drawn = replace(drawn, method=works)
    return _fated(drawn, plan, days)


def imported_at(days: AccountDays) -> int:
    """UTC second at which profiles of an older system were imported, before the history."""
    return int(days.starts[BASE_DAYS // 2]) + 10 * HOUR


def people(
    plan: ShopPlan,
    *,
    created: _Ints,
    place: _Ints,
    country: npt.NDArray[np.integer],
    countries: tuple[str, ...],
    external_id: npt.NDArray[np.bytes_],
    imported_before: int = 0,
    block: int = 0,
) -> People:
    """Profiles whose creation, whereabouts and numbers are given, and whose habits are drawn.

    Args:
        plan: the shop.
        created: UTC second of each, ascending.
        place: row of PLACES, or -1.
        country: row of ``countries``.
        countries: names of countries.
        external_id: the shop's own number of each.
        imported_before: UTC second of the import that brought some of those created before it.
        block: number of the block that they are.
    """
    rng = random_stream(plan, "habits", block=block)
    count = len(created)
    domain = rng.choice(len(DOMAINS), count, p=[share for _, _, share in DOMAINS])
    names = rng.integers(0, len(FIRST_NAMES), (count, 2)).astype(np.int8)
    kind = f"profile {block}" if block else "profile"
    ids = ulid_column(created, seed=plan.seed, kind=kind)
    buying = plan.buying
    buys = rng.random(count) < buying.share
    takes_email, takes_sms = rng.random(count) < 0.7, rng.random(count) < 0.2
    leaves_at = created + _wait(rng, count, years=7.0)
    dies_at = created + _wait(rng, count, years=28.0)
    complains = rng.random(count) < 0.06
    agreed = drawn_consents(
        plan, created, leaves_at, takes_sms, imported_before=imported_before, block=block
    )
    fates = no_fates(count)
    return People(
        block=block,
        ids=ids,
        by_id=np.argsort(ids).astype(np.int32),
        created=created,
        first_name=names[:, 0],
        last_name=names[:, 1],
        external_id=external_id,
        country=country.astype(np.int16),
        countries=countries,
        place=place,
        domain=domain,
        takes_email=takes_email,
        takes_sms=takes_sms,
        leaves_at=leaves_at,
        dies_at=dies_at,
        complains=complains,
        openness=rng.beta(2.0, 5.5, count),
        has_privacy=rng.random(count) < np.where(domain == 1, 0.9, 0.2),
        is_scanned=domain == _SCANNED_DOMAIN,
        rate=np.where(buys, rng.gamma(buying.r, 1.0 / buying.alpha, count), 0.0),
        stop=rng.beta(buying.a, buying.b, count),
        spend=buying.p * buying.gamma / rng.gamma(buying.q, 1.0, count),
        is_holdout=random_stream(plan, "holdout", block=block).random(count) < HOLDOUT,
        has_push=random_stream(plan, "push", block=block).random(count) < PUSH_USERS,
        method=agreed.method,
        returns_at=np.where(complains, NEVER, agreed.returns_at),
        sms_at=agreed.sms_at,
        sms_leaves_at=agreed.sms_leaves_at,
        vip_at=np.where(takes_email, agreed.vip_at, NEVER),
        vip_leaves_at=np.where(takes_email, agreed.vip_leaves_at, NEVER),
        merged_into=fates.merged_into,
        merged_at=fates.merged_at,
        deleted_at=fates.deleted_at,
        redacted_at=fates.redacted_at,
    )


def _fated(drawn: People, plan: ShopPlan, days: AccountDays) -> People:
    """Profiles of which some are merged, deleted or redacted; the merged are one person."""
    fates = drawn_fates(
        plan,
        drawn.created,
        since=int(days.starts[BASE_DAYS]),
        until=int(days.starts[BASE_DAYS + plan.days]),
        end=int(days.starts[-1]),
        block=drawn.block,
    )
    person = fates.merged_finally()
    return replace(
        drawn,
        first_name=drawn.first_name[person],
        last_name=drawn.last_name[person],
        is_holdout=drawn.is_holdout[person],
        merged_into=fates.merged_into,
        merged_at=fates.merged_at,
        deleted_at=fates.deleted_at,
        redacted_at=fates.redacted_at,
    )


def _wait(rng: np.random.Generator, count: int, *, years: float) -> _Ints:
    return rng.exponential(years * 365 * DAY, count).astype(np.int64)
