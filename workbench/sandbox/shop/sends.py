"""Who is sent what and when: audiences of campaigns, trees of flows, and the end of consent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from workbench.periods import DateRange
from workbench.sandbox.shop.days import DAY, HOUR
from workbench.sandbox.shop.events import Kind
from workbench.sandbox.shop.flows import Flow, Question
from workbench.sandbox.shop.incidents import Incident, Trouble
from workbench.sandbox.shop.messages import CHANNELS, Catalogue
from workbench.sandbox.shop.people import DOMAINS, People
from workbench.sandbox.shop.plan import ShopPlan, random_stream
from workbench.sandbox.shop.purchases import Purchases, Visits
from workbench.sandbox.shop.variations import drawn_variations

__all__ = [
    "Members",
    "Sends",
    "campaign_sends",
    "deliverable",
    "during",
    "flow_sends",
    "is_channel",
    "joined",
]

SOFT_BOUNCES, FAILED_TEXTS = 0.004, 0.012
BROWSE_CHANCE = 0.45  # that a product view starts the browse flow

_Ints = npt.NDArray[np.int64]
_Bools = npt.NDArray[np.bool_]

# which profiles of a block are in the list or segment of a name at a UTC second
Members = Callable[[str, int], _Bools]


@dataclass(frozen=True, slots=True)
class Sends:
    """One row a message sent to a profile: when (UTC second), to whom, which message, how it ended.

    Attributes:
        at: UTC second.
        profile: row of the profile.
        message: row of the message.
        variation: row of the variation, or -1.
        bounce: 0 delivered, 1 soft bounce or text that failed, 2 hard bounce.
    """

    at: _Ints
    profile: _Ints
    message: _Ints
    variation: _Ints
    bounce: _Ints

    def __len__(self) -> int:
        return len(self.at)

    def where(self, kept: _Bools | _Ints) -> Sends:
        """The rows that a mask or an order of rows selects."""
        return Sends(**{each.name: getattr(self, each.name)[kept] for each in fields(Sends)})


def joined(parts: list[Sends]) -> Sends:
    """All rows of several."""
    names = [each.name for each in fields(Sends)]
    return Sends(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})


def is_channel(catalogue: Catalogue, channel: str) -> _Bools:
    """Which messages are of a channel."""
    return np.array([message.channel == channel for message in catalogue.messages], dtype=bool)


def during(plan: ShopPlan, incident: Incident, at: _Ints) -> _Bools:
    """Which instants fall on the days of an incident."""
    first, end = DateRange(incident.first, incident.last).instants(plan.timezone)
    return (at >= first.timestamp()) & (at < end.timestamp())


def campaign_sends(
    plan: ShopPlan, people: People, catalogue: Catalogue, *, members: Members
) -> Sends:
    """Each sent campaign to the members of its audience who take its channel.

    Who is held out never receives one.

    Args:
        plan: the shop.
        people: the profiles of one block.
        catalogue: the campaigns.
        members: who is in a list or segment.
    """
    rng = random_stream(plan, "campaign sends", block=people.block)
    parts = [_sends(np.empty(0, np.int64), np.empty(0, np.int64), 0)]
    for campaign in catalogue.campaigns:
        if campaign.send_at is None or campaign.outcome != "Sent":
            continue
        chosen = np.zeros(len(people), dtype=bool)
        for name in campaign.included:
            chosen |= members(name, campaign.send_at)
        for name in campaign.excluded:
            chosen &= ~members(name, campaign.send_at)
        chosen &= (people.created < campaign.send_at) & ~people.is_holdout
        profile = np.flatnonzero(chosen)
        at = campaign.send_at + rng.integers(0, 20 * 60, len(profile))
        parts.append(_sends(at, profile, campaign.message))
    return joined(parts)


def flow_sends(
    plan: ShopPlan,
    people: People,
    catalogue: Catalogue,
    purchases: Purchases,
    visits: Visits,
    *,
    incidents: tuple[Incident, ...] = (),
) -> Sends:
    """The messages of each live flow to those whose events start it, along its tree.

    Only orders that no message caused start a flow or answer a split, so that nothing causes itself
    in a circle.
    """
    rng = random_stream(plan, "flow sends", block=people.block)
    triggers = _triggers(rng, people, purchases, visits)
    answers = _Answers(people, purchases)
    parts = [_sends(np.empty(0, np.int64), np.empty(0, np.int64), 0)]
    for flow in catalogue.flows:
        if flow.status == "live":
            at, profile = triggers[flow.trigger]
            sent = joined([parts[0], *_walked(flow, 0, _Entered(at, at, profile), answers, rng)])
            for incident in incidents:
                if incident.trouble == Trouble.DEAD_FLOW and incident.subject == flow.name:
                    sent = sent.where(~during(plan, incident, sent.at))
            parts.append(sent)
    return joined(parts)


def deliverable(
    plan: ShopPlan,
    people: People,
    catalogue: Catalogue,
    sends: Sends,
    *,
    since: int,
    incidents: tuple[Incident, ...] = (),
) -> Sends:
    """The sends that take place, with their variations and bounces, sorted by profile and time.

    Nothing is sent before the history, to a profile that does not take the channel at that instant,
    or after its address bounced hard.
    """
    rng = random_stream(plan, "delivery", block=people.block)
    allowed = np.zeros(len(sends), dtype=bool)
    for channel in CHANNELS:
        takes = people.takes(channel, sends.profile, sends.at)
        allowed |= is_channel(catalogue, channel)[sends.message] & takes
    sends = sends.where(allowed & (sends.at >= since))
    sends = sends.where(np.lexsort((sends.message, sends.at, sends.profile)))
    is_email = is_channel(catalogue, "email")[sends.message]
    is_dead = (sends.at >= people.dies_at[sends.profile]) & is_email
    is_first = np.ones(len(is_dead), dtype=bool)
    dead = np.flatnonzero(is_dead)
    is_first[dead[1:]] = sends.profile[dead[1:]] != sends.profile[dead[:-1]]
    is_text = is_channel(catalogue, "sms")[sends.message]
    risk = np.where(is_email, SOFT_BOUNCES, np.where(is_text, FAILED_TEXTS, 0.0))
    for incident in incidents:
        if incident.trouble == Trouble.BOUNCE_STORM:
            named = np.array([name == incident.subject for name, _, _ in DOMAINS])
            hit = named[people.domain[sends.profile]] & is_email & during(plan, incident, sends.at)
            risk[hit] = incident.factor
    bounce = np.where(is_dead, 2, (rng.random(len(sends)) < risk).astype(np.int64))
    variation = drawn_variations(
        random_stream(plan, "variations", block=people.block),
        catalogue.variations,
        sends.message,
        messages=len(catalogue.messages),
    )
    kept = ~is_dead | is_first
    return Sends(sends.at, sends.profile, sends.message, variation, bounce).where(kept)


@dataclass(frozen=True, slots=True)
class _Entered:
    """Who is at a step of a flow: when they entered the flow, when they reached the step, who."""

    started: _Ints
    at: _Ints
    profile: _Ints

    def where(self, kept: _Bools) -> _Entered:
        return _Entered(self.started[kept], self.at[kept], self.profile[kept])


class _Answers:
    """What the splits of flows ask about the profiles of one block."""

    def __init__(self, people: People, purchases: Purchases) -> None:
        self._people = people
        self._span = (
            int(max(purchases.at.max(initial=0), people.created.max(initial=0))) + DAY * 400
        )
        self._orders = np.sort(purchases.profile * self._span + purchases.at)

    def bought_since(self, group: _Entered) -> _Bools:
        return self._orders_by(group.profile, group.at) > self._orders_by(
            group.profile, group.started
        )

    def to(self, question: Question, group: _Entered) -> _Bools:
        if question == Question.BOUGHT_SINCE:
            return self.bought_since(group)
        if question == Question.TAKES_TEXTS:
            return self._people.takes("sms", group.profile, group.at)
        return (
            self._orders_by(group.profile, group.started)
            > self._orders_by(group.profile, np.zeros_like(group.started)) + 1
        )

    def _orders_by(self, profile: _Ints, at: _Ints) -> _Ints:
        """How many orders of the profiles before them and of their own up to each instant."""
        return np.searchsorted(self._orders, profile * self._span + at, side="right")


def _walked(
    flow: Flow, position: int, group: _Entered, answers: _Answers, rng: np.random.Generator
) -> Iterator[Sends]:
    """What a flow sends to a group from one of its steps on."""
    if position < 0 or not len(group.at):
        return
    step = flow.steps[position]
    if step.question is not None:
        yes = answers.to(step.question, group)
        yield from _walked(flow, step.following, group.where(yes), answers, rng)
        yield from _walked(flow, step.otherwise, group.where(~yes), answers, rng)
        return
    if step.wait:
        group = _Entered(group.started, group.at + step.wait, group.profile)
    elif flow.stops_when_bought:
        group = group.where(~answers.bought_since(group))
    if step.message >= 0:
        at = group.at + rng.integers(0, 300, len(group.at))
        yield _sends(at, group.profile, step.message)
    yield from _walked(flow, step.following, group, answers, rng)


def _triggers(
    rng: np.random.Generator, people: People, purchases: Purchases, visits: Visits
) -> dict[Kind, tuple[_Ints, _Ints]]:
    left_cart = visits.end == 2
    viewed = (visits.end == 1) & (rng.random(len(visits.end)) < BROWSE_CHANCE)
    subscribed = np.flatnonzero(people.takes_email)
    return {
        Kind.SUBSCRIBED: (people.created[subscribed], subscribed),
        Kind.STARTED_CHECKOUT: (visits.at[left_cart] + HOUR // 4, visits.profile[left_cart]),
        Kind.VIEWED_PRODUCT: (visits.at[viewed] + HOUR // 4, visits.profile[viewed]),
        Kind.PLACED_ORDER: (purchases.at, purchases.profile),
    }


def _sends(at: _Ints, profile: _Ints, message: int) -> Sends:
    nothing = np.full(len(at), -1)
    return Sends(at, profile, np.full(len(at), message), nothing, nothing + 1)
