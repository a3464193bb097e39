"""A simulated Klaviyo account as a whole, and the order in which it is built."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np

from workbench.periods import DateRange
from workbench.sandbox.shop.attribution import last_touches
from workbench.sandbox.shop.blocks import Block, joined_events, joined_orders, joined_people
from workbench.sandbox.shop.days import DAY, HOUR, AccountDays
from workbench.sandbox.shop.engagement import noted_email, noted_sms
from workbench.sandbox.shop.events import EventLog, Events, Kind
from workbench.sandbox.shop.ids import short_ids
from workbench.sandbox.shop.incidents import Incident, planned_incidents
from workbench.sandbox.shop.messages import Catalogue, simulated_catalogue
from workbench.sandbox.shop.orders import (
    OrderBook,
    Product,
    noted_purchases,
    noted_visits,
    products,
)
from workbench.sandbox.shop.people import BASE_DAYS, BLOCK, People, simulated_people
from workbench.sandbox.shop.plan import ShopPlan, account_id, random_stream
from workbench.sandbox.shop.purchases import (
    Purchases,
    Visits,
    baseline_purchases,
    browsing_visits,
)
from workbench.sandbox.shop.sends import campaign_sends, deliverable, flow_sends, joined

__all__ = ["Account", "Metric", "Shop", "account_days", "build_shop", "metrics"]

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


@dataclass(frozen=True, slots=True)
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
    """

    plan: ShopPlan
    days: AccountDays
    since: int
    until: int
    catalogue: Catalogue
    incidents: tuple[Incident, ...]


def build_shop(plan: ShopPlan) -> Shop:
    """The shop of a plan; the same plan gives the same bytes."""
    days, since, until = account_days(plan)
    frame = Frame(
        plan,
        days,
        since,
        until,
        catalogue=simulated_catalogue(plan, days, since=since),
        incidents=planned_incidents(plan),
    )
    blocks = [simulated_block(frame, number) for number in range(-(-plan.profiles // BLOCK))]
    events = joined_events(blocks)
    return Shop(
        plan=plan,
        account=Account(
            account_id(plan), "Sandbox (simulated)", plan.timezone, plan.currency, plan.country
        ),
        days=days,
        metrics=metrics(plan),
        people=joined_people(blocks),
        catalogue=frame.catalogue,
        products=products(),
        orders=joined_orders(blocks, events),
        events=events,
        now=until,
        incidents=frame.incidents,
        currencies=(plan.currency,),
    )


def simulated_block(frame: Frame, number: int) -> Block:
    """The profiles of one block, and everything that happens to them.

    No order that a message caused starts a flow, so that nothing causes itself in a circle.
    """
    plan, days, since = frame.plan, frame.days, frame.since
    people = simulated_people(plan, days, block=number)
    purchases = baseline_purchases(plan, people, days, since=since)
    visits = browsing_visits(plan, people, days, since=since)
    log = EventLog()
    caused = noted_messages(log, plan, people, frame.catalogue, purchases, visits, since=since)
    noted_visits(log, plan, people, visits)
    orders = noted_purchases(log, plan, people, _all(purchases, caused), since=since)
    _note_clock_errors(log, plan, people, until=frame.until)
    until = int(days.starts[-1])
    return Block(people, orders, finished_events(log, plan, since=since, until=until, block=number))


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
) -> Purchases:
    """Note subscriptions, sends and what follows from them; the orders they cause come back."""
    subscribes = np.flatnonzero(people.takes_email & (people.created >= since))
    log.add(Kind.SUBSCRIBED, at=people.created[subscribes] + 5, profile=subscribes)
    sends = joined(
        [
            campaign_sends(plan, people, catalogue),
            flow_sends(plan, people, catalogue, purchases, visits),
        ]
    )
    sends = deliverable(plan, people, catalogue, sends, since=since)
    is_email = np.array([message.channel == "email" for message in catalogue.messages])
    by_email = noted_email(log, plan, people, catalogue, sends.where(is_email[sends.message]))
    by_sms = noted_sms(log, plan, people, catalogue, sends.where(~is_email[sends.message]))
    return _all(by_email, by_sms)


def finished_events(
    log: EventLog, plan: ShopPlan, *, since: int, until: int, block: int = 0
) -> Events:
    """The log in time order, each order credited to its last touch, and some events made late.

    What an order is credited to is never late, nor is the receipt behind it: the credit of an order
    that shows is known.
    """
    events = log.events(since=since, until=until)
    rng = random_stream(plan, "lateness", block=block)
    orders = events.rows(Kind.PLACED_ORDER)
    touch = events.touch.copy()
    touch[orders] = last_touches(events, orders=orders)
    late = rng.random(len(events)) < plan.late_share
    credited = touch[touch >= 0]
    late[credited] = late[events.receipt[credited]] = False
    visible_at = events.visible_at.copy()
    visible_at[late] += rng.integers(HOUR, 6 * DAY, int(late.sum()))
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


def _all(first: Purchases, second: Purchases) -> Purchases:
    return Purchases(
        np.concatenate((first.at, second.at)),
        np.concatenate((first.profile, second.profile)),
        np.concatenate((first.value, second.value)),
        np.concatenate((first.caused_by, second.caused_by)),
    )
