"""Who is sent what and when: audiences of campaigns, triggers of flows, and the end of consent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.days import DAY, HOUR
from workbench.sandbox.shop.events import Kind
from workbench.sandbox.shop.messages import Catalogue
from workbench.sandbox.shop.people import People
from workbench.sandbox.shop.plan import ShopPlan, random_stream
from workbench.sandbox.shop.purchases import Purchases, Visits

__all__ = ["Sends", "campaign_sends", "deliverable", "flow_sends", "joined"]

SOFT_BOUNCES = 0.004
BROWSE_CHANCE = 0.45  # that a product view starts the browse flow
LAPSED = 90 * DAY  # without an order, before the win-back flow

_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sends:
    """One row a message sent to a profile: when (UTC second), to whom, which message, how it ended.

    Attributes:
        at: UTC second.
        profile: row of the profile.
        message: row of the message.
        bounce: 0 delivered, 1 soft bounce, 2 hard bounce.
    """

    at: _Ints
    profile: _Ints
    message: _Ints
    bounce: _Ints

    def where(self, kept: npt.NDArray[np.bool_] | _Ints) -> Sends:
        """The rows that a mask or an order of rows selects."""
        return Sends(self.at[kept], self.profile[kept], self.message[kept], self.bounce[kept])


def joined(parts: list[Sends]) -> Sends:
    """All rows of several."""
    return Sends(
        np.concatenate([part.at for part in parts]),
        np.concatenate([part.profile for part in parts]),
        np.concatenate([part.message for part in parts]),
        np.concatenate([part.bounce for part in parts]),
    )


def campaign_sends(plan: ShopPlan, people: People, catalogue: Catalogue) -> Sends:
    """Each sent campaign to the engaged part of those who take its channel."""
    rng = random_stream(plan, "campaign sends", block=people.block)
    engaged = np.clip(0.07 + 0.76 * people.openness, 0.0, 0.95)
    parts = [_sends(np.empty(0, np.int64), np.empty(0, np.int64), 0)]
    for campaign in catalogue.campaigns:
        if campaign.send_at is None or campaign.outcome != "Sent":
            continue
        is_email = catalogue.messages[campaign.message].channel == "email"
        takes = people.takes_email & (rng.random(len(people)) < engaged)
        takes = takes if is_email else people.takes_sms
        profile = np.flatnonzero(takes & (people.created < campaign.send_at))
        at = campaign.send_at + rng.integers(0, 20 * 60, len(profile))
        parts.append(_sends(at, profile, campaign.message))
    return joined(parts)


def flow_sends(
    plan: ShopPlan, people: People, catalogue: Catalogue, purchases: Purchases, visits: Visits
) -> Sends:
    """The messages of each live flow to those whose events start it."""
    rng = random_stream(plan, "flow sends", block=people.block)
    triggers = _triggers(rng, people, purchases, visits)
    parts = [_sends(np.empty(0, np.int64), np.empty(0, np.int64), 0)]
    for flow in catalogue.flows:
        if flow.status != "live":
            continue
        lapses = flow.name.startswith("Win-back")
        at, profile = _lapsing(purchases) if lapses else triggers[flow.trigger]
        for row in flow.messages:
            sent = at + catalogue.messages[row].delay + rng.integers(0, 300, len(at))
            parts.append(_sends(sent, profile, row))
    sends = joined(parts)
    return sends.where(people.takes_email[sends.profile])


def deliverable(
    plan: ShopPlan, people: People, catalogue: Catalogue, sends: Sends, *, since: int
) -> Sends:
    """The sends that take place, with their bounces, sorted by profile and time.

    Nothing is sent before the history, after a profile left, or after its address bounced hard.
    """
    rng = random_stream(plan, "delivery", block=people.block)
    sends = sends.where((sends.at >= since) & (sends.at < people.leaves_at[sends.profile]))
    sends = sends.where(np.lexsort((sends.message, sends.at, sends.profile)))
    is_email = np.array([message.channel == "email" for message in catalogue.messages])
    is_dead = (sends.at >= people.dies_at[sends.profile]) & is_email[sends.message]
    is_first = np.ones(len(is_dead), dtype=bool)
    dead = np.flatnonzero(is_dead)
    is_first[dead[1:]] = sends.profile[dead[1:]] != sends.profile[dead[:-1]]
    is_soft = is_email[sends.message] & (rng.random(len(is_dead)) < SOFT_BOUNCES)
    bounce = np.where(is_dead, 2, is_soft.astype(np.int64))
    kept = ~is_dead | is_first
    return Sends(sends.at, sends.profile, sends.message, bounce).where(kept)


def _triggers(
    rng: np.random.Generator, people: People, purchases: Purchases, visits: Visits
) -> dict[Kind, tuple[_Ints, _Ints]]:
    left_cart = visits.end == 2
    viewed = (visits.end == 1) & (rng.random(len(visits.end)) < BROWSE_CHANCE)
    return {
        Kind.SUBSCRIBED: (people.created, np.arange(len(people))),
        Kind.STARTED_CHECKOUT: (visits.at[left_cart], visits.profile[left_cart]),
        Kind.VIEWED_PRODUCT: (visits.at[viewed] + HOUR // 4, visits.profile[viewed]),
        Kind.PLACED_ORDER: (purchases.at, purchases.profile),
    }


def _lapsing(purchases: Purchases) -> tuple[_Ints, _Ints]:
    """The orders that no other order of the customer follows within LAPSED."""
    order = np.lexsort((purchases.at, purchases.profile))
    at, profile = purchases.at[order], purchases.profile[order]
    follows = (profile[1:] == profile[:-1]) & (at[1:] - at[:-1] < LAPSED)
    lapsed = ~np.append(follows, False)[: len(at)]
    return at[lapsed], profile[lapsed]


def _sends(at: _Ints, profile: _Ints, message: int) -> Sends:
    return Sends(at, profile, np.full(len(at), message), np.zeros(len(at), dtype=np.int64))
