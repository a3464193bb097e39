"""One block of profiles simulated: everything that happens to them, in the order of its causes."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TypeVar

import numpy as np

from workbench.sandbox.shop.attribution import last_touches
from workbench.sandbox.shop.blocks import Block
from workbench.sandbox.shop.days import DAY, HOUR
from workbench.sandbox.shop.engagement import noted_email, noted_push, noted_sms
from workbench.sandbox.shop.events import EventLog, Events, Kind
from workbench.sandbox.shop.fates import Fates
from workbench.sandbox.shop.form_events import noted_forms
from workbench.sandbox.shop.frame import Frame
from workbench.sandbox.shop.incidents import Incident
from workbench.sandbox.shop.lateness import seen_at
from workbench.sandbox.shop.memberships import memberships, noted_lists, planned_members
from workbench.sandbox.shop.messages import CHANNELS, Catalogue
from workbench.sandbox.shop.orders import noted_purchases, noted_visits, products
from workbench.sandbox.shop.people import People, imported_at, simulated_people
from workbench.sandbox.shop.plan import ShopPlan, random_stream
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

__all__ = ["finished_events", "noted_messages", "simulated_block"]

FUTURE_EVENTS = 6  # stamped by devices whose clock is wrong


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
    visible_at = until - rng.integers(HOUR, 20 * DAY, FUTURE_EVENTS)
    exist = np.searchsorted(people.created, visible_at)  # profiles by then, which come first
    profile = (rng.random(FUTURE_EVENTS) * exist).astype(np.int64)
    ref = rng.integers(0, len(products()), FUTURE_EVENTS)
    seen = exist > 0
    log.add(
        Kind.VIEWED_PRODUCT,
        at=at[seen],
        visible_at=visible_at[seen],
        profile=profile[seen],
        ref=ref[seen],
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
