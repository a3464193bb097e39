"""How far a sync has come: bars on a terminal, nothing where the output is piped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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

__all__ = ["Progress", "StreamProgress"]


class _RowsASecond(ProgressColumn):
    def render(self, task: Task) -> Text:
        seconds = task.finished_time or task.elapsed or 0.0
        rows = task.fields["rows"]
        return Text(f"{rows:,} rows {rows / seconds:,.0f}/s" if seconds else f"{rows:,} rows")


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


class Progress:
    """A bar a stream: windows done, rows, rows a second, time left; a context manager."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description:<14}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            _RowsASecond(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
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

    @contextmanager
    def stream(self, name: str, *, total: int | None) -> Iterator[StreamProgress]:
        """The bar of one stream.

        Args:
            name: shown before the bar.
            total: its windows; None when it is read whole.
        """
        told = StreamProgress(self._bars, self._bars.add_task(name, total=total or 1, rows=0))
        yield told
        if total is None:
            told.window_done()
