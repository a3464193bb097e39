"""The ``event_properties`` of the events of messages, in Klaviyo's own words, as JSON text.

Most events are of a message and differ in a few identifiers only: those are put behind what all
events of the message share, which is written once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import orjson

from workbench.sandbox.api.jsonapi import Body
from workbench.sandbox.shop.build import Shop
from workbench.sandbox.shop.events import Flag, Kind
from workbench.sandbox.shop.people import DOMAINS

__all__ = ["MessageProperties"]

_EMAIL_KINDS = {
    Kind.RECEIVED_EMAIL,
    Kind.OPENED_EMAIL,
    Kind.CLICKED_EMAIL,
    Kind.BOUNCED_EMAIL,
    Kind.UNSUBSCRIBED,
    Kind.MARKED_SPAM,
}
_WORDING = {"email": "Subject", "sms": "Message Body", "mobile_push": "Message Body"}


class MessageProperties:
    """Writes the properties of the events that belong to a message.

    Args:
        shop: whose columns are read.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        messages = [self._of_message(row) for row in range(len(shop.catalogue.messages))]
        self._senders = [shared["$message"] for shared in messages]
        self._beginnings = [_unclosed(shared) for shared in messages]
        for each in shop.catalogue.variations:  # they follow the messages
            self._senders.append(self._senders[each.message])
            beginning = _unclosed({**messages[each.message], "Subject": each.subject})
            self._beginnings.append(f'{beginning},"$variation":"{each.id}"')
        self._endings: dict[int, str] = {}

    def of(self, rows: npt.NDArray[np.int64]) -> list[str]:
        """The properties of each row, all of which belong to a message, JSON."""
        events, people = self._shop.events, self._shop.people
        profile, variation = events.profile[rows], events.variation[rows].astype(np.int64)
        tested = len(self._shop.catalogue.messages) + variation
        kind, flags = events.kind[rows].astype(np.int64), events.flags[rows].astype(np.int64)
        columns = zip(
            np.where(variation >= 0, tested, events.message[rows]).tolist(),
            people.ids[profile].astype(np.str_).tolist(),
            events.at[rows].tolist(),
            events.send_at[rows].tolist(),
            (kind << 16 | flags << 8 | people.domain[profile]).tolist(),
            strict=True,
        )
        beginnings, senders, endings = self._beginnings, self._senders, self._endings
        return [
            f'{beginnings[row]},"$event_id":"{senders[row]}:{person}:{at}"'
            f',"$_cohort$message_send_cohort":"{send_at}:{senders[row]}"'
            f"{endings.get(ending) or self._ending(ending)}"
            for row, person, at, send_at, ending in columns
        ]

    def _ending(self, packed: int) -> str:
        """What events of a kind, with some flags and to some domain, have in common."""
        kind, flags, domain = packed >> 16, packed >> 8 & 255, packed & 255
        ending: Body = {}
        if kind in _EMAIL_KINDS:
            name, provider, _ = DOMAINS[domain]
            ending = {"Email Domain": name, "Inbox Provider": provider, **_outcome(kind, flags)}
        text = orjson.dumps(ending).decode().removeprefix("{")
        self._endings[packed] = f",{text}" if ending else text
        return self._endings[packed]

    def _of_message(self, row: int) -> Body:
        """What all events of a message share; $message is the campaign of a campaign's e-mail."""
        catalogue = self._shop.catalogue
        message = catalogue.messages[row]
        wording = {_WORDING[message.channel]: message.subject}
        if message.flow >= 0:
            flow = catalogue.flows[message.flow].id
            return {
                "$message": message.id,
                "$flow": flow,
                "Campaign Name": message.name,
                **wording,
            }
        campaign = catalogue.campaigns[message.campaign]
        sender = campaign.id if message.channel == "email" else message.id
        return {"$message": sender, "Campaign Name": campaign.name, **wording}


def _outcome(kind: int, flags: int) -> Body:
    """What only some kinds of e-mail events say."""
    if kind == Kind.OPENED_EMAIL:
        return {
            "Apple Privacy Open": bool(flags & Flag.APPLE_PRIVACY),
            "machine_open": bool(flags & Flag.MACHINE),
        }
    if kind == Kind.CLICKED_EMAIL:
        return {"URL": "https://shop.example.com/", "Bot Click": bool(flags & Flag.BOT)}
    if kind == Kind.BOUNCED_EMAIL:
        return {"Bounce Type": "Hard" if flags & Flag.HARD_BOUNCE else "Soft"}
    return {}


def _unclosed(properties: Body) -> str:
    return orjson.dumps(properties).decode().removesuffix("}")
