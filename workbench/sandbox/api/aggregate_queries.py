"""What the body of metric-aggregates asks for, checked against what the endpoint offers."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.periods import zone
from workbench.sandbox.api.aggregate_dimensions import DIMENSIONS
from workbench.sandbox.api.filters import Condition, FilterError, conditions
from workbench.sandbox.api.jsonapi import Body
from workbench.sandbox.api.report_queries import asked_attributes, choices, refused
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.api.timeframes import bucket_starts, is_longer_than_a_year, is_time_zone

__all__ = ["AggregateQuery", "parsed_aggregate"]

_MEASUREMENTS = ("count", "sum_value", "unique")
_INTERVALS = ("hour", "day", "week", "month")
_PAGE_SIZE, _LARGEST_PAGE = 500, 500


@dataclass(frozen=True, slots=True)
class AggregateQuery:
    """An aggregate that the endpoint accepts.

    Attributes:
        kind: of the events of the metric.
        measurements: of each row, in order.
        since: first UTC second counted.
        until: first UTC second no longer counted.
        starts: UTC second at which each bucket begins.
        by: dimensions to group by, in order.
        wanted: what dimensions must be, all of it.
        sort: dimension or measurement, perhaps with a minus before it; empty for the dimensions.
        size: rows a page.
        cursor: where to go on; empty for the beginning.
    """

    kind: int
    measurements: tuple[str, ...]
    since: int
    until: int
    starts: npt.NDArray[np.int64]
    by: tuple[str, ...]
    wanted: tuple[Condition, ...]
    sort: str
    size: int
    cursor: str


def parsed_aggregate(asked: Body, snapshot: Snapshot) -> AggregateQuery:
    """What a body asks of metric-aggregates.

    Raises:
        Refusal: the endpoint does not offer it.
    """
    attributes = asked_attributes(asked, "metric-aggregate")
    timezone = attributes.get("timezone") or "UTC"
    if not is_time_zone(timezone):
        raise refused(f"'{timezone}' is not a valid timezone.", attribute="timezone")
    interval = _one_of(attributes, "interval", _INTERVALS, usual="day")
    since, until, wanted = _filters(attributes, timezone)
    by = choices(attributes, "by", DIMENSIONS) if attributes.get("by") else ()
    measurements = choices(attributes, "measurements", _MEASUREMENTS)
    return AggregateQuery(
        kind=_kind(attributes, snapshot),
        measurements=measurements,
        since=since,
        until=until,
        starts=bucket_starts(since, until, interval=interval, timezone=timezone),
        by=by,
        wanted=wanted,
        sort=_sort(attributes, (*by, *measurements)),
        size=_size(attributes),
        cursor=str(attributes.get("page_cursor") or ""),
    )


def _filters(
    attributes: Mapping[str, Any], timezone: str
) -> tuple[int, int, tuple[Condition, ...]]:
    """The range of time, and the conditions on dimensions."""
    texts = attributes.get("filter")
    if not isinstance(texts, list) or not texts:
        raise refused("'filter' must be a list of one or more.", attribute="filter")
    try:
        found = [condition for text in texts for condition in conditions(str(text))]
    except FilterError as error:
        raise refused(str(error), attribute="filter") from None
    bounds = {each.operator: each.value for each in found if each.field == "datetime"}
    if set(bounds) != {"greater-or-equal", "less-than"}:
        raise refused(
            "The filter needs greater-or-equal(datetime,...) and less-than(datetime,...).",
            attribute="filter",
        )
    since, until = (_clock(bounds[name], timezone) for name in ("greater-or-equal", "less-than"))
    if until <= since:
        raise refused("The filter's range of time is empty.", attribute="filter")
    if is_longer_than_a_year(since, until):
        raise refused(
            "The filter's range of time cannot be longer than 1 year.", attribute="filter"
        )
    wanted = tuple(each for each in found if each.field != "datetime")
    for condition in wanted:
        _check(condition)
    return math.ceil(since.timestamp()), math.ceil(until.timestamp()), wanted


def _clock(text: object, timezone: str) -> dt.datetime:
    """An instant on the clock of a time zone; without an offset it is that clock's already."""
    try:
        instant = dt.datetime.fromisoformat(str(text))
    except ValueError:
        raise refused(f"'{text}' is not a datetime.", attribute="filter") from None
    here = zone(timezone)
    return instant.astimezone(here) if instant.tzinfo else instant.replace(tzinfo=here)


def _check(condition: Condition) -> None:
    if condition.field not in DIMENSIONS:
        raise refused(f"'{condition.field}' cannot be filtered.", attribute="filter")
    if condition.operator not in {"equals", "any"}:
        raise refused(
            f"'{condition.operator}' is not allowed on '{condition.field}'.", attribute="filter"
        )


def _kind(attributes: Mapping[str, Any], snapshot: Snapshot) -> int:
    ids = [metric.id for metric in snapshot.shop.metrics]
    if (asked := attributes.get("metric_id")) not in ids:
        raise refused(f"There is no metric '{asked}'.", attribute="metric_id")
    return ids.index(str(asked))


def _one_of(attributes: Mapping[str, Any], name: str, allowed: Sequence[str], *, usual: str) -> str:
    value = attributes.get(name)
    if value is None:
        return usual
    if value not in allowed:
        raise refused(f"'{value}' is not a valid value of {name}.", attribute=name)
    return str(value)


def _sort(attributes: Mapping[str, Any], allowed: Sequence[str]) -> str:
    """What to sort by: something that the rows show."""
    return _one_of(attributes, "sort", ["", *allowed, *(f"-{each}" for each in allowed)], usual="")


def _size(attributes: Mapping[str, Any]) -> int:
    size = attributes.get("page_size")
    if size is None:
        return _PAGE_SIZE
    if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= _LARGEST_PAGE:
        raise refused(
            f"'page_size' must be an integer between 1 and {_LARGEST_PAGE}.", attribute="page_size"
        )
    return size
