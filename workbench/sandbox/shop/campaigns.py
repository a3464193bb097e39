"""The calendar of campaigns: what the shop means to send on which day, to whom and about what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from workbench.sandbox.shop.days import HOUR, AccountDays
from workbench.sandbox.shop.plan import ShopPlan, random_stream
from workbench.sandbox.shop.seasons import black_friday

__all__ = ["EVERYBODY", "HOLDOUT", "TEXT_LIST", "VIP", "Slot", "campaign_slots"]

ARCHIVED = 0.03  # of the campaigns that were sent
TESTED_EVERY = 8  # e-mail campaigns: one of them has two subject lines

# (label, subject, another subject, promises a discount)
_SUBJECTS = (
    ("New arrivals", "Just in: what everyone will ask about", "New, and already loved", False),
    ("Weekly edit", "Five things we would buy ourselves", "Our five of the week", False),
    ("Offer", "15 % off, this week only", "Your 15 % is waiting", True),
    ("Guide", "How to care for what you love", "Make it last: a short guide", False),
    ("Restock", "Back on the shelf, not for long", "It is back", False),
    ("Member offer", "A little thank-you: 20 % inside", "20 % off, because it is you", True),
    ("Story", "The people who make it", "Whose hands made this?", False),
)
_SALE = ("Black Friday", "Our best prices of the year", "Black Friday is here", True)
_TEXTS = (
    ("Text offer", "20 % off today with code TEXT20", "", True),
    ("Text reminder", "New colours are here", "", False),
)
_PUSHES = (
    ("Push offer", "10 % off in the app until midnight", "", True),
    ("Push news", "See what came in this week", "", False),
)

# names of lists and segments
EVERYBODY, VIP, TEXT_LIST, HOLDOUT = (
    "Newsletter",
    "VIP early access",
    "SMS",
    "Holdout group",
)


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the campaign calendar.

    Attributes:
        day: position of the account day.
        send_at: UTC second at which it is sent.
        lead: seconds from its making to its sending.
        channel: email, sms or mobile_push.
        audience: name of the list it goes to.
        label: what kind of campaign it is.
        subject: subject line, or the text itself.
        other_subject: the subject line that is tested against it.
        is_offer: promises a discount.
        outcome: Sent, Draft or Cancelled.
        is_archived: put away once sent.
        is_tested: has two variations.
    """

    day: int
    send_at: int
    lead: int
    channel: str
    audience: str
    label: str
    subject: str
    other_subject: str
    is_offer: bool
    outcome: str = "Sent"
    is_archived: bool = False
    is_tested: bool = False


def campaign_slots(plan: ShopPlan, days: AccountDays, *, since: int) -> list[Slot]:
    """The calendar, sorted by time of sending.

    Args:
        plan: the shop.
        days: every simulated day.
        since: UTC second at which the history begins.
    """
    rng = random_stream(plan, "campaigns")
    return sorted(_slots(days, since, rng), key=lambda slot: slot.send_at)


def _slots(days: AccountDays, since: int, rng: np.random.Generator) -> Iterator[Slot]:
    first = int(days.index(np.array([since]))[0])
    emails = 0
    for day in range(first, days.count):
        date, start = days.date(day), int(days.starts[day])
        week = date.isocalendar().week
        lead = int(rng.integers(30, 150)) * HOUR
        if (hour := _email_hour(date)) is not None:
            emails += 1
            slot = Slot(
                day,
                start + hour * HOUR,
                lead,
                "email",
                _audience(date),
                *_topic(date, rng),
                is_archived=bool(rng.random() < ARCHIVED),
                is_tested=emails % TESTED_EVERY == 3,
            )
            yield slot
            yield from _unsent(slot, rng)
        if date.weekday() == 2 and week % 3 == 0:
            topic = _TEXTS[int(rng.integers(0, len(_TEXTS)))]
            yield Slot(day, start + 12 * HOUR, lead, "sms", TEXT_LIST, *topic)
        if date.weekday() == 4 and week % 3 == 1:
            topic = _PUSHES[int(rng.integers(0, len(_PUSHES)))]
            yield Slot(day, start + 17 * HOUR, lead, "mobile_push", EVERYBODY, *topic)


def _email_hour(date: dt.date) -> int | None:
    """Tuesdays, every other Thursday, and daily around Black Friday."""
    if _is_sale(date):
        return 8
    if date.weekday() == 3:
        return 16 if date.isocalendar().week % 2 == 0 else None
    return 10 if date.weekday() == 1 else None


def _audience(date: dt.date) -> str:
    """Everybody in sales and on every third Tuesday, else those who asked for more."""
    is_for_all = date.weekday() == 1 and date.isocalendar().week % 3 == 0
    return EVERYBODY if is_for_all or _is_sale(date) else VIP


def _is_sale(date: dt.date) -> bool:
    return -3 <= (black_friday(date.year) - date).days <= 2


def _topic(date: dt.date, rng: np.random.Generator) -> tuple[str, str, str, bool]:
    return _SALE if _is_sale(date) else _SUBJECTS[int(rng.integers(0, len(_SUBJECTS)))]


def _unsent(slot: Slot, rng: np.random.Generator) -> Iterator[Slot]:
    """Now and then a draft that was never sent, or a campaign called off."""
    draw = rng.random()
    if draw < 0.04:
        yield replace(
            slot,
            send_at=slot.send_at + HOUR,
            label=f"{slot.label} B",
            outcome="Draft" if draw < 0.02 else "Cancelled",
            is_archived=draw < 0.01,
            is_tested=False,
        )
