"""What the shop sends: campaigns and flows with their messages, as a calendar and a catalogue."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from workbench.sandbox.shop.campaigns import HOLDOUT, Slot, campaign_slots
from workbench.sandbox.shop.days import DAY, AccountDays
from workbench.sandbox.shop.flows import FLOWS, Flow, Planned, StepKind, steps_of
from workbench.sandbox.shop.ids import short_ids, ulids
from workbench.sandbox.shop.plan import ShopPlan, random_stream
from workbench.sandbox.shop.tags import tag_rows
from workbench.sandbox.shop.variations import Variation

__all__ = ["CHANNELS", "Campaign", "Catalogue", "Flow", "Message", "simulated_catalogue"]

CHANNELS = ("email", "sms", "mobile_push")


@dataclass(frozen=True, slots=True)
class Message:
    """One e-mail, text message or push notification, of a campaign or of a flow.

    Attributes:
        id: its id.
        channel: one of CHANNELS.
        name: what the shop calls it.
        subject: subject line, or the text itself.
        campaign: row of its campaign, or -1.
        flow: row of its flow, or -1.
        appeal: factor on the chance to be read and clicked.
        is_offer: promises a discount.
        template: id of the template of an e-mail; empty for other channels.
    """

    id: str
    channel: str
    name: str
    subject: str
    campaign: int = -1
    flow: int = -1
    appeal: float = 1.0
    is_offer: bool = False
    template: str = ""


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign of one message.

    Attributes:
        id: its id.
        name: its name.
        message: row of its message.
        created_at: UTC second.
        send_at: UTC second; None when it was never scheduled.
        outcome: Sent, Draft or Cancelled, once ``send_at`` has passed.
        is_archived: put away since.
        included: names of the lists and segments it goes to.
        excluded: names of those whose members it leaves out all the same.
        tags: rows of the tags it carries.
    """

    id: str
    name: str
    message: int
    created_at: int
    send_at: int | None
    outcome: str = "Sent"
    is_archived: bool = False
    included: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    tags: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every campaign, flow, message and variation; rows of one point at rows of another."""

    campaigns: tuple[Campaign, ...]
    flows: tuple[Flow, ...]
    messages: tuple[Message, ...]
    variations: tuple[Variation, ...] = ()

    def variations_of(self, message: int) -> list[int]:
        """Rows of the variations of a message; none for most."""
        return [row for row, each in enumerate(self.variations) if each.message == message]


_KIND_OF_CHANNEL = {
    StepKind.EMAIL: "email",
    StepKind.TEST: "email",
    StepKind.TEXT: "sms",
    StepKind.PUSH: "mobile_push",
}


def simulated_catalogue(plan: ShopPlan, days: AccountDays, *, since: int) -> Catalogue:
    """The campaigns of every week and the flows of a shop.

    Args:
        plan: the shop.
        days: every simulated day.
        since: UTC second at which the history begins.
    """
    slots = campaign_slots(plan, days, since=since)
    campaigns, messages = _campaigns(plan, days, slots)
    flows, flow_messages = _flows(plan, since, first_message=len(messages))
    messages += flow_messages
    templates = short_ids(len(messages), seed=plan.seed, kind="template")
    return Catalogue(
        tuple(campaigns),
        tuple(flows),
        tuple(
            replace(message, template=template) if message.channel == "email" else message
            for message, template in zip(messages, templates, strict=True)
        ),
        _variations(plan, slots, messages),
    )


def _campaigns(
    plan: ShopPlan, days: AccountDays, slots: list[Slot]
) -> tuple[list[Campaign], list[Message]]:
    rng = random_stream(plan, "appeal")
    created = np.array([slot.send_at - slot.lead for slot in slots], dtype=np.int64)
    ids = ulids(created, seed=plan.seed, kind="campaign")
    message_ids = ulids(created, seed=plan.seed, kind="campaign message")
    campaigns, messages = [], []
    for row, slot in enumerate(slots):
        name = f"{slot.label} {days.date(slot.day)}"
        appeal = float(np.exp(rng.normal(0.0, 0.18))) * (1.12 if slot.is_offer else 1.0)
        messages.append(
            Message(
                message_ids[row],
                slot.channel,
                name,
                slot.subject,
                campaign=row,
                appeal=appeal,
                is_offer=slot.is_offer,
            )
        )
        campaigns.append(
            Campaign(
                ids[row],
                name,
                row,
                int(created[row]),
                None if slot.outcome == "Draft" else slot.send_at,
                slot.outcome,
                slot.is_archived,
                included=(slot.audience,),
                excluded=(HOLDOUT,),
                tags=tag_rows("offer" if slot.is_offer else "brand", *["test"][: slot.is_tested]),
            )
        )
    return campaigns, messages


def _flows(plan: ShopPlan, since: int, *, first_message: int) -> tuple[list[Flow], list[Message]]:
    flow_ids = short_ids(len(FLOWS), seed=plan.seed, kind="flow")
    sending = [(row, step) for row, flow in enumerate(FLOWS) for step in flow.messages()]
    message_ids = short_ids(len(sending), seed=plan.seed, kind="flow message")
    messages = [
        Message(
            message_ids[at],
            _KIND_OF_CHANNEL[step.kind],
            step.name,
            step.subject,
            flow=row,
            appeal=step.appeal,
            is_offer=step.is_offer,
        )
        for at, (row, step) in enumerate(sending)
    ]
    flows = []
    for row, flow in enumerate(FLOWS):
        mine = tuple(first_message + at for at, (owner, _) in enumerate(sending) if owner == row)
        flows.append(
            Flow(
                flow_ids[row],
                flow.name,
                flow.trigger,
                flow.status,
                since - (40 - row) * DAY,
                flow.is_archived,
                mine,
                steps_of(flow, mine),
                flow.stops_when_bought,
            )
        )
    return flows, messages


def _variations(
    plan: ShopPlan, slots: list[Slot], messages: list[Message]
) -> tuple[Variation, ...]:
    """Those of campaigns, then those of flows, each message's together."""
    rng = random_stream(plan, "tested subjects")
    planned: dict[str, Planned] = {
        step.name: step for flow in FLOWS for step in flow.messages() if step.variations
    }
    found: list[tuple[int, str, float]] = []
    for row, message in enumerate(messages):
        if message.campaign >= 0 and slots[message.campaign].is_tested:
            better = float(np.exp(rng.normal(0.0, 0.22)))
            found.append((row, message.subject, message.appeal))
            found.append((row, slots[message.campaign].other_subject, message.appeal * better))
        elif message.flow >= 0 and message.name in planned:
            found += [(row, *each) for each in planned[message.name].variations]
    ids = short_ids(len(found), seed=plan.seed, kind="variation")
    names: list[str] = []
    for at, (row, _, _) in enumerate(found):
        position = [owner for owner, _, _ in found[:at]].count(row)
        names.append(f"Variation {'ABCDEFGH'[position]}")
    return tuple(
        Variation(ids[at], row, names[at], subject, appeal)
        for at, (row, subject, appeal) in enumerate(found)
    )
