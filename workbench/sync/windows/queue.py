"""Windows that wait for a thread to read them: not a fixed list, because dense ones are shared."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable

from workbench.sync.windows.planning import Window

__all__ = ["WindowQueue"]


class WindowQueue:
    """Hands windows to threads until none is left and none can come any more.

    Args:
        windows: in the order in which they are taken up.
        added: told of each window that comes later.
    """

    def __init__(self, windows: Iterable[Window], *, added: Callable[[], None]) -> None:
        self._waiting = deque(windows)
        self._added = added
        self._at_work = 0
        self._idle = 0
        self._is_stopped = False
        self._changed = threading.Condition()

    @property
    def idle(self) -> int:
        """Threads that have nothing to do, unless windows wait for them."""
        with self._changed:
            return max(self._idle - len(self._waiting), 0)

    def take(self) -> Window | None:
        """The next window, when there is one; None when there will be none."""
        with self._changed:
            self._idle += 1
            while not self._waiting and self._at_work and not self._is_stopped:
                self._changed.wait()
            self._idle -= 1
            if self._is_stopped or not self._waiting:
                return None
            self._at_work += 1
            return self._waiting.popleft()

    def add(self, windows: Iterable[Window]) -> None:
        """Put windows behind those that wait."""
        with self._changed:
            for window in windows:
                self._waiting.append(window)
                self._added()
            self._changed.notify_all()

    def done(self) -> None:
        """A window that was taken is read."""
        with self._changed:
            self._at_work -= 1
            self._changed.notify_all()

    def stop(self) -> None:
        """Hand out no more."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()
