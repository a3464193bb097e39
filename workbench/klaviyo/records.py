"""Rows made of JSON:API resources: one function per type, columns in one place.

A row is a tuple in the order of its table's columns. Times stay text as received (PostgreSQL reads
every spelling that Klaviyo uses; a time without a zone is UTC); whatever a row has no column for
stays in its payload.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from workbench.klaviyo.pages import Page

__all__ = ["TABLES", "Rows", "Table"]

Row = tuple[Any, ...]
Rows = dict[str, list[Row]]
Resource = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """Where rows of one kind go: name, key columns, then the other columns."""

    name: str
    key: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Key first, in the order of a row."""
        return self.key + self.others


def _table(name: str, key: str, others: str) -> Table:
    return Table(name, tuple(key.split()), tuple(others.split()))


TABLES = {
    table.name: table
    for table in (
        _table(
            "klaviyo.account",
            "account_id",
            "name timezone currency country is_simulated payload",
        ),
        _table(
            "klaviyo.metric",
            "account_id metric_id",
            "name integration_name integration_category created_at updated_at payload",
        ),
        _table(
            "klaviyo.mapped_metric",
            "account_id mapping",
            "metric_id custom_metric_id updated_at payload",
        ),
        _table(
            "klaviyo.campaign",
            "account_id campaign_id",
            "name channel status is_archived created_at updated_at scheduled_at sent_at payload",
        ),
        _table(
            "klaviyo.campaign_message",
            "account_id message_id",
            "campaign_id channel label subject payload",
        ),
        _table(
            "klaviyo.flow",
            "account_id flow_id",
            "name status is_archived trigger_type created_at updated_at payload",
        ),
        _table(
            "klaviyo.flow_message",
            "account_id message_id",
            "flow_id action_id name channel subject payload",
        ),
        _table(
            "klaviyo.profile",
            "account_id profile_id",
            "country region timezone can_receive_email can_receive_sms"
            " created_at updated_at last_event_at",
        ),
        _table(
            "klaviyo.profile_personal",
            "account_id profile_id",
            "email phone_number external_id payload",
        ),
        _table(
            "klaviyo.event",
            "account_id metric_id occurred_at event_id",
            "profile_id value currency message_ref flow_id variation_id sent_at"
            " is_machine_open is_bot_click attributions payload",
        ),
    )
}


def account_rows(page: Page, *, is_simulated: bool) -> Rows:
    """The account that the key belongs to."""
    rows = [
        (
            item["id"],
            _contact(item).get("organization_name") or item["id"],
            item["attributes"]["timezone"],
            item["attributes"]["preferred_currency"],
            (_contact(item).get("street_address") or {}).get("country"),
            is_simulated,
            _json(item["attributes"]),
        )
        for item in page.data
    ]
    return {"klaviyo.account": rows}


def metric_rows(page: Page, *, account_id: str) -> Rows:
    """Metrics, with the integration that each comes from."""
    rows = []
    for item in page.data:
        said = item["attributes"]
        integration = said.get("integration") or {}
        rows.append(
            (
                account_id,
                item["id"],
                said.get("name") or "",
                integration.get("name"),
                _category(integration),
                said.get("created"),
                said.get("updated"),
                _json(said),
            )
        )
    return {"klaviyo.metric": rows}


def mapped_metric_rows(page: Page, *, account_id: str) -> Rows:
    """Which metric or custom metric the account maps to each meaning."""
    rows = [
        (
            account_id,
            item["id"],
            _related(item, "metric"),
            _related(item, "custom-metric"),
            item["attributes"].get("updated"),
            _json(item["attributes"]),
        )
        for item in page.data
    ]
    return {"klaviyo.mapped_metric": rows}


def campaign_rows(page: Page, *, account_id: str) -> Rows:
    """Campaigns and the messages that the answer included."""
    messages = [item for item in page.included if item["type"] == "campaign-message"]
    channels = {_related(m, "campaign"): _definition(m).get("channel") for m in messages}
    campaigns = []
    for item in page.data:
        said = item["attributes"]
        campaigns.append(
            (
                account_id,
                item["id"],
                said["name"],
                channels.get(item["id"]),
                said["status"],
                bool(said["archived"]),
                said.get("created_at"),
                said.get("updated_at"),
                said.get("scheduled_at"),
                said.get("send_time"),
                _json(said),
            )
        )
    return {
        "klaviyo.campaign": campaigns,
        "klaviyo.campaign_message": [_campaign_message(m, account_id) for m in messages],
    }


def flow_rows(page: Page, *, account_id: str) -> Rows:
    """Flows, without their definition."""
    rows = []
    for item in page.data:
        said = item["attributes"]
        rows.append(
            (
                account_id,
                item["id"],
                said.get("name") or "",
                said.get("status"),
                bool(said.get("archived")),
                said.get("trigger_type"),
                said.get("created"),
                said.get("updated"),
                _json(said),
            )
        )
    return {"klaviyo.flow": rows}


def flow_message_rows(page: Page, *, account_id: str) -> Rows:
    """The messages of flows that come with their definition."""
    messages = [message for flow in page.data for message in _flow_messages(flow)]
    return {"klaviyo.flow_message": [(account_id, *message) for message in messages]}


def profile_rows(page: Page, *, account_id: str) -> Rows:
    """Profiles, and apart from them what identifies a person."""
    profiles, personal = [], []
    for item in page.data:
        said = item["attributes"]
        location = said.get("location") or {}
        consent = said.get("subscriptions") or {}
        profiles.append(
            (
                account_id,
                item["id"],
                location.get("country"),
                location.get("region"),
                location.get("timezone"),
                _marketing(consent, "email").get("can_receive_email_marketing"),
                _marketing(consent, "sms").get("can_receive_sms_marketing"),
                said.get("created"),
                said.get("updated"),
                said.get("last_event_date"),
            )
        )
        personal.append(
            (
                account_id,
                item["id"],
                said.get("email"),
                said.get("phone_number"),
                said.get("external_id"),
                _json(said),
            )
        )
    return {"klaviyo.profile": profiles, "klaviyo.profile_personal": personal}


def event_rows(page: Page, *, account_id: str, currency: str) -> Rows:
    """Events with Klaviyo's own attribution.

    Args:
        page: events, with their attributions included.
        account_id: the account read.
        currency: of values that name none: the account's own.
    """
    credits = {
        item["id"]: _attribution(item) for item in page.included if item["type"] == "attribution"
    }
    rows = [_event(item, account_id, currency, credits) for item in page.data]
    return {"klaviyo.event": rows}


def _event(item: Resource, account_id: str, currency: str, credits: Mapping[str, Any]) -> Row:
    said = item["attributes"]
    properties = said.get("event_properties") or {}
    value = _number(properties.get("$value"))
    related = item.get("relationships") or {}
    given = [
        credits[link["id"]]
        for link in (related.get("attributions") or {}).get("data") or ()
        if link["id"] in credits
    ]
    return (
        account_id,
        _related(item, "metric") or "",
        said["datetime"],
        item["id"],
        _related(item, "profile"),
        value,
        None if value is None else properties.get("$value_currency") or currency,
        properties.get("$message"),
        properties.get("$flow"),
        properties.get("$variation"),
        _sent_at(properties.get("$_cohort$message_send_cohort")),
        _either(properties, "Apple Privacy Open", "machine_open"),
        _either(properties, "Bot Click"),
        _json(given) if given else None,
        _json(said),
    )


def _attribution(item: Resource) -> dict[str, str | None]:
    return {
        "attribution_id": item["id"],
        "attributed_event_id": _related(item, "attributed-event"),
        "campaign_id": _related(item, "campaign"),
        "campaign_message_id": _related(item, "campaign-message"),
        "flow_id": _related(item, "flow"),
        "flow_message_id": _related(item, "flow-message"),
        "variation_id": _related(item, "flow-message-variation"),
    }


def _campaign_message(item: Resource, account_id: str) -> Row:
    definition = _definition(item)
    content = definition.get("content") or {}
    return (
        account_id,
        item["id"],
        _related(item, "campaign"),
        definition.get("channel"),
        definition.get("label"),
        content.get("subject"),
        _json(item["attributes"]),
    )


def _flow_messages(flow: Resource) -> Iterator[Row]:
    definition = flow["attributes"].get("definition") or {}
    for action in definition.get("actions") or ():
        # what an A/B test sends stands one level deeper
        sending = (action.get("data") or {}).get("main_action") or action
        message = (sending.get("data") or {}).get("message")
        if message and message.get("id"):
            yield (
                message["id"],
                flow["id"],
                action.get("id"),
                message.get("name"),
                _channel(sending.get("type") or ""),
                message.get("subject_line"),
                _json(message),
            )


def _channel(action_type: str) -> str | None:
    """email of send-email; Klaviyo calls push mobile_push elsewhere, and so do we."""
    if not action_type.startswith("send-"):
        return None
    return action_type.removeprefix("send-").replace("-", "_")


def _related(item: Resource, name: str) -> str | None:
    relationship = (item.get("relationships") or {}).get(name) or {}
    data = relationship.get("data")
    return data["id"] if isinstance(data, dict) else None


def _contact(item: Resource) -> Mapping[str, Any]:
    return item["attributes"].get("contact_information") or {}


def _definition(message: Resource) -> Mapping[str, Any]:
    return message["attributes"].get("definition") or {}


def _category(integration: Mapping[str, Any]) -> str | None:
    category = integration.get("category")
    return category.get("category") if isinstance(category, dict) else category


def _marketing(consent: Mapping[str, Any], channel: str) -> Mapping[str, Any]:
    return (consent.get(channel) or {}).get("marketing") or {}


def _number(value: object) -> str | None:
    """The number as text, exact: a float's shortest spelling is the one it was read from."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return repr(value)


def _sent_at(cohort: object) -> dt.datetime | None:
    """The send that "1690387200:01H6XV" names."""
    seconds = str(cohort or "").partition(":")[0]
    return dt.datetime.fromtimestamp(int(seconds), dt.UTC) if seconds.isdecimal() else None


def _either(properties: Mapping[str, Any], *flags: str) -> bool | None:
    said = [properties[flag] for flag in flags if flag in properties]
    return any(value is True or value == "true" for value in said) if said else None


def _json(value: object) -> str:
    text = orjson.dumps(value).decode()
    if "\\u0000" in text:  # PostgreSQL stores no NUL, neither in text nor in jsonb
        text = orjson.dumps(_without_nul(value)).decode()
    return text


def _without_nul(value: object) -> object:
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {str(_without_nul(key)): _without_nul(item) for key, item in value.items()}
    return value
