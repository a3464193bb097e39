"""Frames held in the memory of a process, the least used given up first."""

from __future__ import annotations

import threading
from collections import OrderedDict

import pandas as pd

__all__ = ["Memory"]

_MOST_BYTES = 64 * 2**20


class Memory:
    """Frames by key; safe to use from several threads.

    Args:
        most_bytes: of all frames together.
    """

    def __init__(self, *, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._held: OrderedDict[str, tuple[str, pd.DataFrame, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: str, *, version: str) -> pd.DataFrame | None:
        """The frame of that key, if it is of that version: a copy, which its reader may change."""
        with self._lock:
            held = self._held.get(key)
            if held is None or held[0] != version:
                return None
            self._held.move_to_end(key)
        return held[1].copy()

    def put(self, key: str, frame: pd.DataFrame, *, version: str) -> None:
        """Hold a copy of a frame in place of the key's older one."""
        size = int(frame.memory_usage(deep=True).sum())
        with self._lock:
            self._drop(key)
            self._held[key] = (version, frame.copy(), size)
            self._bytes += size
            while self._bytes > self._most_bytes:
                self._drop(next(iter(self._held)))

    def _drop(self, key: str) -> None:
        if held := self._held.pop(key, None):
            self._bytes -= held[2]
