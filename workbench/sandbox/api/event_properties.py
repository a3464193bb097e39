"""The ``event_properties`` of each kind of event, in Klaviyo's own words, as JSON text.

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

__all__ = ["EventProperties"]

_ORDER_KINDS = {
    Kind.PLACED_ORDER,
    Kind.REFUNDED_ORDER,
    Kind.CANCELLED_ORDER,
    Kind.OLD_SHOP_ORDER,
}
_SMS_KINDS = {Kind.RECEIVED_SMS, Kind.CLICKED_SMS}


class EventProperties:
    """Writes the properties of the events of one shop.

    Args:
        shop: whose columns are read.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._unit = 10**shop.decimals
        self._messages = [self._of_message(row) for row in range(len(shop.catalogue.messages))]
        self._beginnings = [_unclosed(shared) for shared in self._messages]
        self._domains = [
            _unopened({"Email Domain": name, "Inbox Provider": provider})
            for name, provider, _ in DOMAINS
        ]

    def of(self, rows: npt.NDArray[np.int64]) -> list[str]:
        """The properties of each event row, JSON."""
        events = self._shop.events
        columns = (
            events.kind,
            events.at,
            events.profile,
            events.message,
            events.send_at,
            events.value,
            events.ref,
            events.flags,
        )
        return [
            self._written(*values)
            for values in zip(*(column[rows].tolist() for column in columns), strict=True)
        ]

    def _written(
        self,
        kind: int,
        at: int,
        profile: int,
        message: int,
        send_at: int,
        value: int,
        ref: int,
        flags: int,
    ) -> str:
        if message >= 0:
            return self._message_event(kind, at, profile, message, send_at, flags)
        properties: Body = {"$event_id": str(at)}
        if self._shop.metrics[kind].is_valued:
            # correctly rounded, so the shortest JSON number is the exact decimal
            properties["$value"] = value / self._unit
            properties["$value_currency"] = self._shop.account.currency
        if kind in _ORDER_KINDS:
            properties |= self._order(ref)
        elif kind == Kind.ORDERED_PRODUCT:
            properties |= self._order_line(ref)
        elif ref >= 0:
            product = self._shop.products[ref]
            properties |= {"ProductName": product.name, "SKU": product.sku}
        return orjson.dumps(properties).decode()

    def _message_event(
        self, kind: int, at: int, profile: int, message: int, send_at: int, flags: int
    ) -> str:
        sender, person = self._messages[message]["$message"], self._shop.people.ids[profile]
        text = (
            f'{self._beginnings[message]},"$event_id":"{sender}:{person}:{at}"'
            f',"$_cohort$message_send_cohort":"{send_at}:{sender}"'
        )
        if kind in _SMS_KINDS:
            return text + "}"
        return f"{text},{self._domains[self._shop.people.domain[profile]]}{_outcome(kind, flags)}}}"

    def _order(self, row: int) -> Body:
        book = self._shop.orders
        lines = [self._line(line) for line in range(book.first_line[row], book.first_line[row + 1])]
        number = book.number[row].decode()
        return {
            "$event_id": number,
            "OrderId": number,
            "ItemNames": [line["ProductName"] for line in lines],
            "Items": lines,
        }

    def _order_line(self, line: int) -> Body:
        book = self._shop.orders
        order = int(np.searchsorted(book.first_line, line, side="right")) - 1
        number = book.number[order].decode()
        return {
            "$event_id": f"{number}:{line - int(book.first_line[order]) + 1}",
            "OrderId": number,
            **self._line(line),
        }

    def _line(self, line: int) -> Body:
        book = self._shop.orders
        product = self._shop.products[book.product[line]]
        return {
            "SKU": product.sku,
            "ProductName": product.name,
            "Quantity": int(book.quantity[line]),
            "ItemPrice": int(book.price[line]) / self._unit,
        }

    def _of_message(self, row: int) -> Body:
        """What all events of a message share; $message is the campaign of a campaign's e-mail."""
        catalogue = self._shop.catalogue
        message = catalogue.messages[row]
        if message.channel == "sms":
            campaign = catalogue.campaigns[message.campaign]
            return {
                "$message": message.id,
                "Campaign Name": campaign.name,
                "Message Body": message.subject,
            }
        if message.campaign >= 0:
            campaign = catalogue.campaigns[message.campaign]
            return {
                "$message": campaign.id,
                "Campaign Name": campaign.name,
                "Subject": message.subject,
            }
        flow = catalogue.flows[message.flow]
        return {
            "$message": message.id,
            "$flow": flow.id,
            "Campaign Name": message.name,
            "Subject": message.subject,
        }


def _outcome(kind: int, flags: int) -> str:
    """What only some kinds of e-mail events say, to go behind the rest."""
    outcome: Body = {}
    if kind == Kind.OPENED_EMAIL:
        outcome["Apple Privacy Open"] = bool(flags & Flag.APPLE_PRIVACY)
        outcome["machine_open"] = bool(flags & Flag.MACHINE)
    elif kind == Kind.CLICKED_EMAIL:
        outcome["URL"] = "https://shop.example.com/"
        outcome["Bot Click"] = bool(flags & Flag.BOT)
    elif kind == Kind.BOUNCED_EMAIL:
        outcome["Bounce Type"] = "Hard" if flags & Flag.HARD_BOUNCE else "Soft"
    return f",{_unopened(outcome)}" if outcome else ""


def _unclosed(properties: Body) -> str:
    return orjson.dumps(properties).decode().removesuffix("}")


def _unopened(properties: Body) -> str:
    return orjson.dumps(properties).decode().removeprefix("{").removesuffix("}")
