"""Dimensions of metric-aggregates: what each event of a metric says, as numbers and their labels.

A label is the text that the event's properties hold, or that of the message it is attributed to; an
event that does not say has the empty label.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.shop.events import Events, Flag, Kind
from workbench.sandbox.shop.messages import Message
from workbench.sandbox.shop.people import DOMAINS

__all__ = ["DIMENSIONS", "Dimension", "dimension"]

_Ints = npt.NDArray[np.int64]
# Klaviyo's names of the channels, as far as they are known
_CHANNELS = {"email": "$email_channel", "sms": "$sms_channel", "mobile_push": "$push_channel"}
_EMAILS = (
    *(Kind.RECEIVED_EMAIL, Kind.OPENED_EMAIL, Kind.CLICKED_EMAIL, Kind.BOUNCED_EMAIL),
    *(Kind.UNSUBSCRIBED, Kind.MARKED_SPAM),
)
_FORMS = (Kind.VIEWED_FORM, Kind.SUBMITTED_FORM, Kind.CLOSED_FORM)


@dataclass(frozen=True, slots=True)
class Dimension:
    """What some events say.

    Attributes:
        code: one number an event: the place of its label.
        labels: texts.
    """

    code: _Ints
    labels: Sequence[str]


def dimension(snapshot: Snapshot, name: str, rows: _Ints) -> Dimension:
    """What events say under a name; nothing for a name that the simulated data does not hold.

    Args:
        snapshot: the account at its instant.
        name: of DIMENSIONS.
        rows: event rows.
    """
    written = _WRITERS.get(name)
    if written is None:
        return Dimension(np.zeros(len(rows), dtype=np.int64), ("",))
    return written(snapshot, rows)


def sender_id(snapshot: Snapshot, message: Message) -> str:
    """What ``$message`` says: the campaign of a campaign's e-mail, else the message itself."""
    if message.channel == "email" and message.campaign >= 0:
        return snapshot.shop.catalogue.campaigns[message.campaign].id
    return message.id


_Label = Callable[[Snapshot, Message], str]


def _flow_id(snapshot: Snapshot, message: Message) -> str:
    return snapshot.shop.catalogue.flows[message.flow].id if message.flow >= 0 else ""


def _campaign_name(snapshot: Snapshot, message: Message) -> str:
    if message.campaign >= 0:
        return snapshot.shop.catalogue.campaigns[message.campaign].name
    return message.name


def _channel(snapshot: Snapshot, message: Message) -> str:
    return _CHANNELS[message.channel]


def _campaign_channel(snapshot: Snapshot, message: Message) -> str:
    return _CHANNELS[message.channel] if message.campaign >= 0 else ""


def _flow_channel(snapshot: Snapshot, message: Message) -> str:
    return _CHANNELS[message.channel] if message.flow >= 0 else ""


_Writer = Callable[[Snapshot, _Ints], Dimension]


def _by_message(label: _Label, *, is_credited: bool = False) -> _Writer:
    """A label of the event's own message, or of the one it is credited to."""

    def written(snapshot: Snapshot, rows: _Ints) -> Dimension:
        events, messages = snapshot.shop.events, snapshot.shop.catalogue.messages
        message = _of(events, events.message, rows, is_credited=is_credited)
        labels = [label(snapshot, each) for each in messages]
        return Dimension(np.where(message >= 0, message, len(labels)), (*labels, ""))

    return written


def _by_variation(*, is_credited: bool = False) -> _Writer:
    """The variation of the event's own message, or of the one it is credited to."""

    def written(snapshot: Snapshot, rows: _Ints) -> Dimension:
        events, variations = snapshot.shop.events, snapshot.shop.catalogue.variations
        variation = _of(events, events.variation, rows, is_credited=is_credited)
        labels = [each.id for each in variations]
        return Dimension(np.where(variation >= 0, variation, len(labels)), (*labels, ""))

    return written


def _of(
    events: Events, column: npt.NDArray[np.integer], rows: _Ints, *, is_credited: bool
) -> _Ints:
    """A column of some events, or of what each is credited to; -1 where that is nothing."""
    touch = events.touch[rows]
    chosen = np.where(touch >= 0, column[touch], -1) if is_credited else column[rows]
    return chosen.astype(np.int64)


def _subject(snapshot: Snapshot, rows: _Ints) -> Dimension:
    """The subject line of an e-mail, or of the variation of it that was sent."""
    events, catalogue = snapshot.shop.events, snapshot.shop.catalogue
    own = [each.subject if each.channel == "email" else "" for each in catalogue.messages]
    labels = [*own, *(each.subject for each in catalogue.variations), ""]
    message, variation = events.message[rows], events.variation[rows].astype(np.int64)
    code = np.where(message >= 0, message, len(labels) - 1).astype(np.int64)
    return Dimension(np.where(variation >= 0, len(own) + variation, code), labels)


def _form_id(snapshot: Snapshot, rows: _Ints) -> Dimension:
    events, forms = snapshot.shop.events, snapshot.shop.forms
    labels = [forms.forms[version.form].id for version in forms.versions]
    is_form = np.isin(events.kind[rows], _FORMS)
    return Dimension(
        np.where(is_form, events.ref[rows], len(labels)).astype(np.int64), (*labels, "")
    )


def _send_cohort(snapshot: Snapshot, rows: _Ints) -> Dimension:
    """When the message was sent, and which: ``second:message``."""
    shop = snapshot.shop
    message, send_at = shop.events.message[rows].astype(np.int64), shop.events.send_at[rows]
    span = len(shop.catalogue.messages) + 1
    keys, code = np.unique(send_at * span + message + 1, return_inverse=True)
    labels = [
        f"{key // span}:{sender_id(snapshot, shop.catalogue.messages[key % span - 1])}"
        if key % span
        else ""
        for key in keys.tolist()
    ]
    return Dimension(code.astype(np.int64), labels)


def _of_kinds(kinds: Sequence[Kind], flag: Flag, labels: tuple[str, str]) -> _Writer:
    """Two labels by a flag, for events of some kinds only."""

    def written(snapshot: Snapshot, rows: _Ints) -> Dimension:
        events = snapshot.shop.events
        is_set = (events.flags[rows] & flag) > 0
        says = np.isin(events.kind[rows], kinds)
        return Dimension(np.where(says, is_set.astype(np.int64), 2), (*labels, ""))

    return written


def _by_domain(part: int) -> _Writer:
    """Part of DOMAINS: of the address that an e-mail went to."""

    def written(snapshot: Snapshot, rows: _Ints) -> Dimension:
        events = snapshot.shop.events
        is_email = (events.message[rows] >= 0) & np.isin(events.kind[rows], _EMAILS)
        domain = snapshot.shop.people.domain[events.profile[rows]].astype(np.int64)
        labels = [str(each[part]) for each in DOMAINS]
        return Dimension(np.where(is_email, domain, len(labels)), (*labels, ""))

    return written


def _currency(snapshot: Snapshot, rows: _Ints) -> Dimension:
    shop = snapshot.shop
    is_valued = np.array([metric.is_valued for metric in shop.metrics])[shop.events.kind[rows]]
    code = shop.events.currency[rows].astype(np.int64)
    return Dimension(np.where(is_valued, code, len(shop.currencies)), (*shop.currencies, ""))


def _url(snapshot: Snapshot, rows: _Ints) -> Dimension:
    is_click = snapshot.shop.events.kind[rows] == Kind.CLICKED_EMAIL
    return Dimension(is_click.astype(np.int64), ("", "https://shop.example.com/"))


_WRITERS: Mapping[str, _Writer] = {
    "$attributed_channel": _by_message(_channel, is_credited=True),
    "$attributed_flow": _by_message(_flow_id, is_credited=True),
    "$attributed_message": _by_message(sender_id, is_credited=True),
    "$attributed_variation": _by_variation(is_credited=True),
    "$campaign_channel": _by_message(_campaign_channel),
    "$flow": _by_message(_flow_id),
    "$flow_channel": _by_message(_flow_channel),
    "$message": _by_message(sender_id),
    "$message_send_cohort": _send_cohort,
    "$value_currency": _currency,
    "$variation": _by_variation(),
    "Bot Click": _of_kinds((Kind.CLICKED_EMAIL,), Flag.BOT, ("false", "true")),
    "Bounce Type": _of_kinds((Kind.BOUNCED_EMAIL,), Flag.HARD_BOUNCE, ("Soft", "Hard")),
    "Campaign Name": _by_message(_campaign_name),
    "Email Domain": _by_domain(0),
    "Inbox Provider": _by_domain(1),
    "Subject": _subject,
    "URL": _url,
    "form_id": _form_id,
}
# the contract's; those without a writer are empty for every simulated event
DIMENSIONS = (
    *_WRITERS,
    *("$usage_amount", "$variation_send_cohort", "Client Canonical", "Client Name", "Client Type"),
    *("Failure Source", "Failure Type", "From Number", "From Phone Region", "List"),
    *("Message Format", "Message Name", "Message Type", "Method", "Segment Count"),
    *("To Number", "To Phone Region"),
)
