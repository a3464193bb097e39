"""Work of one stream in several threads, as many as may ask Klaviyo at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

from workbench.sync.crew import FIRST
from workbench.sync.requests import READING
from workbench.sync.run import Run

__all__ = ["side_by_side"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def side_by_side(
    run: Run, name: str, work: Callable[[_Item], _Result], items: Iterable[_Item]
) -> Iterator[_Result]:
    """What ``work`` gives for each item, in the order in which it is done.

    The first error stops those not yet begun.

    Args:
        run: of which sync.
        name: the stream that requests are counted for.
        work: asked once an item, in one of the threads.
        items: taken up in their order.
    """
    pool = ThreadPoolExecutor(
        min(FIRST, run.asked.connections),
        thread_name_prefix=name,
        initializer=READING.set,
        initargs=(name,),
    )
    try:
        for done in as_completed([pool.submit(work, item) for item in items]):
            yield done.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
