"""The ``event_properties`` of each kind of event, in Klaviyo's own words, as JSON text.

Text is put together from pieces that were written before: making every event of a page from a
dictionary of its own would take most of the time of a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

import numpy as np
import numpy.typing as npt
import orjson

from workbench.sandbox.api.form_bodies import form_event
from workbench.sandbox.api.jsonapi import Body
from workbench.sandbox.api.message_properties import MessageProperties
from workbench.sandbox.shop.build import Shop
from workbench.sandbox.shop.events import ORDER_KINDS, Flag, Kind

__all__ = ["EventProperties"]

_Ints = npt.NDArray[np.int64]
_LIST_KINDS = (Kind.SUBSCRIBED_TO_LIST, Kind.UNSUBSCRIBED_FROM_LIST)
_FORM_KINDS = (Kind.VIEWED_FORM, Kind.SUBMITTED_FORM, Kind.CLOSED_FORM)
_AT = 10**18  # stands for the second of an event, and is none


class EventProperties:
    """Writes the properties of the events of one shop.

    Args:
        shop: whose columns are read.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._unit = 10**shop.decimals
        self._of_messages = MessageProperties(shop)
        self._is_valued = [metric.is_valued for metric in shop.metrics]
        self._products = [
            _unopened({"SKU": each.sku, "ProductName": each.name}) for each in shop.products
        ]
        self._names = [orjson.dumps(each.name).decode() for each in shop.products]
        self._lists = [_unopened({"List": group.name}) for group in shop.groups]
        self._form = cache(self._form_pieces)

    def of(self, rows: _Ints) -> list[str]:
        """The properties of each event row, JSON."""
        kind = self._shop.events.kind[rows]
        is_of_message = self._shop.events.message[rows] >= 0
        writers: tuple[tuple[npt.NDArray[np.bool_], Callable[[_Ints], Iterable[str]]], ...] = (
            (is_of_message, self._of_messages.of),
            (np.isin(kind, ORDER_KINDS), self._orders),
            (kind == Kind.ORDERED_PRODUCT, self._order_lines),
            (np.isin(kind, _LIST_KINDS), self._groups),
            (np.isin(kind, _FORM_KINDS), self._forms),
        )
        written = np.empty(len(rows), dtype=object)
        rest = np.ones(len(rows), dtype=bool)
        for chosen, write in writers:
            if chosen.any():
                written[chosen] = list(write(rows[chosen]))
            rest &= ~chosen
        written[rest] = list(self._visits(rows[rest]))
        return list(written.tolist())

    def _visits(self, rows: _Ints) -> Iterator[str]:
        """What has at most a value and a product."""
        refs = self._shop.events.ref[rows].tolist()
        for at, value, ref in zip(self._seconds(rows), self._values(rows), refs, strict=True):
            product = f",{self._products[ref]}" if ref >= 0 else ""
            yield f'{{"$event_id":"{at}"{value}{product}}}'

    def _orders(self, rows: _Ints) -> Iterator[str]:
        book, order = self._shop.orders, self._shop.events.ref[rows]
        columns = (_texts(book.number[order]), self._values(rows), *self._spans(order))
        for number, value, first, end in zip(*columns, strict=True):
            names = ",".join([self._names[row] for row in book.product[first:end].tolist()])
            lines = "},{".join(self._lines(slice(first, end)))
            yield (
                f'{{"$event_id":"{number}"{value},"OrderId":"{number}"'
                f',"ItemNames":[{names}],"Items":[{{{lines}}}]}}'
            )

    def _order_lines(self, rows: _Ints) -> Iterator[str]:
        book, line = self._shop.orders, self._shop.events.ref[rows].astype(np.int64)
        order = np.searchsorted(book.first_line, line, side="right") - 1
        positions = (line - book.first_line[order] + 1).tolist()
        columns = (_texts(book.number[order]), positions, self._values(rows), self._lines(line))
        for number, position, value, text in zip(*columns, strict=True):
            yield f'{{"$event_id":"{number}:{position}"{value},"OrderId":"{number}",{text}}}'

    def _groups(self, rows: _Ints) -> Iterator[str]:
        refs = self._shop.events.ref[rows].tolist()
        for at, ref in zip(self._seconds(rows), refs, strict=True):
            yield f'{{"$event_id":"{at}",{self._lists[ref]}}}'

    def _forms(self, rows: _Ints) -> Iterator[str]:
        events = self._shop.events
        columns = (column[rows].tolist() for column in (events.kind, events.ref, events.flags))
        for at, *what in zip(self._seconds(rows), *columns, strict=True):
            yield str(at).join(self._form(*what))

    def _form_pieces(self, kind: int, row: int, flags: int) -> list[str]:
        """The properties of an event of a form, cut where its second stands."""
        version = self._shop.forms.versions[row]
        form_id = self._shop.forms.forms[version.form].id
        steps = (1 + bool(flags & Flag.SECOND_STEP)) * (kind == Kind.SUBMITTED_FORM)
        written = form_event(version, form_id=form_id, at=_AT, steps=steps)
        return orjson.dumps(written).decode().split(str(_AT))

    def _lines(self, rows: slice | _Ints) -> list[str]:
        """Order lines, without the braces around each."""
        book = self._shop.orders
        columns = (each[rows].tolist() for each in (book.product, book.quantity, book.price))
        return [
            f'{self._products[product]},"Quantity":{quantity},"ItemPrice":{price / self._unit}'
            for product, quantity, price in zip(*columns, strict=True)
        ]

    def _spans(self, order: npt.NDArray[np.int32]) -> tuple[list[int], list[int]]:
        """The first line of each order, and one more than its last."""
        first_line = self._shop.orders.first_line
        return first_line[order].tolist(), first_line[order + 1].tolist()

    def _seconds(self, rows: _Ints) -> list[int]:
        return list(self._shop.events.at[rows].tolist())

    def _values(self, rows: _Ints) -> list[str]:
        """The money of each event, to go behind what comes before it; nothing without any."""
        events, currencies = self._shop.events, self._shop.currencies
        columns = (column[rows].tolist() for column in (events.kind, events.value, events.currency))
        return [
            # correctly rounded, so the shortest JSON number is the exact decimal
            f',"$value":{value / self._unit},"$value_currency":"{currencies[currency]}"'
            if self._is_valued[kind]
            else ""
            for kind, value, currency in zip(*columns, strict=True)
        ]


def _texts(numbers: npt.NDArray[np.bytes_]) -> list[str]:
    """Order numbers as they stand between quotes."""
    return [orjson.dumps(number.decode()).decode()[1:-1] for number in numbers.tolist()]


def _unopened(properties: Body) -> str:
    return orjson.dumps(properties).decode().removeprefix("{").removesuffix("}")
