"""How many requests of a stream are in flight: as few as read as much as more of them would.

Klaviyo takes a second or so for a large page and allows 58 a second, so that a few threads would
use a small part of what it allows. How many are worth their memory depends on the network, on both
machines and on who else uses the account; it is found by trying, more of them and fewer in turn.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from workbench.sync.requests import READING
from workbench.sync.run import Run

__all__ = ["FIRST", "Crew", "Growth"]

FIRST = 4
"""Threads that a stream begins with."""

_SECONDS = 4.0  # at a count of threads, before it is judged
_HALF_MORE, _WORTH = 1.5, 1.15  # what is added, and what it has to bring to stay
_MISSED = 0.95  # what fewer have to read so that the others need not come back
_RESTS = 15  # judgements after which another count is tried again


class Growth:
    """The count of threads, changed by how much they read.

    More are tried until they bring nothing. From then on fewer are tried and more, in turn: what
    looked like a gain on a busy machine does not stay for good.

    Args:
        most: threads at the most.
    """

    def __init__(self, most: int) -> None:
        self.first = self.count = min(FIRST, most)
        self._most = most
        self._before: tuple[int, float] | None = None  # count and rate, while another is tried
        self._rests = 0
        self._adds = True

    def judge(self, rate: float) -> int:
        """How many there should be from now on.

        Args:
            rate: pages a second that ``count`` threads have read since the last judgement.
        """
        if self._before is not None:
            count, before = self._before
            self._before = None
            if rate < before * (_WORTH if self._adds else _MISSED):
                self.count, self._rests, self._adds = count, _RESTS, not self._adds
        if self._rests:
            self._rests -= 1
        else:
            self._try(rate)
        return self.count

    def _try(self, rate: float) -> None:
        if self._adds:
            wanted = min(self._most, math.ceil(self.count * _HALF_MORE))
        else:
            wanted = max(self.first, math.floor(self.count / _HALF_MORE))
        if wanted == self.count:
            self._adds, self._rests = not self._adds, _RESTS
        else:
            self._before, self.count = (self.count, rate), wanted


class Crew:
    """Threads that do the same work until there is none left.

    Args:
        run: the sync.
        name: of the stream that requests are counted for.
        most: threads at the most.
        is_short: whether some have nothing to do, so that more would not help.
    """

    def __init__(self, run: Run, name: str, *, most: int, is_short: Callable[[], bool]) -> None:
        self._name, self._most, self._is_short = name, most, is_short
        self._clock = run.clock
        self._growth = Growth(most)
        self._at_work = self._pages = 0
        self._judged_at = run.clock()
        self._lock = threading.Lock()

    def share(self, rows: int, *, least: int) -> int:
        """What each thread may hold so that all together hold what the first ones would."""
        return max(least, rows * self._growth.first // self._growth.count)

    def page_read(self) -> None:
        """Count a page."""
        with self._lock:
            self._pages += 1

    def goes_on(self) -> bool:
        """Whether the thread that asks should take up more work; it must end when not."""
        with self._lock:
            is_one_too_many = self._at_work > self._growth.count
            self._at_work -= is_one_too_many
            return not is_one_too_many

    def run(self, work: Callable[[], None]) -> None:
        """Let threads work until all have ended; the first error is raised then."""
        with ThreadPoolExecutor(
            self._most, self._name, initializer=READING.set, initargs=(self._name,)
        ) as pool:
            at_work = self._join(pool, work)
            while at_work:
                done, at_work = wait(at_work, _SECONDS, FIRST_COMPLETED)
                for each in done:
                    each.result()
                if not done:
                    self._judge()
                    at_work |= self._join(pool, work)

    def _join(self, pool: ThreadPoolExecutor, work: Callable[[], None]) -> set[Future[None]]:
        """Those that are missing."""
        with self._lock:
            missing = self._growth.count - self._at_work
            self._at_work += max(missing, 0)
        return {pool.submit(work) for _ in range(missing)}

    def _judge(self) -> None:
        with self._lock:
            now, pages = self._clock(), self._pages
            seconds, self._judged_at, self._pages = now - self._judged_at, now, 0
            if seconds > 0 and not self._is_short():
                self._growth.judge(pages / seconds)
