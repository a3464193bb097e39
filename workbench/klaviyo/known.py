"""What this code knows of the API's answers, and what an answer has beside it.

Within one revision Klaviyo may add attributes, words and kinds of things at any time. All of it is
kept as received; the table below is only there so that somebody hears of it.

Source: Klaviyo's OpenAPI specification, revision 2026-07-15.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

__all__ = ["KNOWN", "Kind", "Surprise", "surprises"]

_WORD = re.compile(r"[A-Za-z][A-Za-z :_-]{0,59}")
_NO_WORD = "(no plain word)"


@dataclass(frozen=True, slots=True)
class Kind:
    """Resources of one type.

    Attributes:
        attributes: names that are known; one that is missing is no surprise.
        promised: of these, those that are never null.
        words: path within the attributes, ``[]`` for each of a list -> the words that are known.
    """

    attributes: frozenset[str]
    promised: frozenset[str] = frozenset()
    words: Mapping[str, frozenset[str]] = field(default_factory=dict)


class Surprise(NamedTuple):
    """Something unknown: type of the resource, where in it, and what; null for what is missing."""

    resource: str
    field: str
    value: str


def _kind(attributes: str, promised: str = "", **words: str) -> Kind:
    """Names divided by spaces; a path has ``__`` for a dot, words are divided by bars."""
    return Kind(
        frozenset(attributes.split()),
        frozenset(promised.split()),
        {path.replace("__", "."): frozenset(told.split("|")) for path, told in words.items()},
    )


_CONSENT = "SUBSCRIBED|UNSUBSCRIBED|NEVER_SUBSCRIBED"
_ACTION_TYPES = (
    "ab-test|action-output-split|back-in-stock-delay|code|conditional-split|content-experiment"
    "|countdown-delay|internal-service|list-update|multi-branch-split|send-email"
    "|send-internal-alert|send-mobile-push|send-sms|send-webhook|send-whatsapp|target-date"
    "|time-delay|trigger-split|update-profile"
)

KNOWN: Mapping[str, Kind] = MappingProxyType(
    {
        "metric": _kind("name created updated integration"),
        "mapped-metric": _kind("updated", "updated"),
        "custom-metric": _kind(
            "name created updated definition",
            "name created updated definition",
            definition__aggregation_method="count|value",
        ),
        "campaign": _kind(
            "name status archived audiences send_options tracking_options send_strategy"
            " created_at updated_at scheduled_at send_time",
            "name status archived audiences send_options send_strategy created_at updated_at",
            status="Adding Recipients|Cancelled|Cancelled: Account Disabled"
            "|Cancelled: Billing Limit|Cancelled: Internal Error|Cancelled: Misconfigured"
            "|Cancelled: No Recipients|Cancelled: Smart Sending|Draft|Preparing to schedule"
            "|Preparing to send|Queued without Recipients|Scheduled|Sending|Sending Segments|Sent"
            "|Unknown|Variations Sent",
            send_strategy__method="static|smart_send_time|throttled|immediate|ab_test_campaign"
            "|unsupported",
        ),
        "campaign-message": _kind(
            "definition send_times created_at updated_at",
            "definition",
            definition__channel="email|sms|mobile_push",
        ),
        "campaign-recipient-estimation": _kind("estimated_recipient_count"),
        "flow": _kind(
            "name status archived created updated trigger_type definition",
            status="draft|manual|live",
            trigger_type="Added to List|Date Based|Low Inventory|Metric|Price Drop|Unconfigured",
            **{
                "definition__triggers[]__type": "list|segment|metric|date|price-drop|low-inventory",
                "definition__actions[]__type": _ACTION_TYPES,
                "definition__actions[]__data__status": "draft|manual|live|disabled",
            },
        ),
        "list": _kind(
            "name created updated opt_in_process profile_count",
            opt_in_process="double_opt_in|single_opt_in",
        ),
        "segment": _kind(
            "name definition created updated is_active is_processing is_starred profile_count",
            "is_active is_processing is_starred",
        ),
        "tag": _kind("name", "name"),
        "tag-group": _kind("name exclusive default", "name exclusive default"),
        "template": _kind(
            "name editor_type html text amp created updated definition",
            "name editor_type html",
            editor_type="SYSTEM_DRAGGABLE|SIMPLE|CODE|USER_DRAGGABLE",
        ),
        "form": _kind(
            "name status ab_test created_at updated_at definition",
            "name status ab_test created_at updated_at",
            status="draft|live",
        ),
        "form-version": _kind(
            "form_type variation_name ab_test status created_at updated_at",
            "form_type variation_name status created_at updated_at",
            status="draft|live",
            form_type="banner|embed|flyout|full_page|popup",
        ),
        "event": _kind("timestamp event_properties datetime uuid"),
        "attribution": _kind(""),
        "profile": _kind(
            "email phone_number external_id first_name last_name organization locale title image"
            " created updated last_event_date location properties joined_group_at subscriptions"
            " predictive_analytics",
            subscriptions__email__marketing__consent=_CONSENT,
            subscriptions__sms__marketing__consent=_CONSENT,
            subscriptions__mobile_push__marketing__consent=_CONSENT,
        ),
    }
)


def surprises(item: Mapping[str, Any]) -> Iterator[Surprise]:
    """What a resource has that is not known, and what it lacks though it was promised.

    >>> list(surprises({"type": "tag", "id": "1", "attributes": {"name": None, "color": "red"}}))
    [Surprise(resource='tag', field='attributes', value='color'), \
Surprise(resource='tag', field='name', value='null')]
    """
    type_, given = str(item.get("type")), item.get("attributes")
    said = given if isinstance(given, dict) else {}
    kind = KNOWN.get(type_)
    if kind is None:
        yield Surprise("(any)", "type", _word(type_))
        return
    for name in sorted(said.keys() - kind.attributes):
        yield Surprise(type_, "attributes", _word(name))
    for name in sorted(kind.promised):
        if name in said and said[name] is None:
            yield Surprise(type_, name, "null")
    for path, known in kind.words.items():
        for value in _at(said, path.split(".")):
            if value is not None and not (isinstance(value, str) and value in known):
                yield Surprise(type_, path, _word(value))


def _at(value: Any, path: list[str]) -> Iterator[Any]:
    """What stands at a path; nothing where it leads nowhere."""
    if not path:
        yield value
        return
    name, *rest = path
    here = value.get(name.removesuffix("[]")) if isinstance(value, dict) else None
    listed = here if isinstance(here, list) else []
    for each in listed if name.endswith("[]") else [here]:
        yield from _at(each, rest)


def _word(value: object) -> str:
    """A word as it is; anything else might be somebody's, and is not repeated."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else _NO_WORD
