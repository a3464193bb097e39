"""Events in which something is not what it should be: read as far as they can be."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import msgspec
import orjson
from msgspec import Raw, Struct

from workbench.klaviyo.answers import mended
from workbench.klaviyo.attributions import Attribution
from workbench.klaviyo.event_fields import NULL, About, Event, Links, Properties, Relations
from workbench.klaviyo.links import Link, ToMany, ToOne

__all__ = ["LooseBody", "Unreadable", "loose_event"]


class LooseBody(Struct):
    """A page of which only the outline is as it should be."""

    data: list[Raw]
    included: list[Attribution] | None = None
    links: Links | None = None


class _RawAttributes(Struct):
    attributes: Raw


class _RawProperties(Struct):
    event_properties: dict[str, Raw]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that was received and cannot be stored.

    Attributes:
        item_id: its id; empty where it has none.
        reason: why, without any of its values.
        payload: as received.
    """

    item_id: str
    reason: str
    payload: bytes


def loose_event(raw: bytes) -> tuple[Event, About] | Unreadable:
    """An event as far as it can be read; of a field of another type only the payload knows."""
    content = mended(raw)
    item = orjson.loads(content)
    if not isinstance(item, dict):
        return Unreadable("", "no object", raw)
    event_id = item.get("id")
    if not isinstance(event_id, str) or not event_id:
        return Unreadable("", "no id", raw)
    said = item.get("attributes")
    if not isinstance(said, dict):
        return Unreadable(event_id, "no attributes", raw)
    at = said.get("datetime")
    if not isinstance(at, str):
        at = _from_timestamp(said.get("timestamp"))
    if at is None:
        return Unreadable(event_id, "no datetime", raw)
    attributes = msgspec.json.decode(content, type=_RawAttributes).attributes
    event = Event(event_id, attributes, _relations(item.get("relationships")))
    return event, About(at, _properties(said.get("event_properties"), attributes))


def _from_timestamp(seconds: object) -> str | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        return None
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat()
    except (OSError, OverflowError, ValueError):
        return None


def _properties(said: object, attributes: Raw) -> Properties:
    if not isinstance(said, dict):
        return Properties()
    cohort = said.get("$_cohort$message_send_cohort")
    value = said.get("$value")
    # only a number is asked for once more, because its text is exact and a float is not
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    raw = msgspec.json.decode(attributes, type=_RawProperties) if is_number else None
    return Properties(
        value=raw.event_properties["$value"] if raw else Raw(b""),
        currency=_text(said.get("$value_currency")),
        message=_text(said.get("$message")),
        flow=_text(said.get("$flow")),
        variation=_text(said.get("$variation")),
        cohort=str(cohort) if isinstance(cohort, str | int) else None,
        privacy_open=said.get("Apple Privacy Open", NULL),
        machine_open=said.get("machine_open", NULL),
        bot_click=said.get("Bot Click", NULL),
        attribution=said.get("$attribution"),
    )


def _text(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def _relations(related: object) -> Relations:
    if not isinstance(related, dict):
        return Relations()
    given = _data(related.get("attributions"))
    links = [_link(each) for each in given] if isinstance(given, list) else []
    return Relations(
        metric=ToOne(_link(_data(related.get("metric")))),
        profile=ToOne(_link(_data(related.get("profile")))),
        attributions=ToMany([link for link in links if link]),
    )


def _data(relationship: Any) -> object:
    return relationship.get("data") if isinstance(relationship, dict) else None


def _link(data: Any) -> Link | None:
    name = data.get("id") if isinstance(data, dict) else None
    return Link(name) if isinstance(name, str) else None
