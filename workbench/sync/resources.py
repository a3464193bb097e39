"""The resources that a sync reads: one definition each, in the order in which they are told."""

from __future__ import annotations

from workbench.errors import InputInvalid
from workbench.klaviyo.limits import XL, L, M, S
from workbench.klaviyo.records import (
    campaign_rows,
    event_rows,
    flow_message_rows,
    flow_rows,
    mapped_metric_rows,
    metric_rows,
    profile_rows,
)
from workbench.sync.definition import Cursor, Resource
from workbench.sync.whole import read_whole
from workbench.sync.windowed import read_windows

__all__ = ["RESOURCES", "chosen_resources"]

_CHANNELS = ("email", "sms", "mobile_push")

RESOURCES = (
    Resource(
        name="metrics",
        path="/api/metrics",
        read=read_whole,
        rows=lambda page, of: metric_rows(page, account_id=of.account_id),
        scopes="metrics:read",
        limit=M,
    ),
    Resource(
        name="mapped_metrics",
        path="/api/mapped-metrics",
        read=read_whole,
        rows=lambda page, of: mapped_metric_rows(page, account_id=of.account_id),
        scopes="metrics:read",
        limit=S,
        # without include the relationships are links only, and the metric stays unknown
        params={"include": "metric,custom-metric"},
    ),
    Resource(
        name="campaigns",
        path="/api/campaigns",
        read=read_whole,
        rows=lambda page, of: campaign_rows(page, account_id=of.account_id),
        scopes="campaigns:read",
        limit=M,
        params={"include": "campaign-messages", "sort": "created_at"},
        # the API serves one channel at a time, live or archived
        filters=tuple(
            f"equals(messages.channel,'{channel}'),equals(archived,{archived})"
            for channel in _CHANNELS
            for archived in ("false", "true")
        ),
    ),
    Resource(
        name="flows",
        path="/api/flows",
        read=read_whole,
        rows=lambda page, of: flow_rows(page, account_id=of.account_id),
        scopes="flows:read",
        limit=S,
        filters=("equals(archived,false)", "equals(archived,true)"),
    ),
    Resource(
        name="flow_messages",
        path="/api/flows/{id}",
        read=read_whole,
        rows=lambda page, of: flow_message_rows(page, account_id=of.account_id),
        scopes="flows:read",
        limit=S,
        # the definition holds every action and message, in one request a flow
        params={"additional-fields[flow]": "definition"},
        parents="reads/sync/flow_ids",
        after=("flows",),
    ),
    Resource(
        name="profiles",
        path="/api/profiles",
        read=read_windows,
        rows=lambda page, of: profile_rows(page, account_id=of.account_id),
        scopes="profiles:read",
        limit=L,
        params={"page[size]": "100", "additional-fields[profile]": "subscriptions"},
        cursor=Cursor("updated", "greater-than", days=90),
    ),
    Resource(
        name="events",
        path="/api/events",
        read=read_windows,
        rows=lambda page, of: event_rows(page, account_id=of.account_id, currency=of.currency),
        scopes="events:read",
        limit=XL,
        params={"page[size]": "1000", "include": "attributions"},
        cursor=Cursor("datetime", "greater-or-equal", days=14, tail=True),
    ),
)


def chosen_resources(names: tuple[str, ...]) -> tuple[Resource, ...]:
    """The resources of these names, or all when there are none.

    Raises:
        InputInvalid: there is no resource of such a name.
    """
    known = {resource.name: resource for resource in RESOURCES}
    if unknown := [name for name in names if name not in known]:
        raise InputInvalid(
            f"there is no resource {unknown[0]!r}", hint=f"choose of: {', '.join(known)}"
        )
    return tuple(known[name] for name in known if not names or name in names)
