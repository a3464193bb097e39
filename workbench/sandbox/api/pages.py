"""Paging by key: a cursor names the row a page ended at, never a position.

Rows that appear or move while a client pages through a collection therefore make it miss or repeat
nothing else.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import orjson

from workbench.sandbox.api.jsonapi import Refusal
from workbench.sandbox.api.queries import Query

__all__ = ["Listing", "Page", "listing", "page"]


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows that a query selects, ascending by key, then row."""

    rows: npt.NDArray[np.int64]
    keys: npt.NDArray[np.generic]


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


def page(listed: Listing, query: Query) -> Page:
    """The page of a listing that a query asks for.

    Raises:
        Refusal: the cursor is not one that this query was given.
    """
    total = len(listed.rows)
    size = total if query.size is None else query.size
    start, stop = _span(listed, query, size)
    if start == stop:
        return Page(listed.rows[:0], None, None)
    # one past each end is another page; which end is "next" depends on the direction
    before = _cursor(query, listed, start, not query.is_descending) if start > 0 else None
    after = _cursor(query, listed, stop - 1, query.is_descending) if stop < total else None
    rows = listed.rows[start:stop]
    if query.is_descending:
        return Page(rows[::-1], next_cursor=before, previous_cursor=after)
    return Page(rows, next_cursor=after, previous_cursor=before)


def _span(listed: Listing, query: Query, size: int) -> tuple[int, int]:
    total = len(listed.rows)
    if not query.cursor:
        return (max(total - size, 0), total) if query.is_descending else (0, min(size, total))
    goes_back, key, row = _decoded(query)
    try:
        first = int(np.searchsorted(listed.keys, key, side="left"))
        last = int(np.searchsorted(listed.keys, key, side="right"))
    except TypeError:
        raise Refusal.invalid("Invalid cursor provided.") from None
    ties = listed.rows[first:last]
    if goes_back != query.is_descending:
        stop = first + int(np.searchsorted(ties, row, side="left"))
        return max(stop - size, 0), stop
    start = first + int(np.searchsorted(ties, row, side="right"))
    return start, min(start + size, total)


def _cursor(query: Query, listed: Listing, position: int, goes_back: bool) -> str:
    key = listed.keys[position].item()
    content = [_digest(query), goes_back, key, int(listed.rows[position])]
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
