"""The fields of an event that have a column, as structures to decode a page into.

A field that is missing is NULL already, so that most events need no look at what they lack.
"""

from __future__ import annotations

from typing import Any

from msgspec import Raw, Struct, field

from workbench.klaviyo.attributions import Attribution
from workbench.klaviyo.links import ToMany, ToOne

__all__ = ["NULL", "SEPARATOR", "About", "Event", "EventBody", "Links", "Properties", "Relations"]

# JSON spells control characters as escapes, so that neither of these stands in any payload
SEPARATOR, NULL = "\x01", "\x02"
_NOTHING = Raw(b"")


class Properties(Struct, gc=False):
    """What the sender of an event said."""

    value: Raw = field(name="$value", default=_NOTHING)
    currency: str | None = field(name="$value_currency", default=None)
    message: str | None = field(name="$message", default=NULL)
    flow: str | None = field(name="$flow", default=NULL)
    variation: str | None = field(name="$variation", default=NULL)
    cohort: str | None = field(name="$_cohort$message_send_cohort", default=None)
    privacy_open: Any = field(name="Apple Privacy Open", default=NULL)
    machine_open: Any = NULL
    bot_click: Any = field(name="Bot Click", default=NULL)
    attribution: Any = field(name="$attribution", default=None)


_NO_PROPERTIES = Properties()


class About(Struct, gc=False):
    """Attributes of an event."""

    datetime: str
    event_properties: Properties | None = field(default_factory=lambda: _NO_PROPERTIES)


class Relations(Struct, gc=False):
    """Relationships of an event."""

    metric: ToOne | None = None
    profile: ToOne | None = None
    attributions: ToMany | None = None


class Event(Struct, gc=False):
    """An event; its attributes are kept as they came."""

    id: str
    attributes: Raw
    relationships: Relations | None = None


class Links(Struct, gc=False):
    """Where the next page is."""

    next: str | None = None


class EventBody(Struct, gc=False):
    """A page of events, as most of them are."""

    data: list[Event]
    included: list[Attribution] | None = None
    links: Links | None = None
