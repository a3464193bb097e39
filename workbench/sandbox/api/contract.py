"""What each endpoint accepts: filters, sorts, includes, page sizes and limits, as one table.

Source: Klaviyo's OpenAPI specification, revision 2026-07-15.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.sandbox.api.limits import Tier

__all__ = ["ENDPOINTS", "Endpoint", "tier_of"]

REPORT = Tier(1, 2, daily=225)
XS, S, M, L, XL = Tier(1, 15), Tier(3, 60), Tier(10, 150), Tier(75, 750), Tier(350, 3500)

_ORDERED = ("greater-or-equal", "greater-than", "less-or-equal", "less-than")
_TEXT = ("contains", "ends-with", "equals", "starts-with")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation of the API.

    Attributes:
        path: its path, with names in braces.
        tier: its limits.
        filters: the operators each field allows; list marks equals with a list.
        choices: the values that a filter may name, of fields that have only some.
        is_filter_required: whether a filter must name messages.channel.
        sorts: fields, each also with a minus before it.
        includes: relationships that can be included.
        additional: values of additional-fields, as type.field.
        size: default and largest page size; None where pages cannot be sized.
        stricter: limits that apply when a query parameter holds a word.
        scopes: what a key must be allowed to, all of it.
        method: GET, or POST for a query that is a body.
        is_single: whether a relationship leads to one resource.
        since: the first revision that has it; empty for one that all of them have.
    """

    path: str
    tier: Tier
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_filter_required: bool = False
    sorts: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    additional: tuple[str, ...] = ()
    size: tuple[int, int] | None = None
    stricter: tuple[tuple[str, str, Tier], ...] = ()
    scopes: tuple[str, ...] = ()
    method: str = "GET"
    is_single: bool = False
    since: str = ""


def _related(path: str, tier: Tier, **more: Any) -> tuple[Endpoint, Endpoint]:
    """A relationship as resources, and under /relationships/ as references to them."""
    parent, name = path.rsplit("/", 1)
    plain = {key: more[key] for key in more if key not in {"includes", "additional"}}
    return Endpoint(path, tier, **more), Endpoint(f"{parent}/relationships/{name}", tier, **plain)


def _single(path: str, tier: Tier, **more: Any) -> tuple[Endpoint, Endpoint]:
    """A relationship that leads to one resource."""
    return _related(path, tier, is_single=True, **more)


_PREDICTIVE = (("additional-fields[profile]", "predictive_analytics", M),)
_PROFILE_FIELDS = ("profile.subscriptions", "profile.predictive_analytics")
_ONE_OF_MANY = ("any", "equals", "list")
_CAMPAIGNS, _FLOWS = ("campaigns:read",), ("flows:read",)
_LISTED = ("any", "list")
_SUPPRESSION = "subscriptions.email.marketing.suppression"
_LIST_SUPPRESSION = "subscriptions.email.marketing.list_suppressions"
_GROUP_FILTERS = {
    "name": _LISTED, "id": _ONE_OF_MANY, "created": ("greater-than",), "updated": ("greater-than",)
}  # fmt: skip
_MEMBER_FILTERS = {
    "email": _LISTED, "phone_number": _LISTED, "push_token": _LISTED, "_kx": ("equals",),
    "joined_group_at": _ORDERED,
}  # fmt: skip
_CREATED_UPDATED = {"created": ("equals", *_ORDERED), "updated": ("equals", *_ORDERED)}

_CAMPAIGN_STATUSES = (
    "Scheduled", "Sent", "Draft", "Cancelled", "Adding Recipients", "Sending", "Variations Sent",
    "Sending Segments", "Cancelled: Smart Sending", "Preparing to send",
    "Cancelled: Account Disabled", "Cancelled: No Recipients", "Preparing to schedule",
    "Cancelled: Internal Error", "Queued without Recipients", "Cancelled: Billing Limit",
    "Cancelled: Misconfigured", "Unknown",
)  # fmt: skip
_TRIGGERS = (
    "Metric", "Added to List", "Unconfigured", "Date Based", "Price Drop", "Low Inventory",
)  # fmt: skip
_ENABLEMENTS = ("AUTHORIZED", "UNAUTHORIZED", "DENIED", "PROVISIONAL", "NOT_DETERMINED")

ENDPOINTS = (
    Endpoint("/api/accounts", XS, scopes=("accounts:read",)),
    Endpoint("/api/accounts/{id}", XS, scopes=("accounts:read",)),
    Endpoint(
        "/api/metrics", M,
        filters={"integration.name": ("equals",), "integration.category": ("equals",)},
        includes=("flow-triggers",), scopes=("metrics:read",),
    ),
    Endpoint("/api/metrics/{id}", M, includes=("flow-triggers",), scopes=("metrics:read",)),
    *_related("/api/metrics/{id}/flow-triggers", M, scopes=("flows:read", "metrics:read")),
    *_related(
        "/api/metrics/{id}/metric-properties", XS,
        additional=("metric-property.sample_values",), scopes=("metrics:read",),
    ),
    Endpoint(
        "/api/metric-properties/{id}", XS, includes=("metric",),
        additional=("metric-property.sample_values",), scopes=("metrics:read",),
    ),
    *_related(
        "/api/metric-properties/{id}/metric", XS, scopes=("metrics:read",), is_single=True
    ),
    Endpoint("/api/custom-metrics", S, includes=("metrics",), scopes=("metrics:read",)),
    Endpoint("/api/custom-metrics/{id}", S, includes=("metrics",), scopes=("metrics:read",)),
    *_related("/api/custom-metrics/{id}/metrics", S, scopes=("metrics:read",)),
    Endpoint(
        "/api/mapped-metrics", S, includes=("custom-metric", "metric"), scopes=("metrics:read",)
    ),
    Endpoint(
        "/api/mapped-metrics/{id}", S,
        includes=("custom-metric", "metric"), scopes=("metrics:read",),
    ),
    *_related("/api/mapped-metrics/{id}/metric", S, scopes=("metrics:read",), is_single=True),
    *_related(
        "/api/mapped-metrics/{id}/custom-metric", S, scopes=("metrics:read",), is_single=True
    ),
    Endpoint(
        "/api/events", XL,
        filters={
            "metric_id": ("equals", "list"), "profile_id": ("equals",),
            "profile": ("has",), "metric": ("has",),
            "datetime": _ORDERED, "timestamp": _ORDERED,
        },
        sorts=("datetime", "timestamp"),
        includes=("attributions", "metric", "profile"),
        size=(200, 1000), scopes=("events:read",),
    ),
    Endpoint(
        "/api/events/{id}", M,
        includes=("attributions", "metric", "profile"), scopes=("events:read",),
    ),
    *_related(
        "/api/events/{id}/metric", XL, scopes=("events:read", "metrics:read"), is_single=True
    ),
    *_related(
        "/api/events/{id}/profile", XL,
        additional=_PROFILE_FIELDS, scopes=("events:read", "profiles:read"), is_single=True,
    ),
    Endpoint(
        "/api/profiles", L,
        filters={
            "id": _ONE_OF_MANY, "email": _ONE_OF_MANY, "phone_number": _ONE_OF_MANY,
            "external_id": _ONE_OF_MANY, "_kx": ("equals",),
            "created": ("greater-than", "less-than"), "updated": ("greater-than", "less-than"),
            f"{_SUPPRESSION}.reason": ("equals",), f"{_SUPPRESSION}.timestamp": _ORDERED,
            f"{_LIST_SUPPRESSION}.reason": ("equals",),
            f"{_LIST_SUPPRESSION}.timestamp": _ORDERED,
            f"{_LIST_SUPPRESSION}.list_id": ("equals",),
        },
        sorts=(
            "created", "email", "id", "updated",
            f"{_SUPPRESSION}.timestamp", f"{_LIST_SUPPRESSION}.timestamp",
        ),
        includes=("conversations", "push-tokens"),
        additional=_PROFILE_FIELDS, size=(20, 100), stricter=_PREDICTIVE,
        scopes=("profiles:read",),
    ),
    Endpoint(
        "/api/profiles/{id}", L, additional=_PROFILE_FIELDS,
        includes=("conversations", "lists", "push-tokens", "segments"),
        stricter=(*_PREDICTIVE, ("include", "list", XS), ("include", "segment", XS)),
        scopes=("profiles:read",),
    ),
    *_related("/api/profiles/{id}/lists", S, scopes=("lists:read", "profiles:read")),
    *_related("/api/profiles/{id}/segments", S, scopes=("profiles:read", "segments:read")),
    *_related("/api/profiles/{id}/push-tokens", M, scopes=("profiles:read",)),
    Endpoint(
        "/api/push-tokens", M,
        filters={
            "id": ("equals",), "profile.id": ("equals",),
            "enablement_status": ("equals",), "platform": ("equals",),
        },
        choices={"enablement_status": _ENABLEMENTS, "platform": ("ios", "android")},
        includes=("profile",), size=(20, 100), scopes=("profiles:read", "push-tokens:read"),
    ),
    Endpoint(
        "/api/push-tokens/{id}", M, includes=("profile",),
        scopes=("profiles:read", "push-tokens:read"),
    ),
    *_single(
        "/api/push-tokens/{id}/profile", M,
        additional=_PROFILE_FIELDS, scopes=("profiles:read", "push-tokens:read"),
    ),
    Endpoint(
        "/api/lists", L, filters=_GROUP_FILTERS, sorts=("created", "id", "name", "updated"),
        includes=("flow-triggers", "tags"), size=(10, 10), scopes=("lists:read",),
    ),
    Endpoint(
        "/api/lists/{id}", L,
        includes=("flow-triggers", "tags"), additional=("list.profile_count",),
        stricter=(("additional-fields[list]", "profile_count", XS),), scopes=("lists:read",),
    ),
    *_related(
        "/api/lists/{id}/profiles", L, filters=_MEMBER_FILTERS, sorts=("joined_group_at",),
        additional=_PROFILE_FIELDS, size=(20, 100), stricter=_PREDICTIVE,
        scopes=("lists:read", "profiles:read"),
    ),
    *_related("/api/lists/{id}/flow-triggers", S, scopes=("flows:read", "lists:read")),
    Endpoint(
        "/api/segments", L,
        filters={**_GROUP_FILTERS, "is_active": _ONE_OF_MANY, "is_starred": ("equals",)},
        sorts=("created", "id", "name", "updated"),
        includes=("flow-triggers", "tags"), size=(10, 10), scopes=("segments:read",),
    ),
    Endpoint(
        "/api/segments/{id}", L,
        includes=("flow-triggers", "tags"), additional=("segment.profile_count",),
        stricter=(("additional-fields[segment]", "profile_count", XS),),
        scopes=("segments:read",),
    ),
    *_related(
        "/api/segments/{id}/profiles", L,
        filters={"profile_id": _LISTED, **_MEMBER_FILTERS}, sorts=("joined_group_at",),
        additional=_PROFILE_FIELDS, size=(20, 100), scopes=("profiles:read", "segments:read"),
    ),
    *_related("/api/segments/{id}/flow-triggers", S, scopes=("flows:read", "segments:read")),
    Endpoint(
        "/api/campaigns", M,
        filters={
            "id": ("any",), "messages.channel": ("equals",), "name": ("contains",),
            "status": _ONE_OF_MANY, "archived": ("equals",),
            "created_at": _ORDERED, "scheduled_at": _ORDERED, "updated_at": _ORDERED,
        },
        choices={"messages.channel": ("email", "sms", "mobile_push"), "status": _CAMPAIGN_STATUSES},
        is_filter_required=True,
        sorts=("created_at", "id", "name", "scheduled_at", "updated_at"),
        includes=("campaign-messages", "tags"), size=(100, 100), scopes=_CAMPAIGNS,
    ),
    Endpoint(
        "/api/campaigns/{id}", M, includes=("campaign-messages", "tags"), scopes=_CAMPAIGNS
    ),
    *_related(
        "/api/campaigns/{id}/campaign-messages", M,
        includes=("campaign", "image", "template"), scopes=_CAMPAIGNS,
    ),
    *_related("/api/campaigns/{id}/tags", S, scopes=(*_CAMPAIGNS, "tags:read")),
    Endpoint(
        "/api/campaign-messages/{id}", M,
        includes=("campaign", "image", "template"), scopes=_CAMPAIGNS,
    ),
    *_single("/api/campaign-messages/{id}/campaign", M, scopes=_CAMPAIGNS),
    *_single(
        "/api/campaign-messages/{id}/template", M, scopes=(*_CAMPAIGNS, "templates:read")
    ),
    *_single("/api/campaign-messages/{id}/image", M, scopes=(*_CAMPAIGNS, "images:read")),
    Endpoint("/api/campaign-recipient-estimations/{id}", M, scopes=_CAMPAIGNS),
    Endpoint("/api/campaign-send-jobs/{id}", M, scopes=_CAMPAIGNS),
    *_related(
        "/api/campaigns/{id}/campaign-audiences", M, scopes=_CAMPAIGNS, since="2026-10-15"
    ),
    Endpoint(
        "/api/campaign-audiences/{id}", M,
        includes=("campaign", "campaign-messages"), scopes=_CAMPAIGNS, since="2026-10-15",
    ),
    *_single("/api/campaign-audiences/{id}/campaign", M, scopes=_CAMPAIGNS, since="2026-10-15"),
    *_related(
        "/api/campaign-audiences/{id}/campaign-messages", M,
        scopes=_CAMPAIGNS, since="2026-10-15",
    ),
    Endpoint(
        "/api/campaign-messages", M,
        filters={
            "id": ("any", "equals"), "campaign_id": ("equals",), "name": ("contains",),
            "status": ("equals",), "created": _ORDERED, "updated": _ORDERED,
        },
        sorts=("created", "id", "name", "updated"), includes=("campaign",), size=(20, 100),
        scopes=_CAMPAIGNS, since="2026-10-15",
    ),
    *_single(
        "/api/campaign-messages/{id}/campaign-audience", M, scopes=_CAMPAIGNS, since="2026-10-15"
    ),
    *_related(
        "/api/campaign-messages/{id}/campaign-variations", M,
        scopes=_CAMPAIGNS, since="2026-10-15",
    ),
    Endpoint(
        "/api/campaign-variations/{id}", M,
        includes=("campaign-message",), scopes=_CAMPAIGNS, since="2026-10-15",
    ),
    *_single(
        "/api/campaign-variations/{id}/campaign-message", M,
        scopes=_CAMPAIGNS, since="2026-10-15",
    ),
    Endpoint(
        "/api/flows", S,
        filters={
            "id": ("any",), "name": _TEXT, "status": ("equals",), "archived": ("equals",),
            **_CREATED_UPDATED, "trigger_type": ("equals",),
        },
        choices={"trigger_type": _TRIGGERS},
        sorts=("created", "id", "name", "status", "trigger_type", "updated"),
        includes=("flow-actions", "tags"), size=(50, 50), scopes=_FLOWS,
    ),
    Endpoint(
        "/api/flows/{id}", S,
        includes=("flow-actions", "tags"), additional=("flow.definition",), scopes=_FLOWS,
    ),
    *_related("/api/flows/{id}/tags", S, scopes=(*_FLOWS, "tags:read")),
    *_related(
        "/api/flows/{id}/flow-actions", S,
        filters={
            "id": ("any",), "action_type": _ONE_OF_MANY, "status": ("equals",), **_CREATED_UPDATED
        },
        sorts=("action_type", "created", "id", "status", "updated"), size=(50, 50), scopes=_FLOWS,
    ),
    Endpoint("/api/flow-actions/{id}", S, includes=("flow", "flow-messages"), scopes=_FLOWS),
    *_single("/api/flow-actions/{id}/flow", S, scopes=_FLOWS),
    *_related(
        "/api/flow-actions/{id}/flow-messages", S,
        filters={"id": ("any",), "name": _TEXT, **_CREATED_UPDATED},
        sorts=("created", "id", "name", "updated"), size=(50, 50), scopes=_FLOWS,
    ),
    Endpoint("/api/flow-messages/{id}", S, includes=("flow-action", "template"), scopes=_FLOWS),
    *_single("/api/flow-messages/{id}/flow-action", S, scopes=_FLOWS),
    *_single("/api/flow-messages/{id}/template", S, scopes=("templates:read",)),
    Endpoint(
        "/api/tags", S, filters={"name": (*_TEXT, "list")}, sorts=("id", "name"),
        includes=("tag-group",), size=(50, 50), scopes=("tags:read",),
    ),
    Endpoint("/api/tags/{id}", S, includes=("tag-group",), scopes=("tags:read",)),
    *_single("/api/tags/{id}/tag-group", S, scopes=("tags:read",)),
    *(
        Endpoint(
            f"/api/tags/{{id}}/relationships/{kind}", S, scopes=(f"{kind}:read", "tags:read")
        )
        for kind in ("campaigns", "flows", "lists", "segments")
    ),
    Endpoint(
        "/api/tag-groups", S,
        filters={"name": (*_TEXT, "list"), "exclusive": ("equals",), "default": ("equals",)},
        sorts=("id", "name"), size=(25, 25), scopes=("tags:read",),
    ),
    Endpoint("/api/tag-groups/{id}", S, scopes=("tags:read",)),
    *_related("/api/tag-groups/{id}/tags", S, scopes=("tags:read",)),
    *_related("/api/lists/{id}/tags", S, scopes=("lists:read", "tags:read")),
    *_related("/api/segments/{id}/tags", S, scopes=("segments:read", "tags:read")),
    Endpoint(
        "/api/templates", L,
        filters={
            "id": ("any", "list"), "name": ("any", "contains", "equals", "list"),
            **_CREATED_UPDATED,
        },
        sorts=("created", "id", "name", "updated"), size=(10, 10),
        additional=("template.definition",), scopes=("templates:read",),
    ),
    Endpoint(
        "/api/templates/{id}", L,
        additional=("template.definition",), scopes=("templates:read",),
    ),
    Endpoint(
        "/api/forms", S,
        filters={
            "id": _ONE_OF_MANY, "name": (*_ONE_OF_MANY, "contains"), "ab_test": ("equals",),
            "updated_at": _ORDERED, "created_at": _ORDERED, "status": ("equals",),
        },
        choices={"status": ("live", "draft")},
        sorts=("created_at", "updated_at"), size=(20, 100), scopes=("forms:read",),
    ),
    Endpoint("/api/forms/{id}", S, scopes=("forms:read",)),
    *_related(
        "/api/forms/{id}/form-versions", S,
        filters={
            "form_type": _ONE_OF_MANY, "status": ("equals",),
            "updated_at": _ORDERED, "created_at": _ORDERED,
        },
        choices={
            "form_type": ("popup", "embed", "full_page", "flyout", "banner"),
            "status": ("live", "draft"),
        },
        sorts=("created_at", "updated_at"), size=(20, 100), scopes=("forms:read",),
    ),
    Endpoint("/api/form-versions/{id}", S, includes=("form",), scopes=("forms:read",)),
    *_related("/api/form-versions/{id}/form", S, scopes=("forms:read",), is_single=True),
    Endpoint("/api/metric-aggregates", S, scopes=("metrics:read",), method="POST"),
    Endpoint("/api/campaign-values-reports", REPORT, scopes=("campaigns:read",), method="POST"),
    Endpoint("/api/flow-values-reports", REPORT, scopes=("flows:read",), method="POST"),
    Endpoint("/api/flow-series-reports", REPORT, scopes=("flows:read",), method="POST"),
    Endpoint("/api/form-values-reports", REPORT, scopes=("forms:read",), method="POST"),
    Endpoint("/api/form-series-reports", REPORT, scopes=("forms:read",), method="POST"),
    Endpoint("/api/segment-values-reports", REPORT, scopes=("segments:read",), method="POST"),
    Endpoint("/api/segment-series-reports", REPORT, scopes=("segments:read",), method="POST"),
)  # fmt: skip


def tier_of(endpoint: Endpoint, query: Mapping[str, str]) -> tuple[str, Tier]:
    """Which quota a request counts against, and its size."""
    met = [
        (f"{endpoint.path}?{word}", tier)
        for parameter, word, tier in endpoint.stricter
        if word in query.get(parameter, "")
    ]
    return min(met, key=lambda each: each[1].burst, default=(endpoint.path, endpoint.tier))
