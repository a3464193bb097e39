"""Which shapes a client's revision gets: the one place that knows how Klaviyo's bodies changed.

A revision is answered in the newest shapes that are not younger than it. Flows are written as
definitions since 2025-10-15; campaigns as one campaign with one message until 2026-10-15, which
splits them into audiences, messages and variations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from workbench.sandbox.api import flow_bodies, message_bodies, older_bodies, omni_bodies
from workbench.sandbox.api.contract import Endpoint
from workbench.sandbox.api.jsonapi import Body, Refusal

__all__ = ["CampaignShapes", "FlowShapes", "campaign_shapes", "endpoint_at", "flow_shapes"]

OMNI = "2026-10-15"
_Shapes = TypeVar("_Shapes")


@dataclass(frozen=True, slots=True)
class FlowShapes:
    """How flows, their steps and their messages are written."""

    flow: Callable[..., Body]
    action: Callable[..., Body]
    message: Callable[..., Body]


@dataclass(frozen=True, slots=True)
class CampaignShapes:
    """How campaigns and their messages are written; whether audiences and variations are apart."""

    campaign: Callable[..., Body]
    message: Callable[..., Body]
    is_omni: bool = False


_FLOWS = (
    (
        "",
        FlowShapes(
            flow_bodies.flow_body,
            older_bodies.flow_action_body,
            older_bodies.flow_message_body,
        ),
    ),
    (
        "2025-10-15",
        FlowShapes(
            flow_bodies.flow_body,
            flow_bodies.flow_action_body,
            flow_bodies.flow_message_body,
        ),
    ),
)
_CAMPAIGNS = (
    ("", CampaignShapes(message_bodies.campaign_body, older_bodies.campaign_message_body)),
    (
        "2026-07-15",
        CampaignShapes(message_bodies.campaign_body, message_bodies.campaign_message_body),
    ),
    (OMNI, CampaignShapes(omni_bodies.campaign_body, omni_bodies.campaign_message_body, True)),
)
_ORDERED = ("greater-or-equal", "greater-than", "less-or-equal", "less-than")
# what some endpoints accept from OMNI on, in place of what the table says
_OMNI_ENDPOINTS: dict[str, dict[str, object]] = {
    "/api/campaigns": {
        "filters": {
            "id": ("any",), "name": ("contains",), "archived": ("equals",), "builder": ("equals",),
            "created_at": _ORDERED, "updated_at": _ORDERED,
        },
        "is_filter_required": False,
        "sorts": ("created_at", "id", "name", "updated_at"),
        "includes": ("campaign-audiences", "campaign-messages", "tags"),
    },
    "/api/campaigns/{id}": {"includes": ("campaign-audiences", "campaign-messages", "tags")},
    "/api/campaign-messages/{id}": {"includes": ("campaign", "campaign-variations")},
    "/api/campaigns/{id}/campaign-messages": {"includes": ("campaign",)},
}  # fmt: skip


def flow_shapes(revision: str) -> FlowShapes:
    """The shapes of flows in a revision."""
    return _newest(_FLOWS, revision)


def campaign_shapes(revision: str) -> CampaignShapes:
    """The shapes of campaigns in a revision."""
    return _newest(_CAMPAIGNS, revision)


def endpoint_at(endpoint: Endpoint, revision: str) -> Endpoint:
    """What an endpoint accepts in a revision.

    Raises:
        Refusal: the revision does not have it.
    """
    date = revision[:10]
    if date < endpoint.since:
        raise Refusal.missing(f"{endpoint.path} in revision {revision}")
    if date >= OMNI and (changes := _OMNI_ENDPOINTS.get(endpoint.path)):
        return replace(endpoint, **changes)  # type: ignore[arg-type]
    return endpoint


def _newest(table: Sequence[tuple[str, _Shapes]], revision: str) -> _Shapes:
    return [shapes for since, shapes in table if since <= revision[:10]][-1]
