"""Work that fans out: pieces handed to processes here, or to Dask where a scheduler is named.

The results do not depend on who did the work: pieces are cut before they are handed out, come back
in their order, and each is computed with one thread of linear algebra.

    totals = mapped(total, accounts, name=lambda account: account.name, workers=Workers(2))
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from workbench.errors import InputInvalid, WorkbenchError, WorkFailed

__all__ = ["Workers", "mapped"]

Item = TypeVar("Item")
Result = TypeVar("Result")

# read by the libraries when they are first imported
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
_CONNECT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Workers:
    """Who does the work.

    Attributes:
        processes: on this machine; 1 is a process of its own too, so that nothing differs.
        scheduler: address of a Dask scheduler, such as tcp://10.0.0.5:8786, whose workers do it
            instead; empty for none. They need the same version of this package.
    """

    processes: int = 1
    scheduler: str = ""


def mapped(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    workers: Workers,
    name: Callable[[Item], str] = str,
    title: str = "",
    imports: Sequence[str] = (),
) -> list[Result]:
    """What the work gives for each item, in the order of the items.

    A bar on stderr shows how far it is; there is none where the output is piped. When one piece
    fails, those not yet begun are not done.

    Args:
        work: a function of a module, which other processes can import.
        items: its arguments; they, and what comes back, can be pickled.
        workers: who does it.
        name: what an item is called where it fails.
        title: of the bar.
        imports: modules that the work imports on its way; processes here get them ready-made.

    Raises:
        WorkFailed: one of the pieces failed; the message says which, and why.
        InputInvalid: the number of processes is below 1, or no scheduler answers or it has no
            workers, or Dask is not installed.
    """
    if not items:
        return []
    if workers.scheduler:
        with _dask(workers.scheduler) as submit, _bar(title, len(items)) as moved:
            return _gathered(work, items, submit=submit, name=name, moved=moved)
    if workers.processes < 1:
        raise InputInvalid(f"processes is {workers.processes}", hint="pass 1 or more")
    count = min(workers.processes, len(items))
    ready = [work.__module__, *imports]
    with _processes(count, ready=ready) as submit, _bar(title, len(items)) as moved:
        return _gathered(work, items, submit=submit, name=name, moved=moved)


@dataclass(frozen=True, slots=True)
class _Hands:
    """How a piece is handed out, and how its results are awaited, whoever does it."""

    submit: Callable[..., Any]
    as_done: Callable[[Sequence[Any]], Iterator[Any]]
    drop: Callable[[Sequence[Any]], None]


def _gathered(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    submit: _Hands,
    name: Callable[[Item], str],
    moved: Callable[[], None],
) -> list[Result]:
    futures = [submit.submit(work, item) for item in items]
    place = {id(future): at for at, future in enumerate(futures)}
    results: dict[int, Result] = {}
    try:
        for future in submit.as_done(futures):
            at = place[id(future)]
            results[at] = _result(future, named=name(items[at]))
            moved()
    except BaseException:
        submit.drop(futures)
        raise
    return [results[at] for at in range(len(items))]


def _result(future: Any, *, named: str) -> Any:
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise WorkFailed(
            f"{named}: the process that worked on it ended",
            hint="it may have run out of memory: use fewer processes",
        ) from error
    except WorkbenchError as error:
        raise WorkFailed(f"{named}: {error.message}", hint=error.hint) from error
    except Exception as error:
        raise WorkFailed(f"{named}: {type(error).__name__}: {error}") from error


@contextmanager
def _processes(count: int, *, ready: list[str]) -> Iterator[_Hands]:
    """Processes that know nothing of this one's state, so that 1 and 2 of them are alike.

    They are forked from one that has imported the modules once, and that has no threads: libraries
    take longer to import than many a piece to compute.
    """
    with _environment(_ONE_THREAD):
        context = get_context("forkserver")
        context.set_forkserver_preload(ready)
        pool = ProcessPoolExecutor(count, mp_context=context)
        try:
            yield _Hands(pool.submit, as_completed, _cancel)
        finally:
            pool.shutdown(cancel_futures=True)


def _cancel(futures: Sequence[Future[Any]]) -> None:
    for future in futures:
        future.cancel()


@contextmanager
def _dask(address: str) -> Iterator[_Hands]:
    try:
        import distributed
    except ImportError:
        raise InputInvalid(
            f"a Dask scheduler is named ({address}), but Dask is not installed",
            hint="pip install 'workbench[dask]', or unset WORKBENCH_DASK_SCHEDULER",
        ) from None
    try:
        client: Any = distributed.Client(  # type: ignore[no-untyped-call]
            address, timeout=_CONNECT_SECONDS, set_as_default=False
        )
    except (OSError, ValueError) as error:
        raise InputInvalid(
            f"no Dask scheduler answers at {address}: {type(error).__name__}",
            hint="start one with: dask scheduler; or unset WORKBENCH_DASK_SCHEDULER",
        ) from error
    with client:
        _check_workers(client, address=address)
        yield _Hands(
            # two calls with equal arguments are two pieces of work
            lambda work, item: client.submit(work, item, pure=False),
            # the client is no default of this process, so its loop is named
            lambda futures: distributed.as_completed(  # type: ignore[no-untyped-call]
                futures, loop=client.loop
            ),
            client.cancel,
        )


def _check_workers(client: Any, *, address: str) -> None:
    """Without workers, whatever is handed in would wait for ever."""
    try:
        client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
    except TimeoutError:
        raise InputInvalid(
            f"the Dask scheduler at {address} has no workers",
            hint=f"start one with: dask worker {address}; or unset WORKBENCH_DASK_SCHEDULER",
        ) from None


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """These variables for the processes that begin within the block; then as before."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _bar(title: str, total: int) -> Iterator[Callable[[], None]]:
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        task = bars.add_task(title, total=total)
        yield lambda: bars.advance(task)
