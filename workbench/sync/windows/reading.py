"""Reading one window, in as many transactions as its density asks for.

A page is fetched and read while no connection to the database is held. When the rows held are as
many as one transaction should store, the window is cut at the second of the newest: that second may
go on on the next page, so its rows stay for the next part. The same second is where reading begins
again when a page's cursor has expired; a cursor itself is never kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

from workbench.errors import CursorExpired
from workbench.sync.crew import Crew
from workbench.sync.definition import Resource
from workbench.sync.findings.quarantine import quarantine
from workbench.sync.run import Run, StreamCount
from workbench.sync.windows.parts import Kind
from workbench.sync.windows.planning import Window, cut_window, finish_window, shares
from workbench.sync.windows.queue import WindowQueue

__all__ = ["WindowReading"]

# Klaviyo refuses an event window that begins or ends so close to its present
_SETTLED = dt.timedelta(seconds=5)
_EXPIRIES = 5  # in a row, without a second of progress
_NOTHING = StreamCount()


class WindowReading:
    """The reading of one window by one thread.

    Args:
        run: that it belongs to.
        resource: read in windows.
        kind: of its rows.
        window: what to read.
        queue: gets part of a dense window when another thread has nothing to do.
        crew: the threads that read the stream.
    """

    def __init__(
        self,
        run: Run,
        resource: Resource,
        kind: Kind[Any],
        window: Window,
        queue: WindowQueue,
        crew: Crew,
    ) -> None:
        assert resource.cursor is not None
        self._run, self._resource, self._kind = run, resource, kind
        self._window, self._queue, self._crew = window, queue, crew
        self._most_rows, self._page_rows = resource.cursor.rows, int(resource.params["page[size]"])
        self._held = kind.empty()
        self._newest: dt.datetime | None = None
        self._is_ordered = True
        self._uncounted = _NOTHING  # stored, but not told in ops.sync_window yet

    @property
    def _rows(self) -> int:
        """That one transaction should store."""
        return self._crew.share(self._most_rows, least=self._page_rows)

    def parts(self) -> Iterator[StreamCount]:
        """Read the window; yields what each transaction stored.

        Raises:
            CursorExpired: again and again at the same place.
        """
        expiries = 0
        while True:
            begun = self._begin()
            try:
                yield from self._read_on(begun)
            except CursorExpired:
                again = self._begin()
                expiries = expiries + 1 if again == begun else 1
                if expiries > _EXPIRIES:
                    raise
                self._held = self._held.where([at < again for at in self._held.times])
            else:
                return

    def _begin(self) -> dt.datetime:
        """The second up to which all has been received, so that reading may begin again there."""
        if self._newest is None or not self._is_ordered:
            return self._window.since
        return max(self._window.since, _second(self._newest))

    def _read_on(self, begin: dt.datetime) -> Iterator[StreamCount]:
        """One query and its pages, to the end of the window."""
        latest = self._run.as_of - _SETTLED
        is_open = self._window.is_open or self._window.until > latest
        query = self._resource.window_query(
            min(begin, latest), None if is_open else self._window.until
        )
        for page in self._kind.pages(self._run, self._resource, query):
            self._crew.page_read()
            quarantine(self._run, self._resource.name, page.unreadable)
            self._hold(page)
            if self._is_over():
                break
            if len(self._held.times) >= self._rows:
                yield self._store_begun()
        yield self._store(self._held, finish_window)

    def _hold(self, page: Any) -> None:
        """Hold those rows of a page that belong to the window, and see how far it went."""
        times = page.times
        if not times:
            return
        is_sorted = all(a <= b for a, b in pairwise(times))
        if not is_sorted or (self._newest and times[0] < _second(self._newest)):
            self._is_ordered = False
        self._newest = times[-1]
        is_kept = [self._window.holds(at) for at in times]
        self._held.extend(page if all(is_kept) else page.where(is_kept))

    def _is_over(self) -> bool:
        """Whether the rest of the pages is behind the window, which was cut shorter meanwhile."""
        return (
            self._is_ordered and self._newest is not None and not self._window.holds(self._newest)
        )

    def _store_begun(self) -> StreamCount:
        """Store what is held, up to the second of the newest row, and cut the window there.

        Where it cannot be cut, because all is of one second or in no order, the rows are stored and
        the window stays planned: after a crash they are read again.
        """
        window, held = self._window, self._held
        at = self._begin()
        if not window.since < at < window.until:
            self._held = self._kind.empty()
            count = self._store(held, None)
            self._uncounted += count
            self._window = replace(window, is_first=False)
            return count
        before = [each < at for each in held.times]
        self._held = held.where([not each for each in before])
        mine, *others = self._divided(
            replace(window, since=at), rows=sum(before), seconds=at - window.since
        )

        def cut(cursor: Any, window: Window, *, account_id: str, count: StreamCount) -> None:
            cut_window(
                cursor, window, account_id=account_id, count=count, at=at, rest=[mine, *others]
            )

        count = self._store(held.where(before), cut)
        self._window = mine
        self._queue.add(others)
        return count

    def _divided(self, rest: Window, *, rows: int, seconds: dt.timedelta) -> list[Window]:
        """The rest of a window, in pieces when other threads have nothing to do."""
        if not (idle := self._queue.idle):
            return [rest]
        expected = rows * ((rest.until - rest.since) / seconds)
        return shares(
            rest, count=idle + 1, rows=expected, most=self._rows, before=self._run.as_of - _SETTLED
        )

    def _store(self, part: Any, finish: Callable[..., None] | None) -> StreamCount:
        """Store rows in one transaction, which also says how far the window is done."""
        run = self._run
        with (
            run.storing,
            run.database.connection() as connection,
            connection.cursor() as cursor,
        ):
            count, refused = self._kind.store(cursor, run, self._resource, self._window, part)
            if finish:
                told = self._uncounted + count
                finish(cursor, self._window, account_id=run.account_id, count=told)
        if finish:
            self._uncounted = _NOTHING
        quarantine(run, self._resource.name, refused)
        return count


def _second(at: dt.datetime) -> dt.datetime:
    return at.replace(microsecond=0)
