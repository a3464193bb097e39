"""Klaviyo's own attribution of an event to what was sent, as klaviyo.event keeps it."""

from __future__ import annotations

from typing import Any

import orjson
from msgspec import Struct, field

from workbench.klaviyo.links import ToOne, id_of

__all__ = ["Attribution", "attribution_text", "legacy_text"]


class _Links(Struct, gc=False):
    event: ToOne | None = field(name="attributed-event", default=None)
    campaign: ToOne | None = None
    campaign_message: ToOne | None = field(name="campaign-message", default=None)
    flow: ToOne | None = None
    flow_message: ToOne | None = field(name="flow-message", default=None)
    variation: ToOne | None = field(name="flow-message-variation", default=None)


class Attribution(Struct, gc=False):
    """An included resource; of types other than attribution nothing but the type is of use."""

    id: str = ""
    type: str = ""
    relationships: _Links | None = None


def attribution_text(item: Attribution) -> str:
    """A JSON object that names the event and the message that the credit is given to."""
    links = item.relationships or _Links()
    return _text(
        attribution_id=item.id,
        attributed_event_id=id_of(links.event),
        campaign_id=id_of(links.campaign),
        campaign_message_id=id_of(links.campaign_message),
        flow_id=id_of(links.flow),
        flow_message_id=id_of(links.flow_message),
        variation_id=id_of(links.variation),
    )


def legacy_text(told: object) -> str | None:
    """The same of ``$attribution``, which stood among the properties of events until 2024.

    Its ``$message`` is the campaign of a campaign, and the message of a flow, as in ``$message`` of
    every event.
    """
    if not isinstance(told, dict) or not told:
        return None
    flow, message = told.get("$flow"), told.get("$message")
    return _text(
        attribution_id=None,
        attributed_event_id=told.get("$attributed_event_id"),
        campaign_id=None if flow else message,
        campaign_message_id=None,
        flow_id=flow or None,
        flow_message_id=message if flow else None,
        variation_id=told.get("$variation") or None,
    )


def _text(**found: Any) -> str:
    return orjson.dumps(found).decode()
