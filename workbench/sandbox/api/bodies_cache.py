"""Bodies that were written before, so that a page asked for again costs no writing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

__all__ = ["BodiesCache"]


class BodiesCache:
    """The bodies asked for last, bounded by what they weigh together.

    Args:
        most: bytes.
    """

    def __init__(self, *, most: int) -> None:
        self._most, self._weight = most, 0
        self._bodies: OrderedDict[Hashable, bytes] = OrderedDict()

    def get(self, key: Hashable) -> bytes | None:
        """The body of a request, if it is still here."""
        if (body := self._bodies.get(key)) is not None:
            self._bodies.move_to_end(key)
        return body

    def put(self, key: Hashable, body: bytes) -> None:
        """Keep a body, and drop those that were not asked for in the longest time."""
        self._weight += len(body) - len(self._bodies.pop(key, b""))
        self._bodies[key] = body
        while self._weight > self._most:
            _, dropped = self._bodies.popitem(last=False)
            self._weight -= len(dropped)
