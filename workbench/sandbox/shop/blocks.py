"""Blocks of profiles, simulated one by one, put together into the columns of one shop.

A block knows nothing of the others, so that memory follows its size and several can be simulated at
once. Its rows count from 0: joining moves them behind those of the blocks before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.events import POINTERS, Events, Kind
from workbench.sandbox.shop.orders import OrderBook
from workbench.sandbox.shop.people import People

__all__ = ["Block", "joined_events", "joined_orders", "joined_people"]

_Ints = npt.NDArray[np.int64]
_ORDERS = (Kind.PLACED_ORDER, Kind.REFUNDED_ORDER, Kind.CANCELLED_ORDER, Kind.OLD_SHOP_ORDER)


@dataclass(frozen=True, slots=True)
class Block:
    """Some profiles, their orders and their events."""

    people: People
    orders: OrderBook
    events: Events


def joined_people(blocks: Sequence[Block]) -> People:
    """All profiles, those of one block behind those of another."""
    columns: dict[str, object] = {"block": 0}
    for field in fields(People):
        parts = [getattr(block.people, field.name) for block in blocks]
        if isinstance(parts[0], np.ndarray):
            columns[field.name] = np.concatenate(parts)
        elif isinstance(parts[0], list):
            columns[field.name] = [value for part in parts for value in part]
    return People(**columns)  # type: ignore[arg-type]


def joined_events(blocks: Sequence[Block]) -> Events:
    """All events, sorted by time; of the same second, those of an earlier block come first."""
    if len(blocks) == 1:
        return blocks[0].events
    profiles = _starts([len(block.people) for block in blocks])
    orders = _starts([len(block.orders.number) for block in blocks])
    lines = _starts([len(block.orders.price) for block in blocks])
    rows = _starts([len(block.events) for block in blocks])
    moved: list[dict[str, npt.NDArray[np.integer]]] = []
    for number, block in enumerate(blocks):
        events = block.events
        ref = events.ref.copy()
        ref[np.isin(events.kind, _ORDERS)] += orders[number]
        ref[events.kind == Kind.ORDERED_PRODUCT] += lines[number]
        columns = {field.name: getattr(events, field.name) for field in fields(Events)}
        columns |= {name: _moved(columns[name], rows[number]) for name in POINTERS}
        columns |= {"ref": ref, "profile": _moved(events.profile, profiles[number])}
        moved.append(columns)
    columns = {name: np.concatenate([each[name] for each in moved]) for name in moved[0]}
    order = np.argsort(columns["at"], kind="stable")
    place = np.full(len(order) + 1, -1, dtype=np.int32)  # the extra place answers for -1
    place[order] = np.arange(len(order))
    for name in POINTERS:
        columns[name] = place[columns[name]]
    return Events(**{name: column[order] for name, column in columns.items()})


def joined_orders(blocks: Sequence[Block], events: Events) -> OrderBook:
    """All books; the shop numbers its orders as they are placed.

    Args:
        blocks: whose books they are.
        events: all of them, as ``joined_events`` makes them.
    """
    books = [block.orders for block in blocks]
    lines = _starts([len(book.price) for book in books])
    number = np.concatenate([book.number for book in books])
    placed = events.ref[events.rows(Kind.PLACED_ORDER)]
    number[placed] = np.char.mod(b"%d", 1001 + np.arange(len(placed)))
    firsts = [book.first_line[:-1] + lines[at] for at, book in enumerate(books)]
    return OrderBook(
        number=number,
        first_line=np.concatenate([*firsts, lines[-1:]]),
        product=np.concatenate([book.product for book in books]),
        quantity=np.concatenate([book.quantity for book in books]),
        price=np.concatenate([book.price for book in books]),
    )


def _starts(lengths: list[int]) -> _Ints:
    """Where each part begins when they stand one behind the other, and the end of the last."""
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)


def _moved(rows: npt.NDArray[np.int32], start: np.int64) -> npt.NDArray[np.int32]:
    return np.where(rows >= 0, rows + start, -1).astype(np.int32)
