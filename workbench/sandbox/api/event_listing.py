"""The events that a query selects, found page by page: a listing of all would fill the memory.

Events are sorted by time, and so is every listing of them. A window of time is a run of rows; what
else a query asks is looked up along the run, from where a page begins to where it is full.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.sandbox.api.filters import Condition, FilterError, epoch_seconds
from workbench.sandbox.api.snapshot import Snapshot

__all__ = ["EventListing", "event_listing"]

_Ints = npt.NDArray[np.int64]
_Test = Callable[[slice], npt.NDArray[np.bool_]]
_FAR = 1 << 62  # seconds
_FIRST_STEP, _LARGEST_STEP = 4_096, 1 << 20  # rows looked at, at once


@dataclass(frozen=True, slots=True)
class EventListing:
    """Event rows of a run that pass every test, ascending.

    Attributes:
        first: the first row of the run.
        end: one more than the last.
        tests: what is asked of the rows of a slice.
    """

    first: int
    end: int
    tests: tuple[_Test, ...]

    def following(self, position: int, count: int | None) -> _Ints:
        """The first ``count`` rows from one on, ascending; all of them when None."""
        return self._found(max(position, self.first), count, forwards=True)

    def preceding(self, position: int, count: int | None) -> _Ints:
        """The last ``count`` rows before one, ascending; all of them when None."""
        return self._found(min(position, self.end), count, forwards=False)

    def rows_at(self, positions: _Ints) -> _Ints:
        """The rows at some positions: an event's position is its row."""
        return positions

    def mark(self, position: int) -> tuple[float, int]:
        """What a cursor remembers; no key, because the rows are in order."""
        return 0, position

    def position(self, key: str | float, row: int, *, is_behind: bool) -> int:
        """The row of a cursor, or the one behind it."""
        return row + is_behind

    def _found(self, start: int, count: int | None, *, forwards: bool) -> _Ints:
        parts: list[_Ints] = []
        found, step = 0, _FIRST_STEP
        while (count is None or found < count) and self.first <= start <= self.end:
            stop = min(start + step, self.end) if forwards else max(start - step, self.first)
            rows = slice(min(start, stop), max(start, stop))
            if rows.start == rows.stop:
                break
            parts.append(self._passing(rows))
            found, start, step = found + len(parts[-1]), stop, min(2 * step, _LARGEST_STEP)
        ascending = parts if forwards else parts[::-1]
        rows_found = np.concatenate([np.empty(0, dtype=np.int64), *ascending])
        if count is None:
            return rows_found
        return rows_found[:count] if forwards else rows_found[len(rows_found) - min(count, found) :]

    def _passing(self, rows: slice) -> _Ints:
        passes = np.logical_and.reduce([test(rows) for test in self.tests])
        return np.asarray(np.flatnonzero(passes) + rows.start, dtype=np.int64)


def event_listing(
    snapshot: Snapshot,
    conditions: Sequence[Condition],
    *,
    kind_of: Callable[[str], int | None],
    profile_of: Callable[[str], int | None],
) -> EventListing:
    """The events that show and meet every condition.

    Args:
        snapshot: the account at its instant.
        conditions: of a query, their fields those of the endpoint.
        kind_of: the kind of a metric's id.
        profile_of: the row of a profile's id.

    Raises:
        FilterError: a value does not suit its field.
    """
    events, visible = snapshot.shop.events, snapshot.visible
    first, end = 0, visible.end
    tests: list[_Test] = [visible.of]
    owner = np.append(snapshot.owner, np.int32(-1))  # the last answers for events without a profile
    for condition in conditions:
        if condition.field in {"datetime", "timestamp"}:
            row = int(np.searchsorted(events.at, _whole_second(condition)))
            is_lower = condition.operator.startswith("greater")
            first, end = (max(first, row), end) if is_lower else (first, min(end, row))
        elif condition.field == "metric_id":
            kinds = [kind_of(text) for text in _texts(condition)]
            known = [kind for kind in kinds if kind is not None]
            tests.append(_Among(events.kind, known))
        elif condition.field == "profile_id":
            wanted = profile_of(str(condition.value))
            # several profiles that were merged by now
            held = np.flatnonzero(owner[:-1] == (-2 if wanted is None else wanted))
            tests.append(_Among(events.profile, held.tolist()))
        elif condition.field == "profile":
            tests.append(lambda rows: owner[events.profile[rows]] >= 0)
    return EventListing(first, max(first, end), tuple(tests))


@dataclass(frozen=True, slots=True)
class _Among:
    """Whether the values of a column are some wanted ones."""

    column: npt.NDArray[np.integer]
    wanted: list[int]

    def __call__(self, rows: slice) -> npt.NDArray[np.bool_]:
        return np.isin(self.column[rows], self.wanted)


def _texts(condition: Condition) -> list[str]:
    return condition.value if isinstance(condition.value, list) else [str(condition.value)]


def _whole_second(condition: Condition) -> int:
    """The second whose first event is the first, or the first no longer, to meet a condition."""
    text = str(condition.value)
    try:
        at = epoch_seconds(text) if condition.field == "datetime" else float(text)
        is_after = condition.operator in {"greater-than", "less-or-equal"}
        second = math.floor(at) + 1 if is_after else math.ceil(at)
    except (ValueError, OverflowError) as error:
        raise FilterError(str(error)) from None
    return min(max(second, -_FAR), _FAR)
