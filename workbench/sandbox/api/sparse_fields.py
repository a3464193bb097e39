"""Sparse fieldsets: which fields a type has, which a request may name, and bodies cut down to them.

Source: Klaviyo's OpenAPI specification, revision 2026-07-15; fields of other revisions are let
through as well. Of a nested field the first name is checked.
"""

from __future__ import annotations

from collections.abc import Mapping

from workbench.sandbox.api.contract import Endpoint
from workbench.sandbox.api.jsonapi import Body, Refusal

__all__ = ["FIELDS", "reduced", "sparse_fields", "types_of"]

_DATED = "created updated"
_DATED_AT = "created_at updated_at"
FIELDS: Mapping[str, frozenset[str]] = {
    kind: frozenset(names.split()) | {"id"}
    for kind, names in {
        "account": "contact_information industry locale preferred_currency public_api_key "
        "test_account timezone",
        "attribution": "",
        "campaign": f"archived audiences definition name scheduled_at send_options send_strategy "
        f"send_time status tracking_options {_DATED_AT}",
        "campaign-audience": f"audiences definition {_DATED_AT}",
        "campaign-message": f"channel content definition label render_options send_options "
        f"send_times status tracking_options {_DATED_AT}",
        "campaign-recipient-estimation": "estimated_recipient_count",
        "campaign-send-job": "status",
        "campaign-variation": f"content definition name {_DATED_AT}",
        "conversation": "channel",
        "custom-metric": f"definition name {_DATED}",
        "event": "datetime event_properties timestamp uuid",
        "flow": f"archived definition name status trigger_type {_DATED}",
        "flow-action": f"action_type definition render_options send_options settings status "
        f"tracking_options {_DATED}",
        "flow-message": f"channel content definition name {_DATED}",
        "form": f"ab_test definition name status {_DATED_AT}",
        "form-version": f"ab_test form_type status variation_name {_DATED_AT}",
        "image": "format hidden image_url name size updated_at",
        "list": f"name opt_in_process profile_count {_DATED}",
        "mapped-metric": "updated",
        "metric": f"integration name {_DATED}",
        "metric-property": "inferred_type label property sample_values",
        "profile": "email external_id first_name image joined_group_at last_event_date last_name "
        f"locale location organization phone_number predictive_analytics properties "
        f"subscriptions title {_DATED}",
        "push-token": "background created enablement_status metadata platform recorded_date token "
        "vendor",
        "segment": f"definition is_active is_processing is_starred name profile_count {_DATED}",
        "tag": "name",
        "tag-group": "default exclusive name",
        "template": f"amp definition editor_type html name text {_DATED}",
        "metric-aggregate": "data dates",
        **{
            f"{subject}-values-report": "results"
            for subject in ("campaign", "flow", "form", "segment")
        },
        **{
            f"{subject}-series-report": "date_times results"
            for subject in ("flow", "form", "segment")
        },
    }.items()
}
_UNLIKE_THEIR_NAME = {"flow-triggers": "flow", "metric-properties": "metric-property"}


def types_of(endpoint: Endpoint) -> frozenset[str]:
    """The types of resources that an endpoint can answer with; references have no fields."""
    parts = endpoint.path.removeprefix("/api/").split("/")
    if "relationships" in parts:
        return frozenset()
    named = next(part for part in reversed(parts) if not part.startswith("{"))
    return frozenset(_type(name) for name in (named, *endpoint.includes))


def sparse_fields(
    endpoint: Endpoint, parameters: Mapping[str, str]
) -> Mapping[str, frozenset[str]]:
    """The fields that a request asks for, by type.

    Raises:
        Refusal: the endpoint does not answer with that type, or the type has no such field.
    """
    asked = {}
    for parameter, text in parameters.items():
        if parameter.startswith("fields["):
            kind = parameter.removeprefix("fields[").removesuffix("]")
            if kind not in types_of(endpoint):
                raise Refusal.invalid(
                    f"'{kind}' is not a type that is served here.", parameter=parameter
                )
            names = frozenset(name for name in text.split(",") if name)
            for name in sorted(names):
                if name.split(".", 1)[0] not in FIELDS[kind]:
                    raise Refusal.invalid(
                        f"'{name}' is not a valid field for the resource '{kind}'.",
                        parameter=parameter,
                    )
            asked[kind] = names
    return asked


def reduced(attributes: Body, wanted: frozenset[str]) -> Body:
    """Attributes reduced to some names; a name with a dot keeps a part of an attribute.

    >>> reduced({"a": {"b": 1, "c": 2}, "d": 3}, frozenset({"a.b"}))
    {'a': {'b': 1}}
    """
    kept: Body = {}
    for name, value in attributes.items():
        parts = frozenset(each[len(name) + 1 :] for each in wanted if each.startswith(f"{name}."))
        if name in wanted:
            kept[name] = value
        elif parts:
            kept[name] = reduced(value, parts) if isinstance(value, dict) else value
    return kept


def _type(name: str) -> str:
    return _UNLIKE_THEIR_NAME.get(name) or name.removesuffix("s")
