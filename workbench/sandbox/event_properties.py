"""The ``event_properties`` of each kind of event, in Klaviyo's own words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workbench.sandbox.events import Flag, Kind
from workbench.sandbox.jsonapi import Body
from workbench.sandbox.people import DOMAINS
from workbench.sandbox.shop import Shop

__all__ = ["EventProperties"]

_ORDER_KINDS = {
    Kind.PLACED_ORDER,
    Kind.REFUNDED_ORDER,
    Kind.CANCELLED_ORDER,
    Kind.OLD_SHOP_ORDER,
}


class EventProperties:
    """Writes the properties of the events of one shop.

    Args:
        shop: whose columns are read.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._unit = 10**shop.decimals
        self._messages = [self._of_message(row) for row in range(len(shop.catalogue.messages))]

    def of(self, rows: npt.NDArray[np.int64]) -> list[Body]:
        """The properties of each event row."""
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
    ) -> Body:
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
        return properties

    def _message_event(
        self, kind: int, at: int, profile: int, message: int, send_at: int, flags: int
    ) -> Body:
        shared = self._messages[message]
        sender, person = shared["$message"], self._shop.people.ids[profile]
        properties = {
            **shared,
            "$event_id": f"{sender}:{person}:{at}",
            "$_cohort$message_send_cohort": f"{send_at}:{sender}",
        }
        if kind in {Kind.RECEIVED_SMS, Kind.CLICKED_SMS}:
            return properties
        properties["Email Domain"], properties["Inbox Provider"], _ = DOMAINS[
            self._shop.people.domain[profile]
        ]
        if kind == Kind.OPENED_EMAIL:
            properties["Apple Privacy Open"] = bool(flags & Flag.APPLE_PRIVACY)
            properties["machine_open"] = bool(flags & Flag.MACHINE)
        elif kind == Kind.CLICKED_EMAIL:
            properties["URL"] = "https://shop.example.com/"
            properties["Bot Click"] = bool(flags & Flag.BOT)
        elif kind == Kind.BOUNCED_EMAIL:
            properties["Bounce Type"] = "Hard" if flags & Flag.HARD_BOUNCE else "Soft"
        return properties

    def _order(self, row: int) -> Body:
        book = self._shop.orders
        lines = [self._line(line) for line in range(book.first_line[row], book.first_line[row + 1])]
        return {
            "$event_id": book.number[row],
            "OrderId": book.number[row],
            "ItemNames": [line["ProductName"] for line in lines],
            "Items": lines,
        }

    def _order_line(self, line: int) -> Body:
        book = self._shop.orders
        order = int(np.searchsorted(book.first_line, line, side="right")) - 1
        number = book.number[order]
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
