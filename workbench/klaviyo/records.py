"""Rows made of JSON:API resources: one function per type, columns in one place.

A row is a tuple in the order of its table's columns. Times stay text as received (PostgreSQL reads
every spelling that Klaviyo uses; a time without a zone is UTC); whatever a row has no column for
stays in its payload.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

__all__ = ["TABLES", "Item", "Row", "Rows", "Table", "json_text", "related_id", "related_ids"]

Row = tuple[Any, ...]
Rows = dict[str, list[Row]]
Item = Mapping[str, Any]


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
            "klaviyo.custom_metric",
            "account_id custom_metric_id",
            "name aggregation_method metric_ids created_at updated_at payload",
        ),
        _table(
            "klaviyo.campaign",
            "account_id campaign_id",
            "name channel status is_archived included_ids excluded_ids send_strategy tag_ids"
            " created_at updated_at scheduled_at sent_at payload",
        ),
        _table(
            "klaviyo.campaign_message",
            "account_id message_id",
            "campaign_id channel label subject template_id created_at updated_at payload",
        ),
        _table(
            "klaviyo.campaign_estimate",
            "account_id campaign_id",
            "recipients payload",
        ),
        _table(
            "klaviyo.flow",
            "account_id flow_id",
            "name status is_archived trigger_type tag_ids created_at updated_at payload",
        ),
        _table(
            "klaviyo.flow_action",
            "account_id flow_id action_id",
            "position action_type status message_id next_ids payload",
        ),
        _table(
            "klaviyo.flow_message",
            "account_id message_id",
            "flow_id action_id name channel subject template_id is_transactional payload",
        ),
        _table(
            "klaviyo.list",
            "account_id list_id",
            "name opt_in_process created_at updated_at tag_ids payload",
        ),
        _table(
            "klaviyo.segment",
            "account_id segment_id",
            "name is_active is_processing is_starred created_at updated_at tag_ids payload",
        ),
        _table(
            "klaviyo.tag_group",
            "account_id tag_group_id",
            "name is_exclusive is_default payload",
        ),
        _table(
            "klaviyo.tag",
            "account_id tag_id",
            "name tag_group_id payload",
        ),
        _table(
            "klaviyo.template",
            "account_id template_id",
            "name editor_type created_at updated_at payload",
        ),
        _table(
            "klaviyo.form",
            "account_id form_id",
            "name status is_ab_test created_at updated_at payload",
        ),
        _table(
            "klaviyo.form_version",
            "account_id version_id",
            "form_id variation_name form_type status created_at updated_at payload",
        ),
        _table(
            "klaviyo.profile",
            "account_id profile_id",
            "country region timezone"
            " can_receive_email email_consent email_consent_at"
            " email_suppression_reason email_suppressed_at"
            " can_receive_sms sms_consent sms_consent_at"
            " can_receive_push push_consent push_consent_at"
            " is_redacted created_at updated_at last_event_at deleted_at",
        ),
        _table(
            "klaviyo.profile_personal",
            "account_id profile_id",
            "email phone_number external_id payload",
        ),
        _table(
            "klaviyo.profile_prediction",
            "account_id profile_id",
            "historic_clv predicted_clv total_clv"
            " historic_number_of_orders predicted_number_of_orders"
            " average_days_between_orders average_order_value churn_probability"
            " expected_date_of_next_order ranked_channel_affinity",
        ),
    )
}


def related_id(item: Item, name: str) -> str | None:
    """Id of what a resource relates to; None where it names nothing or several."""
    data = _related(item, name)
    return data["id"] if isinstance(data, dict) else None


def related_ids(item: Item, name: str) -> list[str] | None:
    """Ids of all that a resource relates to, sorted, as the API gives no order; None if unsaid."""
    data = _related(item, name)
    return sorted(link["id"] for link in data) if isinstance(data, list) else None


def _related(item: Item, name: str) -> object:
    return ((item.get("relationships") or {}).get(name) or {}).get("data")


def json_text(value: object) -> str:
    """A value as JSON that PostgreSQL can store."""
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
