"""Blocks of profiles, simulated one by one, put together into the columns of one shop.

A block knows nothing of the others, so that memory follows its size and several can be simulated at
once. Its rows count from 0: joining moves them behind those of the blocks before it. Blocks may lie
on disk, and so may the columns that they are joined into: events are merged a stretch of time after
another, so that no more than a stretch is in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.events import ORDER_KINDS, POINTERS, Events, Kind
from workbench.sandbox.shop.groups import Memberships, no_memberships
from workbench.sandbox.shop.orders import OrderBook
from workbench.sandbox.shop.people import COUNTRIES, People
from workbench.sandbox.shop.storage import Column, Columns, opened_table, stored_table

__all__ = [
    "AnyBlock",
    "Block",
    "StoredBlock",
    "delayed_rows",
    "joined_events",
    "joined_memberships",
    "joined_orders",
    "joined_people",
]

_Ints = npt.NDArray[np.int64]
STRETCH = 1_500_000  # events merged at once, about


class AnyBlock(Protocol):
    """Some profiles, their orders, their events and their memberships."""

    @property
    def people(self) -> People: ...
    @property
    def orders(self) -> OrderBook: ...
    @property
    def events(self) -> Events: ...
    @property
    def memberships(self) -> Memberships: ...


@dataclass(frozen=True, slots=True)
class Block:
    """A block in memory."""

    people: People
    orders: OrderBook
    events: Events
    memberships: Memberships = field(default_factory=no_memberships)


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """A block on disk; each look at a table maps it anew, so that none stays in memory.

    Attributes:
        folder: of its files.
        number: of the block.
    """

    folder: Path
    number: int

    @classmethod
    def of(cls, block: Block, folder: Path) -> StoredBlock:
        """A block written to a folder, which is made."""
        folder.mkdir()
        for name in ("people", "orders", "events", "memberships"):
            stored_table(folder, name, getattr(block, name))
        return cls(folder, block.people.block)

    @property
    def people(self) -> People:
        """The profiles."""
        return opened_table(self.folder, "people", People, block=self.number, countries=COUNTRIES)

    @property
    def orders(self) -> OrderBook:
        """The books."""
        return opened_table(self.folder, "orders", OrderBook)

    @property
    def events(self) -> Events:
        """What happened."""
        return opened_table(self.folder, "events", Events)

    @property
    def memberships(self) -> Memberships:
        """The spells in groups."""
        return opened_table(self.folder, "memberships", Memberships)


def joined_people(blocks: Sequence[AnyBlock], columns: Columns) -> People:
    """All profiles, those of one block behind those of another."""
    starts = _starts([len(block.people) for block in blocks])
    for at, block in enumerate(blocks):
        people = block.people
        parts = _arrays(people) | {"merged_into": _moved(people.merged_into, starts[at])}
        del parts["by_id"]
        columns.put("people", parts)
    ids = np.concatenate([block.people.ids for block in blocks])
    columns.put("people", {"by_id": np.argsort(ids).astype(np.int32)})
    return columns.table("people", People, block=0, countries=blocks[0].people.countries)


def joined_memberships(blocks: Sequence[AnyBlock], columns: Columns) -> Memberships:
    """All spells in groups, those of one group together."""
    starts = _starts([len(block.people) for block in blocks])
    groups = max(int(block.memberships.group.max(initial=-1)) for block in blocks) + 1
    columns.put("memberships", _arrays(no_memberships()))
    for group in range(groups):
        parts = []
        for at, block in enumerate(blocks):
            spells = block.memberships
            chosen = spells.of(group)
            part = {name: column[chosen] for name, column in _arrays(spells).items()}
            parts.append(part | {"profile": _moved(part["profile"], starts[at])})
        whole = _concatenated(parts)
        order = np.argsort(whole["joined_at"], kind="stable")
        columns.put("memberships", {name: column[order] for name, column in whole.items()})
    return columns.table("memberships", Memberships)


def joined_events(
    blocks: Sequence[AnyBlock],
    columns: Columns,
    *,
    progress: Callable[[float], None],
    stretch: int = STRETCH,
) -> tuple[Events, npt.NDArray[np.int32]]:
    """All events, sorted by time; of the same second, those of an earlier block come first.

    The rows of those that show later than they happen, or earlier, are the second part.

    Args:
        blocks: whose events they are.
        columns: where they go.
        progress: told which part of them is there, from 0 to 1.
        stretch: about how many of them are merged at once.
    """
    if len(blocks) == 1:
        columns.put("events", _arrays(blocks[0].events))
        events = columns.table("events", Events)
        return events, delayed_rows(events)
    profiles = _starts([len(block.people) for block in blocks])
    orders = _starts([len(block.orders.number) for block in blocks])
    lines = _starts([len(block.orders.price) for block in blocks])
    counts = [len(block.events) for block in blocks]
    # where each row of a block has gone; the extra place answers for -1
    places = [np.full(count + 1, -1, dtype=np.int32) for count in counts]
    done, delayed = 0, []
    for pieces in _stretches(blocks, size=stretch):
        parts = [
            _taken(block.events, rows, profiles=profiles[at], orders=orders[at], lines=lines[at])
            for at, (block, rows) in enumerate(zip(blocks, pieces, strict=True))
        ]
        merged = _merged(parts, places, pieces, done=done)
        columns.put("events", _arrays(merged))
        delayed.append(delayed_rows(merged) + np.int32(done))
        done += len(merged)
        progress(done / max(sum(counts), 1))
    return columns.table("events", Events), np.concatenate(delayed)


def joined_orders(blocks: Sequence[AnyBlock], events: Events, columns: Columns) -> OrderBook:
    """All books; the shop numbers its orders as they are placed.

    Args:
        blocks: whose books they are.
        events: all of them, as ``joined_events`` makes them.
        columns: where they go.
    """
    lines = _starts([len(block.orders.price) for block in blocks])
    for at, block in enumerate(blocks):
        parts = _arrays(block.orders)
        del parts["number"]
        columns.put("orders", parts | {"first_line": parts["first_line"][:-1] + lines[at]})
    columns.put("orders", {"first_line": lines[-1:]})
    number = np.concatenate([block.orders.number for block in blocks])
    placed = events.ref[events.rows(Kind.PLACED_ORDER)]
    others = np.ones(len(number), dtype=bool)
    others[placed] = False
    # each block has numbered its own from 0 on
    number[others] = np.char.mod(b"W%d", np.flatnonzero(others))
    number[placed] = np.char.mod(b"%d", 1001 + np.arange(len(placed)))
    columns.put("orders", {"number": number})
    return columns.table("orders", OrderBook)


def delayed_rows(events: Events) -> npt.NDArray[np.int32]:
    """The rows of the events that do not show from the second on in which they happen."""
    return np.flatnonzero(events.at != events.visible_at).astype(np.int32)


def _stretches(blocks: Sequence[AnyBlock], *, size: int) -> Iterator[list[slice]]:
    """For one stretch of time after another, the rows of it in each block."""
    step = min(size, 256)
    sample = np.sort(np.concatenate([block.events.at[::step] for block in blocks]))
    edges = np.unique(sample[:: size // step])[1:].tolist()
    starts = [0] * len(blocks)
    for edge in [*edges, None]:
        # what happens in one second stays together
        ends = [
            len(block.events) if edge is None else int(np.searchsorted(block.events.at, edge))
            for block in blocks
        ]
        yield [slice(start, end) for start, end in zip(starts, ends, strict=True)]
        starts = ends


def _taken(
    events: Events, rows: slice, *, profiles: np.int64, orders: np.int64, lines: np.int64
) -> dict[str, Column]:
    """Some rows of a block, pointing at the profiles, orders and lines of the whole shop."""
    part = {name: column[rows] for name, column in _arrays(events).items()}
    ref = part["ref"].copy()
    ref[np.isin(part["kind"], ORDER_KINDS)] += orders
    ref[part["kind"] == Kind.ORDERED_PRODUCT] += lines
    return part | {"ref": ref, "profile": _moved(part["profile"], profiles)}


def _merged(
    parts: Sequence[dict[str, Column]],
    places: Sequence[npt.NDArray[np.int32]],
    pieces: Sequence[slice],
    *,
    done: int,
) -> Events:
    """The events of one stretch of all blocks, sorted by time.

    Args:
        parts: the columns of each block's.
        places: where each row of a block has gone; those of the stretch are filled in.
        pieces: the rows of each block that these are.
        done: how many events come before them.
    """
    order = np.argsort(np.concatenate([part["at"] for part in parts]), kind="stable")
    gone_to = np.empty(len(order), dtype=np.int32)
    gone_to[order] = done + np.arange(len(order))
    ends = np.cumsum([len(part["at"]) for part in parts])
    for part, place, rows, new in zip(
        parts, places, pieces, np.split(gone_to, ends[:-1]), strict=True
    ):
        place[rows] = new
        # an event points at earlier ones only, so they have their places by now
        part |= {name: place[part[name]] for name in POINTERS}
    whole = _concatenated(parts)
    return Events(**{name: column[order] for name, column in whole.items()})


def _arrays(table: object) -> dict[str, Column]:
    columns = {each.name: getattr(table, each.name) for each in fields(table)}  # type: ignore[arg-type]
    return {name: column for name, column in columns.items() if isinstance(column, np.ndarray)}


def _concatenated(parts: Sequence[dict[str, Column]]) -> dict[str, Column]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _starts(lengths: list[int]) -> _Ints:
    """Where each part begins when they stand one behind the other, and the end of the last."""
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)


def _moved(rows: npt.NDArray[np.int32], start: np.int64) -> npt.NDArray[np.int32]:
    return np.where(rows >= 0, rows + start, -1).astype(np.int32)
