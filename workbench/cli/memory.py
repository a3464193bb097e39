"""What a long command does so that the memory it holds stays near what it needs."""

from __future__ import annotations

import ctypes

__all__ = ["give_memory_back"]

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # names of mallopt's parameters
_LARGE_BYTES, _ARENAS = 256 * 1024, 2


def give_memory_back() -> None:
    """Tell the C library to give large blocks back once they are free, whichever thread frees them.

    glibc keeps a heap for nearly every thread, and what one of them frees the others cannot use:
    a sync of many threads would hold a tenth more. Other C libraries have no such heaps.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_ARENA_MAX, _ARENAS)
