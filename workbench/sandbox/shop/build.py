"""A simulated Klaviyo account as a whole, and the order in which it is built."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
import weakref
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

import numpy as np
import numpy.typing as npt

from workbench.periods import DateRange
from workbench.sandbox.shop.attribution import last_touches
from workbench.sandbox.shop.blocks import Block
from workbench.sandbox.shop.currencies import shop_currencies
from workbench.sandbox.shop.days import DAY, HOUR, AccountDays
from workbench.sandbox.shop.engagement import noted_email, noted_push, noted_sms
from workbench.sandbox.shop.events import EventLog, Events, Kind
from workbench.sandbox.shop.fates import Fates
from workbench.sandbox.shop.form_events import noted_forms
from workbench.sandbox.shop.forms import Forms, simulated_forms
from workbench.sandbox.shop.groups import (
    Group,
    Memberships,
    no_memberships,
    simulated_groups,
)
from workbench.sandbox.shop.ids import short_ids
from workbench.sandbox.shop.incidents import Incident, planned_incidents
from workbench.sandbox.shop.lateness import seen_at
from workbench.sandbox.shop.memberships import memberships, noted_lists, planned_members
from workbench.sandbox.shop.messages import CHANNELS, Catalogue, simulated_catalogue
from workbench.sandbox.shop.orders import (
    OrderBook,
    Product,
    noted_purchases,
    noted_visits,
    products,
)
from workbench.sandbox.shop.people import BASE_DAYS, BLOCK, People, imported_at, simulated_people
from workbench.sandbox.shop.plan import ShopPlan, account_id, random_stream
from workbench.sandbox.shop.purchases import (
    Purchases,
    Visits,
    baseline_purchases,
    browsing_visits,
)
from workbench.sandbox.shop.sends import (
    campaign_sends,
    deliverable,
    flow_sends,
    is_channel,
    joined,
)
from workbench.sandbox.shop.tables import (
    Progress,
    Tables,
    kept_tables,
    memory_tables,
    stored_tables,
)

__all__ = ["Account", "Metric", "Shop", "account_days", "build_shop", "metrics"]

PROCESSES = 2  # memory follows their number
FUTURE_EVENTS = 6  # stamped by devices whose clock is wrong


@dataclass(frozen=True, slots=True)
class Account:
    """Who the account belongs to; every name says that it is simulated."""

    id: str
    organization: str
    timezone: str
    currency: str
    country: str


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of the account; its position is the Kind of its events."""

    id: str
    name: str
    integration: str
    is_valued: bool


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Shop:
    """Everything an account holds, in columns.

    Attributes:
        plan: what it was made from.
        account: whose it is.
        days: the account days of its history, from the first to the last of the tail.
        metrics: one a Kind, in that order.
        people: the profiles.
        catalogue: campaigns, flows and messages.
        products: what it sells.
        orders: its books.
        events: what happened, sorted by time.
        now: the simulated present, UTC second.
        decimals: digits after the point of the smallest unit of money.
        incidents: what goes wrong, and when.
        currencies: ISO 4217 codes that ``Events.currency`` points at; the account's own first.
        has_real_orders: its orders are a file's, so that nobody knows what caused them.
        groups: lists, then segments.
        memberships: who is in which group, since when and until when.
        forms: sign-up forms and their versions.
        delayed: rows of the events that do not show from the second on in which they happen.
    """

    plan: ShopPlan
    account: Account
    days: AccountDays
    metrics: tuple[Metric, ...]
    people: People
    catalogue: Catalogue
    products: tuple[Product, ...]
    orders: OrderBook
    events: Events
    now: int
    decimals: int = 2
    incidents: tuple[Incident, ...] = ()
    currencies: tuple[str, ...] = ()
    has_real_orders: bool = False
    groups: tuple[Group, ...] = ()
    memberships: Memberships = field(default_factory=no_memberships)
    forms: Forms = field(default_factory=Forms)
    delayed: npt.NDArray[np.int32] = field(default_factory=lambda: np.empty(0, dtype=np.int32))


_METRICS = {
    Kind.RECEIVED_EMAIL: ("Received Email", "Klaviyo"),
    Kind.OPENED_EMAIL: ("Opened Email", "Klaviyo"),
    Kind.CLICKED_EMAIL: ("Clicked Email", "Klaviyo"),
    Kind.BOUNCED_EMAIL: ("Bounced Email", "Klaviyo"),
    Kind.UNSUBSCRIBED: ("Unsubscribed from Email Marketing", "Klaviyo"),
    Kind.MARKED_SPAM: ("Marked Email as Spam", "Klaviyo"),
    Kind.SUBSCRIBED: ("Subscribed to Email Marketing", "Klaviyo"),
    Kind.RECEIVED_SMS: ("Received SMS", "Klaviyo"),
    Kind.CLICKED_SMS: ("Clicked SMS", "Klaviyo"),
    Kind.PLACED_ORDER: ("Placed Order", "Shopify"),
    Kind.ORDERED_PRODUCT: ("Ordered Product", "Shopify"),
    Kind.STARTED_CHECKOUT: ("Started Checkout", "Shopify"),
    Kind.VIEWED_PRODUCT: ("Viewed Product", "API"),
    Kind.ACTIVE_ON_SITE: ("Active on Site", "API"),
    Kind.REFUNDED_ORDER: ("Refunded Order", "Shopify"),
    Kind.CANCELLED_ORDER: ("Cancelled Order", "Shopify"),
    Kind.OLD_SHOP_ORDER: ("Placed Order", "WooCommerce"),
    Kind.RECEIVED_PUSH: ("Received Push", "Klaviyo"),
    Kind.OPENED_PUSH: ("Opened Push", "Klaviyo"),
    Kind.FAILED_SMS: ("Failed to Deliver SMS", "Klaviyo"),
    Kind.SUBSCRIBED_SMS: ("Subscribed to SMS Marketing", "Klaviyo"),
    Kind.UNSUBSCRIBED_SMS: ("Unsubscribed from SMS Marketing", "Klaviyo"),
    Kind.SUBSCRIBED_TO_LIST: ("Subscribed to List", "Klaviyo"),
    Kind.UNSUBSCRIBED_FROM_LIST: ("Unsubscribed from List", "Klaviyo"),
    Kind.VIEWED_FORM: ("Viewed Form", "Klaviyo"),
    Kind.SUBMITTED_FORM: ("Submitted Form", "Klaviyo"),
    Kind.CLOSED_FORM: ("Closed Form", "Klaviyo"),
    Kind.FULFILLED_ORDER: ("Fulfilled Order", "Shopify"),
}
_VALUED = {
    Kind.PLACED_ORDER,
    Kind.ORDERED_PRODUCT,
    Kind.STARTED_CHECKOUT,
    Kind.REFUNDED_ORDER,
    Kind.CANCELLED_ORDER,
    Kind.OLD_SHOP_ORDER,
    Kind.FULFILLED_ORDER,
}


@dataclass(frozen=True, slots=True)
class Frame:
    """What all profiles of a shop share, and what is decided before any of them is simulated.

    Attributes:
        plan: what the shop is made from.
        days: every simulated day, the years before the history included.
        since: UTC second at which the history begins.
        until: UTC second of the simulated now.
        catalogue: campaigns, flows and messages.
        incidents: what goes wrong, and when.
        groups: lists, then segments.
        forms: sign-up forms and their versions.
    """

    plan: ShopPlan
    days: AccountDays
    since: int
    until: int
    catalogue: Catalogue
    incidents: tuple[Incident, ...]
    groups: tuple[Group, ...]
    forms: Forms


def build_shop(
    plan: ShopPlan,
    *,
    folder: Path | None = None,
    processes: int = PROCESSES,
    progress: Progress = lambda share: None,
) -> Shop:
    """The shop of a plan; the same plan gives the same bytes, on disk or not.

    Args:
        plan: what it is made from.
        folder: where its columns are kept, and taken from when they are there already; None keeps
            a shop of one block in memory, and a larger one in a temporary folder, which goes with
            the shop.
        processes: how many simulate blocks of profiles at once.
        progress: told which part of the work is done, from 0 to 1.
    """
    frame = shop_frame(plan)
    count = -(-plan.profiles // BLOCK)
    simulate = partial(simulated_block, frame)
    if folder is None and count == 1:
        return _shop(frame, memory_tables(simulate(0)))
    if folder is not None and (kept := kept_tables(folder)) is not None:
        return _shop(frame, kept)
    temporary = Path(tempfile.mkdtemp(prefix="simulated-shop-")) if folder is None else None
    try:
        tables = stored_tables(
            simulate,
            count,
            folder or cast(Path, temporary) / "shop",
            processes=processes,
            progress=progress,
        )
    except BaseException:
        if temporary is not None:
            shutil.rmtree(temporary)
        raise
    shop = _shop(frame, tables)
    if temporary is not None:
        weakref.finalize(shop, shutil.rmtree, temporary, ignore_errors=True)
    return shop


def shop_frame(plan: ShopPlan) -> Frame:
    """What all profiles of the shop of a plan share."""
    days, since, until = account_days(plan)
    return Frame(
        plan,
        days,
        since,
        until,
        catalogue=simulated_catalogue(plan, days, since=since),
        incidents=planned_incidents(plan),
        groups=simulated_groups(plan, days, since=since),
        forms=simulated_forms(plan, days, since=since, until=until),
    )


def _shop(frame: Frame, tables: Tables) -> Shop:
    plan = frame.plan
    return Shop(
        plan=plan,
        account=Account(
            account_id(plan), "Sandbox (simulated)", plan.timezone, plan.currency, plan.country
        ),
        days=frame.days,
        metrics=metrics(plan),
        people=tables.people,
        catalogue=frame.catalogue,
        products=products(),
        orders=tables.orders,
        events=tables.events,
        now=frame.until,
        incidents=frame.incidents,
        currencies=shop_currencies(plan),
        groups=frame.groups,
        memberships=tables.memberships,
        forms=frame.forms,
        delayed=tables.delayed,
    )


def simulated_block(frame: Frame, number: int) -> Block:
    """The profiles of one block, and everything that happens to them.

    No order that a message caused starts a flow, so that nothing causes itself in a circle.
    """
    plan, days, since = frame.plan, frame.days, frame.since
    people = simulated_people(plan, days, block=number)
    fates = people.fates
    purchases = _handed_on(baseline_purchases(plan, people, days, since=since), fates)
    visits = _handed_on(browsing_visits(plan, people, days, since=since), fates)
    log = EventLog()
    caused = noted_messages(
        log,
        plan,
        people,
        frame.catalogue,
        purchases,
        visits,
        since=since,
        incidents=frame.incidents,
    )
    noted_visits(log, plan, people, visits)
    noted_forms(log, plan, people, frame.forms, days, since=since)
    orders = noted_purchases(log, plan, people, _all(purchases, caused), since=since)
    _note_clock_errors(log, plan, people, until=frame.until)
    lists = noted_lists(log, people, frame.groups, imported_at=imported_at(days))
    log.hand_on(fates)
    until = int(days.starts[-1])
    events = finished_events(log, plan, since=since, until=until, block=number)
    members = memberships(frame.groups, people, events, lists, until=until)
    return Block(people, orders, events, members)


def account_days(plan: ShopPlan) -> tuple[AccountDays, int, int]:
    """Every simulated day; the second the history begins; the second that is now."""
    first = plan.until - dt.timedelta(days=plan.days + BASE_DAYS)
    last = plan.until + dt.timedelta(days=plan.tail_days - 1)
    days = AccountDays.of(DateRange(first, last), plan.timezone)
    return days, int(days.starts[BASE_DAYS]), int(days.starts[BASE_DAYS + plan.days])


def metrics(plan: ShopPlan) -> tuple[Metric, ...]:
    """One metric a Kind; two of them are called Placed Order."""
    ids = short_ids(len(Kind), seed=plan.seed, kind="metric")
    return tuple(Metric(ids[kind], *_METRICS[kind], kind in _VALUED) for kind in Kind)


def noted_messages(
    log: EventLog,
    plan: ShopPlan,
    people: People,
    catalogue: Catalogue,
    purchases: Purchases,
    visits: Visits,
    *,
    since: int,
    incidents: tuple[Incident, ...] = (),
) -> Purchases:
    """Note subscriptions, sends and what follows from them; the orders they cause come back."""
    subscribes = np.flatnonzero(people.takes_email & (people.created >= since))
    log.add(Kind.SUBSCRIBED, at=people.created[subscribes] + 5, profile=subscribes)
    sends = joined(
        [
            campaign_sends(plan, people, catalogue, members=planned_members(people)),
            flow_sends(plan, people, catalogue, purchases, visits, incidents=incidents),
        ]
    )
    sends = deliverable(plan, people, catalogue, sends, since=since, incidents=incidents)
    mail, text, push = (
        sends.where(is_channel(catalogue, channel)[sends.message]) for channel in CHANNELS
    )
    by_email = noted_email(log, plan, people, catalogue, mail, incidents=incidents)
    by_text = noted_sms(log, plan, people, catalogue, text)
    by_push = noted_push(log, plan, people, catalogue, push)
    return _all(_all(by_email, by_text), by_push)


def finished_events(
    log: EventLog, plan: ShopPlan, *, since: int, until: int, block: int = 0
) -> Events:
    """The log in time order, each order credited to its last touch, and some events made late."""
    events = log.events(since=since, until=until)
    orders = events.rows(Kind.PLACED_ORDER)
    touch = events.touch.copy()
    touch[orders] = last_touches(events, orders=orders)
    visible_at = seen_at(plan, events, touch=touch, block=block)
    return replace(events, touch=touch, visible_at=visible_at)


def _note_clock_errors(log: EventLog, plan: ShopPlan, people: People, *, until: int) -> None:
    """A few product views dated months after they became visible."""
    rng = random_stream(plan, "clock errors", block=people.block)
    at = until + rng.integers(20 * DAY, 300 * DAY, FUTURE_EVENTS)
    log.add(
        Kind.VIEWED_PRODUCT,
        at=at,
        visible_at=until - rng.integers(HOUR, 20 * DAY, FUTURE_EVENTS),
        profile=rng.integers(0, len(people), FUTURE_EVENTS),
        ref=rng.integers(0, len(products()), FUTURE_EVENTS),
    )


_Acts = TypeVar("_Acts", Purchases, Visits)


def _handed_on(acts: _Acts, fates: Fates) -> _Acts:
    """What people do, in the name of the profile that they are by then."""
    holder = fates.holder(acts.profile, acts.at)
    kept = holder >= 0
    columns = {each.name: getattr(acts, each.name)[kept] for each in fields(acts)}
    return replace(acts, **{**columns, "profile": holder[kept]})


def _all(first: Purchases, second: Purchases) -> Purchases:
    return Purchases(
        np.concatenate((first.at, second.at)),
        np.concatenate((first.profile, second.profile)),
        np.concatenate((first.value, second.value)),
        np.concatenate((first.caused_by, second.caused_by)),
    )
