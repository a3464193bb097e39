"""What the body of a report asks for, checked against what the report offers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.sandbox.api.filters import Condition, FilterError, conditions
from workbench.sandbox.api.jsonapi import Body, Refusal
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.api.timeframes import Timeframe, asked_timeframe, bucket_starts, local_text

__all__ = ["ReportQuery", "ReportRules", "asked_attributes", "choices", "parsed_report", "refused"]

_MOST_ITEMS = 100
# unit of a bucket, longest time frame, and how the refusal names it
_INTERVALS = {
    "hourly": ("hour", dt.timedelta(days=7), "7 days"),
    "daily": ("day", dt.timedelta(days=60), "60 days"),
    "weekly": ("week", dt.timedelta(weeks=52), "52 weeks"),
    "monthly": ("month", dt.timedelta(weeks=52), "52 weeks"),
}


@dataclass(frozen=True, slots=True)
class ReportRules:
    """What one report offers.

    Attributes:
        kind: type of its resource, as ``flow-series-report``.
        statistics: all it can compute.
        groups: all it can group by.
        usual: what it groups by when it is not told.
        required: what it must group by when it is told.
        filters: the operators each attribute allows.
    """

    kind: str
    statistics: Sequence[str]
    groups: Sequence[str]
    usual: Sequence[str]
    required: Sequence[str] = ()
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def is_series(self) -> bool:
        """Whether every statistic is a series."""
        return "-series-" in self.kind


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """A report that its endpoint accepts.

    Attributes:
        statistics: to compute, in order.
        timeframe: that counts.
        starts: UTC second at which each bucket begins; one bucket for a report of values.
        date_times: the same as text; empty for a report of values.
        groups: attributes to group by, in order.
        wanted: what the attributes must be, all of it.
        attributes: the body's attributes, for what only some reports know.
    """

    statistics: tuple[str, ...]
    timeframe: Timeframe
    starts: npt.NDArray[np.int64]
    date_times: list[str]
    groups: tuple[str, ...]
    wanted: tuple[Condition, ...]
    attributes: Mapping[str, Any]

    def accepts(self, described: Mapping[str, Any]) -> bool:
        """Whether the attributes of a group meet every condition."""
        return all(_is_met(each, described[each.field]) for each in self.wanted)

    def bucket(self, at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The bucket of each instant of the time frame."""
        return np.searchsorted(self.starts, at, side="right").astype(np.int64) - 1


def refused(detail: str, *, attribute: str) -> Refusal:
    """The 400 that names the attribute of the body which is at fault."""
    return Refusal(
        400,
        code="invalid",
        title="Invalid input.",
        detail=detail,
        source={"pointer": f"/data/attributes/{attribute}"},
    )


def asked_attributes(asked: Body, kind: str) -> Mapping[str, Any]:
    """The attributes of a body of a type.

    Raises:
        Refusal: it is not of that type, or has none.
    """
    data = asked.get("data")
    if not isinstance(data, dict) or data.get("type") != kind:
        raise Refusal.invalid(f"The body needs data of type '{kind}'.")
    attributes = data.get("attributes")
    if not isinstance(attributes, dict):
        raise Refusal.invalid("The body needs data with attributes.")
    return attributes


def choices(
    attributes: Mapping[str, Any], name: str, allowed: Sequence[str], *, usual: Sequence[str] = ()
) -> tuple[str, ...]:
    """A list of words of the body, each of which is allowed.

    Args:
        attributes: of the body.
        name: of the list.
        allowed: every word that may stand in it.
        usual: the list when it is left out; it must not be left out when this is empty.

    Raises:
        Refusal: it is missing, empty, or holds another word.
    """
    given = attributes.get(name)
    if given is None and usual:
        return tuple(usual)
    if not isinstance(given, list) or not given:
        raise refused(f"'{name}' must be a list of one or more.", attribute=name)
    for word in given:
        if word not in allowed:
            raise refused(f"'{word}' is not a valid value of {name}.", attribute=name)
    return tuple(dict.fromkeys(given))


def parsed_report(rules: ReportRules, asked: Body, snapshot: Snapshot) -> ReportQuery:
    """What a body asks of a report.

    Args:
        rules: of the report.
        asked: the body.
        snapshot: the account at its instant.

    Raises:
        Refusal: the report does not offer it.
    """
    attributes = asked_attributes(asked, rules.kind)
    timezone = snapshot.shop.account.timezone
    timeframe = asked_timeframe(attributes.get("timeframe"), now=snapshot.now, timezone=timezone)
    groups = _groups(rules, attributes)
    starts = np.array([timeframe.since], dtype=np.int64)
    if rules.is_series:
        unit = _unit(attributes, timeframe)
        starts = bucket_starts(timeframe.since, timeframe.until, interval=unit, timezone=timezone)
    return ReportQuery(
        statistics=choices(attributes, "statistics", rules.statistics),
        timeframe=timeframe,
        starts=starts,
        date_times=local_text(starts, timezone) if rules.is_series else [],
        groups=groups,
        wanted=_conditions(rules, attributes),
        attributes=attributes,
    )


def _groups(rules: ReportRules, attributes: Mapping[str, Any]) -> tuple[str, ...]:
    groups = choices(attributes, "group_by", rules.groups, usual=rules.usual)
    if missing := sorted(set(rules.required) - set(groups)):
        raise refused(f"'{missing[0]}' must be in group_by.", attribute="group_by")
    return groups


def _unit(attributes: Mapping[str, Any], timeframe: Timeframe) -> str:
    asked = str(attributes.get("interval"))
    if asked not in _INTERVALS:
        raise refused(
            f"'{asked}' is not an interval: {', '.join(_INTERVALS)}.", attribute="interval"
        )
    unit, longest, name = _INTERVALS[asked]
    if timeframe.length > longest:
        raise refused(
            f"Cannot pass in an interval longer than {name} for use with {asked} interval",
            attribute="timeframe",
        )
    return unit


def _conditions(rules: ReportRules, attributes: Mapping[str, Any]) -> tuple[Condition, ...]:
    text = attributes.get("filter")
    if text is None:
        return ()
    try:
        found = conditions(str(text))
    except FilterError as error:
        raise refused(str(error), attribute="filter") from None
    names = [each.field for each in found]
    for condition in found:
        _check(rules, condition)
        if names.count(condition.field) > 1:
            raise refused(f"Only one filter is allowed on '{condition.field}'.", attribute="filter")
    return tuple(found)


def _check(rules: ReportRules, condition: Condition) -> None:
    if condition.field not in rules.filters:
        raise refused(f"'{condition.field}' cannot be filtered.", attribute="filter")
    is_list = isinstance(condition.value, list)
    is_allowed = condition.operator in rules.filters[condition.field]
    if not is_allowed or is_list != (condition.operator != "equals"):
        raise refused(
            f"'{condition.operator}' is not allowed on '{condition.field}' with that value.",
            attribute="filter",
        )
    if isinstance(condition.value, list) and len(condition.value) > _MOST_ITEMS:
        raise refused(f"A list holds at most {_MOST_ITEMS} items.", attribute="filter")


def _is_met(condition: Condition, value: Any) -> bool:
    """Whether one value, or any or all of several, are what a condition names."""
    wanted = condition.value if isinstance(condition.value, list) else [condition.value]
    held = value if isinstance(value, list) else [value]
    if condition.operator == "contains-all":
        return set(wanted) <= set(held)
    return bool(set(wanted) & set(held))
