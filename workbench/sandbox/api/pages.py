"""Paging by key: a cursor names the row a page ended at, never a position.

Rows that appear or move while a client pages through a collection therefore make it miss or repeat
nothing else.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import orjson

from workbench.sandbox.api.jsonapi import Refusal
from workbench.sandbox.api.queries import Query

__all__ = ["Listed", "Listing", "Page", "listing", "page"]


_Rows = npt.NDArray[np.int64]


class Listed(Protocol):
    """The rows that a query selects, at ascending positions from ``first`` to before ``end``."""

    @property
    def first(self) -> int: ...
    @property
    def end(self) -> int: ...

    def following(self, position: int, count: int | None) -> _Rows:
        """The first ``count`` positions from one on that hold a row; all of them when None."""

    def preceding(self, position: int, count: int | None) -> _Rows:
        """The last ``count`` positions before one that hold a row, ascending."""

    def rows_at(self, positions: _Rows) -> _Rows:
        """The rows at some positions."""

    def mark(self, position: int) -> tuple[str | float, int]:
        """What a cursor remembers of a position: its key and its row."""

    def position(self, key: str | float, row: int, *, is_behind: bool) -> int:
        """Where a marked row is, or the first position behind it."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows that a query selects, ascending by key, then row."""

    rows: _Rows
    keys: npt.NDArray[np.generic]

    @property
    def first(self) -> int:
        """The first position."""
        return 0

    @property
    def end(self) -> int:
        """One more than the last position."""
        return len(self.rows)

    def following(self, position: int, count: int | None) -> _Rows:
        """The first ``count`` positions from one on; all of them when None."""
        return np.arange(position, self.end)[:count]

    def preceding(self, position: int, count: int | None) -> _Rows:
        """The last ``count`` positions before one; all of them when None."""
        return np.arange(0 if count is None else max(position - count, 0), position)

    def rows_at(self, positions: _Rows) -> _Rows:
        """The rows at some positions."""
        return self.rows[positions]

    def mark(self, position: int) -> tuple[str | float, int]:
        """The key and the row at a position."""
        key = self.keys[position].item()
        return key.decode() if isinstance(key, bytes) else key, int(self.rows[position])

    def position(self, key: str | float, row: int, *, is_behind: bool) -> int:
        """Where a row of a key is, or would be; or the first position behind that.

        Raises:
            TypeError: the key is of another kind than those of the listing.
        """
        wanted = key.encode() if self.keys.dtype.kind == "S" and isinstance(key, str) else key
        first = int(np.searchsorted(self.keys, wanted, side="left"))
        last = int(np.searchsorted(self.keys, wanted, side="right"))
        ties = self.rows[first:last]
        if is_behind:
            return first + int(np.searchsorted(ties, row, side="right"))
        return first + int(np.searchsorted(ties, row, side="left"))


@dataclass(frozen=True, slots=True)
class Page:
    """Rows to serve, and the cursors of the pages around them; None where there is none."""

    rows: npt.NDArray[np.int64]
    next_cursor: str | None
    previous_cursor: str | None


def listing(rows: npt.NDArray[np.int64], keys: npt.NDArray[np.generic]) -> Listing:
    """Rows in the order of their keys; rows of equal key in ascending order.

    Args:
        rows: ascending.
        keys: one a row of ``rows``.
    """
    if keys.dtype.kind == "f":
        keys = np.nan_to_num(keys, nan=-1.0)
    order = np.argsort(keys, kind="stable")
    return Listing(rows[order], keys[order])


def page(listed: Listed, query: Query) -> Page:
    """The page of a listing that a query asks for.

    Raises:
        Refusal: the cursor is not one that this query was given.
    """
    positions = _positions(listed, query)
    if not len(positions):
        return Page(positions, None, None)
    first, last = int(positions[0]), int(positions[-1])
    has_before, has_after = len(listed.preceding(first, 1)), len(listed.following(last + 1, 1))
    # one past each end is another page; which end is "next" depends on the direction
    back = _cursor(query, listed, first, not query.is_descending) if has_before else None
    forth = _cursor(query, listed, last, query.is_descending) if has_after else None
    rows = listed.rows_at(positions)
    if query.is_descending:
        return Page(rows[::-1], next_cursor=back, previous_cursor=forth)
    return Page(rows, next_cursor=forth, previous_cursor=back)


def _positions(listed: Listed, query: Query) -> _Rows:
    """The positions on a page, ascending."""
    if not query.cursor:
        if query.is_descending:
            return listed.preceding(listed.end, query.size)
        return listed.following(listed.first, query.size)
    goes_back, key, row = _decoded(query)
    goes_down = goes_back != query.is_descending
    try:
        position = listed.position(key, row, is_behind=not goes_down)
    except TypeError:
        raise Refusal.invalid("Invalid cursor provided.") from None
    walk = listed.preceding if goes_down else listed.following
    return walk(position, query.size)


def _cursor(query: Query, listed: Listed, position: int, goes_back: bool) -> str:
    content = [_digest(query), goes_back, *listed.mark(position)]
    return base64.urlsafe_b64encode(orjson.dumps(content)).decode().rstrip("=")


def _decoded(query: Query) -> tuple[bool, str | float, int]:
    try:
        padded = query.cursor + "=" * (-len(query.cursor) % 4)
        digest, goes_back, key, row = orjson.loads(base64.urlsafe_b64decode(padded))
    except (binascii.Error, orjson.JSONDecodeError, TypeError, ValueError):
        digest, goes_back, key, row = "", False, 0, 0
    if digest != _digest(query):
        raise Refusal.invalid("Invalid cursor provided.")
    return goes_back, key, row


def _digest(query: Query) -> str:
    return hashlib.sha256(query.digest.encode()).hexdigest()[:12]
