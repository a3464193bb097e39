"""How far a sync has come: a line a stream on a terminal, nothing where the output is piped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.text import Text

__all__ = ["Pace", "Progress", "StreamProgress"]

_A_WAIT_WORTH_TELLING = 2.0  # seconds; below that, waiting for room is how a sync goes


@dataclass(frozen=True, slots=True)
class Pace:
    """How a stream stands to its limit.

    Attributes:
        share: requests of the last minute by those that Klaviyo allows; None when not known.
        wait: seconds until Klaviyo's limit lets its next request go; 0 when it may go now.
    """

    share: float | None = None
    wait: float = 0.0


class _RowsASecond(ProgressColumn):
    def render(self, task: Task) -> Text:
        seconds = task.finished_time or task.elapsed or 0.0
        rows = task.fields["rows"]
        return Text(f"{rows:,} rows {rows / seconds:,.0f}/s" if seconds else f"{rows:,} rows")


class _Pace(ProgressColumn):
    """The share of the limit in use, or what a stream waits for."""

    def render(self, task: Task) -> Text:
        if task.finished:
            return Text("")
        pace: Pace = task.fields["pace"](task.description)
        if pace.wait >= _A_WAIT_WORTH_TELLING:
            return Text(f"waits {pace.wait:.0f} s for Klaviyo's limit")
        return Text("" if pace.share is None else f"{pace.share:.0%} of the limit")


class StreamProgress:
    """Told of one stream's rows and windows."""

    def __init__(self, bars: Bars, task: TaskID) -> None:
        self._bars = bars
        self._task = task

    def __call__(self, rows: int) -> None:
        """So many rows of the stream are stored."""
        self._bars.update(self._task, rows=rows)

    def window_done(self) -> None:
        """One more of its windows is done."""
        self._bars.advance(self._task)

    def window_split(self) -> None:
        """A window turned out dense: there is one more to read."""
        (task,) = (task for task in self._bars.tasks if task.id == self._task)
        self._bars.update(self._task, total=(task.total or 0) + 1)


class Progress:
    """A line a stream: windows done, rows, rows a second, share of the limit, time left.

    Streams at work are shown, and of those that are done the ones that had rows. A context manager.
    """

    def __init__(self, console: Console | None = None) -> None:
        console = console or Console(stderr=True)
        self._pace: Callable[[str], Pace] = lambda stream: Pace()
        self._bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description:<16}"),
            BarColumn(bar_width=16),
            MofNCompleteColumn(),
            _RowsASecond(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            _Pace(),
            console=console,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def watch(self, pace: Callable[[str], Pace]) -> None:
        """Ask this how a stream stands to its limit, whenever it is shown."""
        self._pace = pace

    @contextmanager
    def stream(self, name: str, *, total: int | None) -> Iterator[StreamProgress]:
        """The line of one stream.

        Args:
            name: shown at its beginning.
            total: its windows; None when it is read whole.
        """
        task = self._bars.add_task(name, total=total, rows=0, pace=self._pace)
        told = StreamProgress(self._bars, task)
        yield told
        (shown,) = (each for each in self._bars.tasks if each.id == task)
        if shown.fields["rows"]:
            done = shown.total or 1
            self._bars.update(task, total=done, completed=done)
        else:
            self._bars.remove_task(task)
