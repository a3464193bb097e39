"""Lists and segments as the API writes them."""

from __future__ import annotations

from typing import Any

from workbench.sandbox.api.account_bodies import instant
from workbench.sandbox.api.jsonapi import Body, resource, to_many
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.shop.days import HOUR
from workbench.sandbox.shop.events import Kind
from workbench.sandbox.shop.groups import Basis, Group

__all__ = ["group_body", "group_updated"]

_ALL_TIME = {"type": "date", "operator": "alltime"}


def group_updated(group: Group, *, now: int) -> int:
    """When a list or segment itself was changed last, UTC second; members do not count."""
    changed = group.closed_at if group.closed_at <= now else group.created_at + HOUR
    return min(changed, now)


def group_body(
    snapshot: Snapshot,
    row: int,
    *,
    base: str,
    counts_profiles: bool,
    related: dict[str, list[str]] | None = None,
) -> Body:
    """One list or segment.

    Args:
        snapshot: the account at its instant.
        row: of the group.
        base: scheme and host that the client used.
        counts_profiles: whether to say how many members there are.
        related: ids of the tags and flow-triggers, where they are to be named.
    """
    group, known = snapshot.shop.groups[row], related or {}
    kind = "list" if group.is_list else "segment"
    attributes: Body = {
        "name": group.name,
        "created": instant(group.created_at),
        "updated": instant(group_updated(group, now=snapshot.now)),
    }
    if group.is_list:
        is_double = group.is_double_opt_in
        attributes["opt_in_process"] = "double_opt_in" if is_double else "single_opt_in"
    else:
        attributes |= {
            "definition": {"condition_groups": _condition_groups(snapshot, group)},
            "is_active": group.closed_at > snapshot.now,
            "is_processing": False,
            "is_starred": group.is_starred,
        }
    if counts_profiles:
        attributes["profile_count"] = len(snapshot.members(row)[0])
    relations = [
        to_many("profiles", "profile", None),
        to_many("tags", "tag", known.get("tags")),
        to_many("flow-triggers", "flow", known.get("flow-triggers")),
    ]
    return resource(base, kind, group.id, attributes, relations)


def _condition_groups(snapshot: Snapshot, group: Group) -> list[Body]:
    """The rule of a segment: all groups of conditions hold, and of each at least one condition."""
    if group.basis == Basis.HOLDOUT:
        met: dict[str, Any] = {"type": "boolean", "operator": "equals", "value": True}
        held = {"type": "profile-property", "property": "properties['holdout']", "filter": met}
        return [{"conditions": [held]}]
    recent = {"type": "date", "operator": "in-the-last", "unit": "day", "quantity": group.amount}

    def ordered(least: float, timeframe: Body, *, measure: str = "count") -> Body:
        return _metric(snapshot, Kind.PLACED_ORDER, timeframe, least=least, measure=measure)

    if group.basis == Basis.OPENED:
        kinds = (Kind.OPENED_EMAIL, Kind.CLICKED_EMAIL)
        return [{"conditions": [_metric(snapshot, kind, recent) for kind in kinds]}]
    if group.basis == Basis.LAPSED:
        none = _metric(snapshot, Kind.PLACED_ORDER, recent, least=0, operator="equals")
        return [{"conditions": [ordered(1, _ALL_TIME)]}, {"conditions": [none]}]
    if group.basis == Basis.SPENT:
        money = group.amount / 10**snapshot.shop.decimals
        return [{"conditions": [ordered(money, _ALL_TIME, measure="sum")]}]
    if group.basis == Basis.PERIOD:
        between = {
            "type": "date",
            "operator": "between-static",
            "start": instant(group.since),
            "end": instant(group.until),
        }
        return [{"conditions": [ordered(1, between)]}]
    if group.basis == Basis.BOUGHT:
        return [{"conditions": [ordered(1, recent)]}]
    return [{"conditions": [ordered(group.amount, _ALL_TIME)]}]


def _metric(
    snapshot: Snapshot,
    kind: Kind,
    timeframe: Body,
    *,
    least: float = 1,
    measure: str = "count",
    operator: str = "greater-than-or-equal",
) -> Body:
    return {
        "type": "profile-metric",
        "metric_id": snapshot.shop.metrics[kind].id,
        "measurement": measure,
        "measurement_filter": {"type": "numeric", "operator": operator, "value": least},
        "timeframe_filter": timeframe,
        "metric_filters": None,
    }
