"""What each endpoint accepts: filters, sorts, includes, page sizes and limits, as one table.

Source: Klaviyo's OpenAPI specification, revision 2026-07-15.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.sandbox.api.limits import Tier

__all__ = ["ENDPOINTS", "Endpoint", "tier_of"]

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
        is_filter_required: whether a filter must name messages.channel.
        sorts: fields, each also with a minus before it.
        includes: relationships that can be included.
        additional: values of additional-fields, as type.field.
        size: default and largest page size; None where pages cannot be sized.
        stricter: limits that apply when a query parameter holds a word.
        scopes: what a key must be allowed to, all of it.
        method: GET, or POST for a query that is a body.
        is_single: whether a relationship leads to one resource.
    """

    path: str
    tier: Tier
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_filter_required: bool = False
    sorts: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    additional: tuple[str, ...] = ()
    size: tuple[int, int] | None = None
    stricter: tuple[tuple[str, str, Tier], ...] = ()
    scopes: tuple[str, ...] = ()
    method: str = "GET"
    is_single: bool = False


def _related(path: str, tier: Tier, **more: Any) -> tuple[Endpoint, Endpoint]:
    """A relationship as resources, and under /relationships/ as references to them."""
    parent, name = path.rsplit("/", 1)
    plain = {key: more[key] for key in more if key not in {"includes", "additional"}}
    return Endpoint(path, tier, **more), Endpoint(f"{parent}/relationships/{name}", tier, **plain)


_PREDICTIVE = (("additional-fields[profile]", "predictive_analytics", M),)
_PROFILE_FIELDS = ("profile.subscriptions", "profile.predictive_analytics")
_ONE_OF_MANY = ("any", "equals", "list")
_CREATED_UPDATED = {"created": ("equals", *_ORDERED), "updated": ("equals", *_ORDERED)}

ENDPOINTS = (
    Endpoint("/api/accounts", XS),
    Endpoint("/api/accounts/{id}", XS),
    Endpoint(
        "/api/metrics", M,
        filters={"integration.name": ("equals",), "integration.category": ("equals",)},
    ),
    Endpoint("/api/metrics/{id}", M),
    Endpoint("/api/mapped-metrics", S, includes=("custom-metric", "metric")),
    Endpoint(
        "/api/events", XL,
        filters={
            "metric_id": ("equals", "list"), "profile_id": ("equals",),
            "profile": ("has",), "metric": ("has",),
            "datetime": _ORDERED, "timestamp": _ORDERED,
        },
        sorts=("datetime", "timestamp"),
        includes=("attributions", "metric", "profile"),
        size=(200, 1000),
    ),
    Endpoint("/api/events/{id}", M, includes=("attributions", "metric", "profile")),
    Endpoint(
        "/api/profiles", L,
        filters={
            "id": _ONE_OF_MANY, "email": _ONE_OF_MANY, "phone_number": _ONE_OF_MANY,
            "external_id": _ONE_OF_MANY,
            "created": ("greater-than", "less-than"), "updated": ("greater-than", "less-than"),
        },
        sorts=("created", "email", "id", "updated"),
        additional=_PROFILE_FIELDS, size=(20, 100), stricter=_PREDICTIVE,
    ),
    Endpoint(
        "/api/profiles/{id}", L, additional=_PROFILE_FIELDS,
        stricter=(*_PREDICTIVE, ("include", "list", XS), ("include", "segment", XS)),
    ),
    Endpoint(
        "/api/campaigns", M,
        filters={
            "id": ("any",), "messages.channel": ("equals",), "name": ("contains",),
            "status": _ONE_OF_MANY, "archived": ("equals",),
            "created_at": _ORDERED, "scheduled_at": _ORDERED, "updated_at": _ORDERED,
        },
        is_filter_required=True,
        sorts=("created_at", "id", "name", "scheduled_at", "updated_at"),
        includes=("campaign-messages", "tags"), size=(100, 100),
    ),
    Endpoint("/api/campaigns/{id}", M, includes=("campaign-messages", "tags")),
    Endpoint("/api/campaigns/{id}/campaign-messages", M, includes=("campaign",)),
    Endpoint("/api/campaign-messages/{id}", M, includes=("campaign",)),
    Endpoint(
        "/api/flows", S,
        filters={
            "id": ("any",), "name": _TEXT, "status": ("equals",), "archived": ("equals",),
            **_CREATED_UPDATED, "trigger_type": ("equals",),
        },
        sorts=("created", "id", "name", "status", "trigger_type", "updated"),
        includes=("flow-actions", "tags"), size=(50, 50),
    ),
    Endpoint(
        "/api/flows/{id}", S, includes=("flow-actions", "tags"), additional=("flow.definition",)
    ),
    Endpoint(
        "/api/flows/{id}/flow-actions", S,
        filters={
            "id": ("any",), "action_type": _ONE_OF_MANY, "status": ("equals",), **_CREATED_UPDATED
        },
        sorts=("action_type", "created", "id", "status", "updated"), size=(50, 50),
    ),
    Endpoint("/api/flow-actions/{id}", S, includes=("flow", "flow-messages")),
    Endpoint(
        "/api/flow-actions/{id}/flow-messages", S,
        filters={"id": ("any",), "name": _TEXT, **_CREATED_UPDATED},
        sorts=("created", "id", "name", "updated"), size=(50, 50),
    ),
    Endpoint("/api/flow-messages/{id}", S, includes=("flow-action",)),
)  # fmt: skip


def tier_of(endpoint: Endpoint, query: Mapping[str, str]) -> tuple[str, Tier]:
    """Which quota a request counts against, and its size."""
    for parameter, word, tier in endpoint.stricter:
        if word in query.get(parameter, ""):
            return f"{endpoint.path}?{word}", tier
    return endpoint.path, endpoint.tier
