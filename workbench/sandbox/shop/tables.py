"""The tables of a shop put together from its blocks: in memory, or in a folder that is kept.

A folder is filled under another name and renamed when it is complete, so that one left half-written
is never taken for a shop; one made by another version of the generator is made anew.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.blocks import (
    AnyBlock,
    Block,
    StoredBlock,
    joined_events,
    joined_memberships,
    joined_orders,
    joined_people,
)
from workbench.sandbox.shop.events import Events
from workbench.sandbox.shop.groups import Memberships
from workbench.sandbox.shop.orders import OrderBook
from workbench.sandbox.shop.people import COUNTRIES, People
from workbench.sandbox.shop.storage import (
    Columns,
    MemoryColumns,
    StoredColumns,
    opened_table,
)

__all__ = ["Progress", "Tables", "kept_tables", "memory_tables", "stored_tables"]

Progress = Callable[[float], None]  # told which part of the work is done, from 0 to 1

_SIMULATING = 0.8  # part of the time that the blocks take, joining them takes the rest
_ABANDONED = 3_600.0  # seconds after which a half-written folder belongs to nobody any more
_MADE_BY = "made_by.txt"


@dataclass(frozen=True, slots=True)
class Tables:
    """What is in columns; ``delayed`` are the rows of events that show later than they happen."""

    people: People
    orders: OrderBook
    events: Events
    memberships: Memberships
    delayed: npt.NDArray[np.int32]


def _joined(blocks: Sequence[AnyBlock], columns: Columns, *, progress: Progress) -> Tables:
    """The tables of all blocks.

    Args:
        blocks: in memory or on disk.
        columns: where the tables grow.
        progress: told which part of the events is there.
    """
    people = joined_people(blocks, columns)
    memberships = joined_memberships(blocks, columns)
    events, delayed = joined_events(blocks, columns, progress=progress)
    orders = joined_orders(blocks, events, columns)
    return Tables(people, orders, events, memberships, delayed)


def stored_tables(
    simulate: Callable[[int], Block],
    count: int,
    folder: Path,
    *,
    processes: int,
    progress: Progress,
) -> Tables:
    """The tables of a shop in a folder, mapped; whatever the folder held is gone.

    Args:
        simulate: makes the block of a number; can be sent to another process.
        count: of blocks.
        folder: that holds the tables afterwards.
        processes: how many simulate at once; 1 for this one alone.
        progress: told which part of the work is done.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _tidy(folder)
    partial = Path(tempfile.mkdtemp(prefix=f"{folder.name}.partial-", dir=folder.parent))
    try:
        blocks = _stored_blocks(simulate, count, partial, processes=processes, progress=progress)
        columns = StoredColumns(partial)
        try:
            tables = _joined(
                blocks,
                columns,
                progress=lambda share: progress(_SIMULATING + (1 - _SIMULATING) * share),
            )
        finally:
            columns.close()
        np.save(partial / "delayed.npy", tables.delayed)
        for block in blocks:
            shutil.rmtree(block.folder)
        (partial / _MADE_BY).write_text(_generator(), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return _opened(folder)


def kept_tables(folder: Path) -> Tables | None:
    """The tables that a folder holds, mapped; None when they are not all there, or out of date."""
    made_by = folder / _MADE_BY
    if not made_by.is_file() or made_by.read_text(encoding="utf-8") != _generator():
        return None
    try:
        return _opened(folder)
    except (OSError, ValueError):  # somebody took a file away, or cut one short
        return None


def memory_tables(block: Block) -> Tables:
    """The tables of a shop of one block."""
    return _joined([block], MemoryColumns(), progress=lambda share: None)


def _opened(folder: Path) -> Tables:
    return Tables(
        opened_table(folder, "people", People, block=0, countries=COUNTRIES),
        opened_table(folder, "orders", OrderBook),
        opened_table(folder, "events", Events),
        opened_table(folder, "memberships", Memberships),
        np.load(folder / "delayed.npy"),
    )


def _stored_blocks(
    simulate: Callable[[int], Block],
    count: int,
    folder: Path,
    *,
    processes: int,
    progress: Progress,
) -> list[StoredBlock]:
    """Each block, simulated and written; which process makes it does not show."""
    if min(processes, count) == 1:
        blocks = []
        for number in range(count):
            blocks.append(_stored_block(simulate, number, folder))
            progress(_SIMULATING * len(blocks) / count)
        return blocks
    # a fresh interpreter each: one that is copied could hold a lock of a thread that it lacks
    with ProcessPoolExecutor(min(processes, count), mp_context=get_context("spawn")) as pool:
        made = [pool.submit(_stored_block, simulate, number, folder) for number in range(count)]
        try:
            for done, future in enumerate(as_completed(made), start=1):
                future.result()
                progress(_SIMULATING * done / count)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [future.result() for future in made]


def _stored_block(simulate: Callable[[int], Block], number: int, folder: Path) -> StoredBlock:
    return StoredBlock.of(simulate(number), folder / f"block-{number}")


def _tidy(folder: Path) -> None:
    """Take away what a process that was killed has left half-written."""
    for left in folder.parent.glob(f"{folder.name}.partial-*"):
        if time.time() - left.stat().st_mtime > _ABANDONED:
            shutil.rmtree(left, ignore_errors=True)


@cache
def _generator() -> str:
    """A digest of the code and of the numpy that make a shop: others make another."""
    digest = hashlib.sha256(np.__version__.encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
