"""How the threads of a sync get their memory."""

from __future__ import annotations

import ctypes

__all__ = ["share_heaps"]

_ARENA_MAX = -8  # M_ARENA_MAX of malloc.h
_HEAPS = 2


def share_heaps() -> None:
    """Let the threads of this process share two heaps, where the C library is glibc.

    By itself it gives them up to eight a core, each of which keeps what its threads once needed:
    a fifth of the memory of a sync, and no faster.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, _HEAPS)
