"""What the shop sends: campaigns and flows with their messages, as a calendar and a catalogue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from workbench.sandbox.shop.days import DAY, HOUR, AccountDays
from workbench.sandbox.shop.events import Kind
from workbench.sandbox.shop.ids import short_ids, ulids
from workbench.sandbox.shop.plan import ShopPlan, random_stream
from workbench.sandbox.shop.seasons import black_friday

__all__ = ["Campaign", "Catalogue", "Flow", "Message", "simulated_catalogue"]


@dataclass(frozen=True, slots=True)
class Message:
    """One e-mail or text message, of a campaign or of a flow.

    Attributes:
        id: its id.
        channel: email or sms.
        name: what the shop calls it.
        subject: subject line, or the text itself.
        campaign: row of its campaign, or -1.
        flow: row of its flow, or -1.
        delay: seconds after the flow's trigger.
        appeal: factor on the chance to be read and clicked.
        is_offer: promises a discount.
    """

    id: str
    channel: str
    name: str
    subject: str
    campaign: int = -1
    flow: int = -1
    delay: int = 0
    appeal: float = 1.0
    is_offer: bool = False


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
    """

    id: str
    name: str
    message: int
    created_at: int
    send_at: int | None
    outcome: str = "Sent"
    is_archived: bool = False


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow.

    Attributes:
        id: its id.
        name: its name.
        trigger: the event that starts it.
        status: live or draft.
        created_at: UTC second.
        is_archived: put away since.
        messages: rows of its messages, in order.
    """

    id: str
    name: str
    trigger: Kind
    status: str
    created_at: int
    is_archived: bool
    messages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every campaign, flow and message; rows of one point at rows of another."""

    campaigns: tuple[Campaign, ...]
    flows: tuple[Flow, ...]
    messages: tuple[Message, ...]


ARCHIVED = 0.03  # of the campaigns that were sent

_SUBJECTS = (
    ("New arrivals", "Just in: what everyone will ask about", False),
    ("Weekly edit", "Five things we would buy ourselves", False),
    ("Offer", "15 % off, this week only", True),
    ("Guide", "How to care for what you love", False),
    ("Restock", "Back on the shelf, not for long", False),
    ("Member offer", "A little thank-you: 20 % inside", True),
    ("Story", "The people who make it", False),
)
_TEXTS = (
    ("Text offer", "20 % off today with code TEXT20", True),
    ("Text reminder", "New colours are here", False),
)

# (name, trigger, status, archived, ((message, subject, delay, appeal, offer), ...))
_FLOWS = (
    ("Welcome series", Kind.SUBSCRIBED, "live", False, (
        ("Welcome 1", "Welcome! Here is 10 % to start with", 10 * 60, 1.7, True),
        ("Welcome 2", "What makes us different", 2 * DAY, 1.3, False),
        ("Welcome 3", "Your 10 % ends soon", 5 * DAY, 1.2, True))),
    ("Abandoned cart", Kind.STARTED_CHECKOUT, "live", False, (
        ("Cart 1", "You left something behind", 4 * HOUR, 1.6, False),
        ("Cart 2", "Still thinking about it?", DAY, 1.3, True))),
    ("Browse abandonment", Kind.VIEWED_PRODUCT, "live", False, (
        ("Browse 1", "Seen something you like?", 2 * HOUR, 1.25, False),)),
    ("Post-purchase", Kind.PLACED_ORDER, "live", False, (
        ("Thank you", "Thank you for your order", DAY, 1.6, False),
        ("Review", "How is it going?", 14 * DAY, 1.1, False))),
    ("Win-back", Kind.PLACED_ORDER, "live", False, (
        ("Win-back 1", "It has been a while", 90 * DAY, 0.9, False),
        ("Win-back 2", "Come back with 20 % off", 97 * DAY, 0.9, True))),
    ("Birthday", Kind.ACTIVE_ON_SITE, "draft", False, (
        ("Birthday 1", "Happy birthday", 0, 1.0, True),)),
    ("Old welcome", Kind.SUBSCRIBED, "draft", True, (
        ("Old welcome 1", "Hello", 0, 1.0, False),)),
)  # fmt: skip


def simulated_catalogue(plan: ShopPlan, days: AccountDays, *, since: int) -> Catalogue:
    """The campaigns of every week and the flows of a shop.

    Args:
        plan: the shop.
        days: every simulated day.
        since: UTC second at which the history begins.
    """
    campaigns, messages = _campaigns(plan, days, since)
    flows: list[Flow] = []
    flow_ids = short_ids(len(_FLOWS), seed=plan.seed, kind="flow")
    message_ids = iter(short_ids(64, seed=plan.seed, kind="flow message"))
    for row, (name, trigger, status, is_archived, steps) in enumerate(_FLOWS):
        rows = tuple(range(len(messages), len(messages) + len(steps)))
        for label, subject, delay, appeal, is_offer in steps:
            messages.append(
                Message(
                    id=next(message_ids),
                    channel="email",
                    name=label,
                    subject=subject,
                    flow=row,
                    delay=delay,
                    appeal=appeal,
                    is_offer=is_offer,
                )
            )
        created_at = since - (40 - row) * DAY
        flows.append(Flow(flow_ids[row], name, trigger, status, created_at, is_archived, rows))
    return Catalogue(tuple(campaigns), tuple(flows), tuple(messages))


def _campaigns(
    plan: ShopPlan, days: AccountDays, since: int
) -> tuple[list[Campaign], list[Message]]:
    rng = random_stream(plan, "campaigns")
    drafts = sorted(_slots(days, since, rng), key=lambda slot: slot.send_at)
    created = np.array([slot.send_at - slot.lead for slot in drafts], dtype=np.int64)
    ids = ulids(created, seed=plan.seed, kind="campaign")
    message_ids = ulids(created, seed=plan.seed, kind="campaign message")
    campaigns, messages = [], []
    for row, slot in enumerate(drafts):
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
            )
        )
    return campaigns, messages


@dataclass(frozen=True, slots=True)
class _Slot:
    """A place in the campaign calendar."""

    day: int
    send_at: int
    lead: int
    channel: str
    label: str
    subject: str
    is_offer: bool
    outcome: str = "Sent"
    is_archived: bool = False


def _slots(days: AccountDays, since: int, rng: np.random.Generator) -> Iterator[_Slot]:
    first = int(days.index(np.array([since]))[0])
    for day in range(first, days.count):
        date = days.date(day)
        lead = int(rng.integers(6, 60)) * HOUR
        if (hour := _email_hour(date, rng)) is not None:
            send_at = int(days.starts[day]) + hour * HOUR
            topic = _topic(date, rng)
            is_archived = bool(rng.random() < ARCHIVED)
            slot = _Slot(day, send_at, lead, "email", *topic, is_archived=is_archived)
            yield slot
            yield from _unsent(slot, rng)
        if date.weekday() == 2 and date.isocalendar().week % 3 == 0:
            send_at = int(days.starts[day]) + 12 * HOUR
            yield _Slot(day, send_at, lead, "sms", *_TEXTS[int(rng.integers(0, len(_TEXTS)))])


def _email_hour(date: dt.date, rng: np.random.Generator) -> int | None:
    """Tuesdays and Thursdays, every other Sunday, and daily around Black Friday."""
    to_black_friday = (black_friday(date.year) - date).days
    if -3 <= to_black_friday <= 2:
        return 8
    if date.weekday() == 6:
        return 18 if rng.random() < 0.5 else None
    return {1: 10, 3: 16}.get(date.weekday())


def _topic(date: dt.date, rng: np.random.Generator) -> tuple[str, str, bool]:
    if -3 <= (black_friday(date.year) - date).days <= 2:
        return "Black Friday", "Our best prices of the year", True
    return _SUBJECTS[int(rng.integers(0, len(_SUBJECTS)))]


def _unsent(slot: _Slot, rng: np.random.Generator) -> Iterator[_Slot]:
    """Now and then a draft that was never sent, or a campaign called off."""
    draw = rng.random()
    if draw < 0.04:
        outcome = "Draft" if draw < 0.02 else "Cancelled"
        yield replace(
            slot,
            send_at=slot.send_at + HOUR,
            label=f"{slot.label} B",
            outcome=outcome,
            is_archived=draw < 0.01,
        )
