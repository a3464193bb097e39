"""The resources that a sync reads: one definition each, in the order in which they are told."""

from __future__ import annotations

from workbench.errors import InputInvalid
from workbench.klaviyo.accounts import custom_metric_rows, mapped_metric_rows, metric_rows
from workbench.klaviyo.campaigns import campaign_rows, estimate_rows, template_rows
from workbench.klaviyo.flows import definition_rows, flow_rows
from workbench.klaviyo.forms import form_rows, form_version_rows
from workbench.klaviyo.groups import list_rows, segment_rows, tag_group_rows, tag_rows
from workbench.klaviyo.profiles import member_rows, prediction_rows, profile_rows
from workbench.klaviyo.reports import REPORTS, report_rows
from workbench.sync.definition import Cursor, Resource
from workbench.sync.streams.details import read_estimates, read_flow_definitions, read_form_versions
from workbench.sync.streams.members import read_list_members, read_segment_members
from workbench.sync.streams.names import read_metrics
from workbench.sync.streams.reports import read_reports
from workbench.sync.streams.whole import read_whole
from workbench.sync.streams.windowed import read_event_windows, read_windows

__all__ = ["RESOURCES", "chosen_resources"]

_CHANNELS = ("email", "sms", "mobile_push")

RESOURCES = (
    Resource(
        name="metrics",
        path="/api/metrics",
        read=read_metrics,
        rows=lambda page, of: metric_rows(page, account_id=of.account_id),
        scopes="metrics:read",
    ),
    Resource(
        name="mapped_metrics",
        path="/api/mapped-metrics",
        read=read_whole,
        rows=lambda page, of: mapped_metric_rows(page, account_id=of.account_id),
        scopes="metrics:read",
        # without include the relationships are links only, and the metric stays unknown
        params={"include": "metric,custom-metric"},
    ),
    Resource(
        name="custom_metrics",
        path="/api/custom-metrics",
        read=read_whole,
        rows=lambda page, of: custom_metric_rows(page, account_id=of.account_id),
        scopes="metrics:read",
        params={"include": "metrics"},
        gone="klaviyo.custom_metric",
    ),
    Resource(
        name="tag_groups",
        path="/api/tag-groups",
        read=read_whole,
        rows=lambda page, of: tag_group_rows(page, account_id=of.account_id),
        scopes="tags:read",
        gone="klaviyo.tag_group",
    ),
    Resource(
        name="tags",
        path="/api/tags",
        read=read_whole,
        rows=lambda page, of: tag_rows(page, account_id=of.account_id),
        scopes="tags:read",
        params={"include": "tag-group"},
        gone="klaviyo.tag",
    ),
    Resource(
        name="lists",
        path="/api/lists",
        read=read_whole,
        rows=lambda page, of: list_rows(page, account_id=of.account_id),
        scopes="lists:read",
        params={"include": "tags", "sort": "id"},
        gone="klaviyo.list",
    ),
    Resource(
        name="segments",
        path="/api/segments",
        read=read_whole,
        rows=lambda page, of: segment_rows(page, account_id=of.account_id),
        scopes="segments:read",
        params={"include": "tags", "sort": "id"},
        gone="klaviyo.segment",
    ),
    Resource(
        name="templates",
        path="/api/templates",
        read=read_whole,
        rows=lambda page, of: template_rows(page, account_id=of.account_id),
        scopes="templates:read",
        params={"sort": "id"},
        gone="klaviyo.template",
    ),
    Resource(
        name="campaigns",
        path="/api/campaigns",
        read=read_whole,
        rows=lambda page, of: campaign_rows(page, account_id=of.account_id),
        scopes="campaigns:read",
        # messages and tags come with their campaign, never by a request of their own
        params={"include": "campaign-messages,tags", "sort": "created_at"},
        # the API serves one channel at a time, live or archived
        filters=tuple(
            f"equals(messages.channel,'{channel}'),equals(archived,{archived})"
            for channel in _CHANNELS
            for archived in ("false", "true")
        ),
        gone="klaviyo.campaign",
    ),
    Resource(
        name="campaign_estimates",
        path="/api/campaign-recipient-estimations/{id}",
        read=read_estimates,
        rows=lambda page, of: estimate_rows(page, account_id=of.account_id),
        scopes="campaigns:read",
        parents="reads/sync/campaigns_to_estimate",
        after=("campaigns",),
    ),
    Resource(
        name="flows",
        path="/api/flows",
        read=read_whole,
        rows=lambda page, of: flow_rows(page, account_id=of.account_id),
        scopes="flows:read",
        params={"include": "tags", "page[size]": "50", "sort": "id"},
        filters=("equals(archived,false)", "equals(archived,true)"),
        gone="klaviyo.flow",
    ),
    Resource(
        name="flow_definitions",
        path="/api/flows/{id}",
        read=read_flow_definitions,
        rows=lambda page, of: definition_rows(page, account_id=of.account_id),
        scopes="flows:read",
        # the definition holds every action and message, in one request a flow
        params={"additional-fields[flow]": "definition"},
        parents="reads/sync/flows_to_read",
        after=("flows",),
    ),
    Resource(
        name="forms",
        path="/api/forms",
        read=read_whole,
        rows=lambda page, of: form_rows(page, account_id=of.account_id),
        scopes="forms:read",
        params={"page[size]": "100", "sort": "created_at"},
        gone="klaviyo.form",
    ),
    Resource(
        name="form_versions",
        path="/api/forms/{id}/form-versions",
        read=read_form_versions,
        rows=lambda page, of: form_version_rows(page, account_id=of.account_id),
        scopes="forms:read",
        params={"page[size]": "100"},
        parents="reads/sync/forms_to_read",
        after=("forms",),
    ),
    Resource(
        name="profiles",
        path="/api/profiles",
        read=read_windows,
        rows=lambda page, of: profile_rows(page, account_id=of.account_id),
        scopes="profiles:read",
        params={"page[size]": "100", "additional-fields[profile]": "subscriptions"},
        cursor=Cursor("updated", "greater-than", days=90),
    ),
    Resource(
        name="events",
        path="/api/events",
        read=read_event_windows,
        rows=lambda page, of: {},  # made of the bytes of a page, not of its items
        scopes="events:read",
        params={"page[size]": "1000", "include": "attributions"},
        cursor=Cursor("datetime", "greater-or-equal", days=14, tail=True, rows=5_000),
    ),
    Resource(
        name="list_members",
        path="/api/lists/{id}/profiles",
        read=read_list_members,
        rows=lambda page, of: member_rows(page),
        scopes="lists:read profiles:read",
        # nothing that identifies a person, and small pages
        params={
            "page[size]": "100",
            "fields[profile]": "joined_group_at",
            "sort": "joined_group_at",
        },
        parents="reads/sync/list_reads",
        after=("lists",),
    ),
    Resource(
        name="segment_members",
        path="/api/segments/{id}/profiles",
        read=read_segment_members,
        rows=lambda page, of: member_rows(page),
        scopes="segments:read profiles:read",
        params={
            "page[size]": "100",
            "fields[profile]": "joined_group_at",
            "sort": "joined_group_at",
        },
        parents="reads/sync/segment_reads",
        after=("segments",),
    ),
    Resource(
        name="predictions",
        path="/api/profiles",
        read=read_windows,
        rows=lambda page, of: prediction_rows(page, account_id=of.account_id),
        scopes="profiles:read",
        # stricter than that of profiles, and so a stream of its own
        params={
            "page[size]": "100",
            "additional-fields[profile]": "predictive_analytics",
            "fields[profile]": "updated,predictive_analytics",
        },
        cursor=Cursor("updated", "greater-than", days=90),
    ),
    *(
        Resource(
            name=name,
            path=REPORTS[name].path,
            read=read_reports,
            rows=lambda page, of: report_rows(page, account_id=of.account_id),
            scopes=scopes,
            # they are asked with the metric that the account maps to revenue
            after=("metrics", "mapped_metrics"),
        )
        for name, scopes in (
            ("campaign_reports", "campaigns:read"),
            ("flow_reports", "flows:read"),
            ("flow_series", "flows:read"),
            ("form_reports", "forms:read"),
            ("segment_reports", "segments:read"),
        )
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
