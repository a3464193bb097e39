"""Metric aggregates: events of one metric counted by the time they happened."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from workbench.sandbox.api.aggregate_dimensions import Dimension, dimension
from workbench.sandbox.api.aggregate_queries import AggregateQuery
from workbench.sandbox.api.jsonapi import Body
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.api.unique_profiles import unique_profiles
from workbench.sandbox.shop.days import utc_text

__all__ = ["aggregate_page"]

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]


def aggregate_page(
    snapshot: Snapshot, query: AggregateQuery, *, offset: int
) -> tuple[Body, int | None]:
    """One page of an aggregate, and where the next one begins; None after the last.

    A value counts in the bucket in which its event happened. A profile is unique within a bucket
    and a group; events without a profile are not.

    Args:
        snapshot: the account at its instant.
        query: the aggregate.
        offset: how many rows come before the page.
    """
    rows = _rows(snapshot, query)
    groups, group = _grouped([dimension(snapshot, name, rows) for name in query.by], len(rows))
    table = _Table(snapshot, query, rows, group, len(groups))
    order = _ordered(groups, query, table)
    shown = order[offset : offset + query.size]
    measured = {name: table.measured(name, shown) for name in query.measurements}
    content: Body = {
        "dates": utc_text(query.starts),
        "data": [
            {
                "dimensions": list(groups[place]),
                "measurements": {name: values[at].tolist() for name, values in measured.items()},
            }
            for at, place in enumerate(shown)
        ],
    }
    end = offset + query.size
    return content, end if end < len(order) else None


class _Table:
    """Events with their group and bucket, to be measured."""

    def __init__(
        self, snapshot: Snapshot, query: AggregateQuery, rows: _Ints, group: _Ints, groups: int
    ) -> None:
        events = snapshot.shop.events
        self._group, self._groups = group, groups
        self._bucket = np.searchsorted(query.starts, events.at[rows], side="right") - 1
        self._buckets = len(query.starts)
        self._value, self._unit = events.value[rows], 10**snapshot.shop.decimals
        self._snapshot, self._rows = snapshot, rows

    def measured(self, name: str, groups: Sequence[int]) -> _Ints | _Floats:
        """A measurement of some groups: one row a group, one column a bucket."""
        place = np.full(self._groups, -1, dtype=np.int64)
        place[list(groups)] = np.arange(len(groups))
        kept = place[self._group] >= 0
        cell = place[self._group[kept]] * self._buckets + self._bucket[kept]
        cells = self._cells(name, kept, cell, len(groups) * self._buckets)
        return cells.reshape(len(groups), self._buckets)

    def total(self, name: str) -> _Ints | _Floats:
        """A measurement of each group over the whole range."""
        everything = np.ones(len(self._group), dtype=bool)
        return self._cells(name, everything, self._group, self._groups)

    def _cells(
        self, name: str, kept: npt.NDArray[np.bool_], cell: _Ints, size: int
    ) -> _Ints | _Floats:
        if name == "sum_value":
            # whole cents add up exactly below 2**53
            sums = np.bincount(cell, weights=self._value[kept], minlength=size)
            return np.asarray(sums / self._unit, dtype=np.float64)
        if name == "unique":
            return unique_profiles(self._snapshot, self._rows[kept], cell, cells=size)
        return np.bincount(cell, minlength=size).astype(np.int64)


def _rows(snapshot: Snapshot, query: AggregateQuery) -> _Ints:
    """Rows of the events that count, in time order."""
    events = snapshot.shop.events
    first, last = (int(row) for row in np.searchsorted(events.at, [query.since, query.until]))
    rows = first + np.flatnonzero(events.kind[first:last] == query.kind)
    rows = rows[events.visible_at[rows] <= snapshot.now]
    for condition in query.wanted:
        said = dimension(snapshot, condition.field, rows)
        values = condition.value if isinstance(condition.value, list) else [condition.value]
        is_wanted = np.array([label in values for label in said.labels], dtype=bool)
        rows = rows[is_wanted[said.code]]
    return rows


def _grouped(said: Sequence[Dimension], count: int) -> tuple[list[tuple[str, ...]], _Ints]:
    """The combinations of labels that occur, and the place of each event's among them."""
    combined = np.zeros(count, dtype=np.int64)
    labels: list[tuple[str, ...]] = [()]
    for each in said:
        # labels first, so that two codes of one label are one group
        texts, same = np.unique(np.array(each.labels), return_inverse=True)
        joint = combined * len(texts) + same[each.code]
        present, combined = np.unique(joint, return_inverse=True)
        labels = [
            (*labels[place // len(texts)], str(texts[place % len(texts)]))
            for place in present.tolist()
        ]
    return labels, combined.astype(np.int64)


def _ordered(groups: Sequence[tuple[str, ...]], query: AggregateQuery, table: _Table) -> list[int]:
    """Places of the groups in the order asked for, those of equal rank by their labels."""
    order = sorted(range(len(groups)), key=groups.__getitem__)
    field = query.sort.removeprefix("-")
    if not field:
        return order
    is_descending = query.sort.startswith("-")
    if field in query.by:
        column = query.by.index(field)
        return sorted(order, key=lambda place: groups[place][column], reverse=is_descending)
    totals = table.total(field).tolist()
    return sorted(order, key=totals.__getitem__, reverse=is_descending)
