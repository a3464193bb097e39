"""Rows of profiles: what analysis reads, what identifies a person, what Klaviyo predicts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from workbench.klaviyo.pages import Page
from workbench.klaviyo.records import Item, Row, Rows, json_text

__all__ = ["member_rows", "prediction_rows", "profile_rows"]

# what takes the place of an address when a person asks to be forgotten
_REDACTED = re.compile(r"redacted\.[0-9a-f-]{36}@example\.com")
_PREDICTIONS = (
    "historic_clv",
    "predicted_clv",
    "total_clv",
    "historic_number_of_orders",
    "predicted_number_of_orders",
    "average_days_between_orders",
    "average_order_value",
    "churn_probability",
    "expected_date_of_next_order",
    "ranked_channel_affinity",
)


def profile_rows(page: Page, *, account_id: str) -> Rows:
    """Profiles, and apart from them what identifies a person; nothing of those redacted."""
    profiles = [_profile(item, account_id) for item in page.data]
    personal = [_personal(item, account_id) for item in page.data if not _is_redacted(item)]
    return {"klaviyo.profile": profiles, "klaviyo.profile_personal": personal}


def prediction_rows(page: Page, *, account_id: str) -> Rows:
    """What Klaviyo predicts of profiles; most have never ordered, and so no row."""
    rows = []
    for item in page.data:
        said = item["attributes"].get("predictive_analytics") or {}
        figures = [said.get(name) for name in _PREDICTIONS]
        if any(figure is not None and figure != [] for figure in figures):
            rows.append((account_id, item["id"], *figures))
    return {"klaviyo.profile_prediction": rows}


def member_rows(page: Page) -> Rows:
    """Members of a group; which one, their reader knows."""
    rows = [(item["id"], item["attributes"]["joined_group_at"]) for item in page.data]
    return {"ops.group_member": rows}


def _profile(item: Item, account_id: str) -> Row:
    said = item["attributes"]
    location = said.get("location") or {}
    consent = said.get("subscriptions") or {}
    email, sms, push = (_marketing(consent, name) for name in ("email", "sms", "mobile_push"))
    suppression = _latest(email.get("suppression") or [])
    return (
        account_id,
        item["id"],
        location.get("country"),
        location.get("region"),
        location.get("timezone"),
        email.get("can_receive_email_marketing"),
        email.get("consent"),
        email.get("consent_timestamp"),
        suppression.get("reason"),
        suppression.get("timestamp"),
        sms.get("can_receive_sms_marketing"),
        sms.get("consent"),
        sms.get("consent_timestamp"),
        push.get("can_receive_push_marketing"),
        push.get("consent"),
        push.get("consent_timestamp"),
        _is_redacted(item),
        said.get("created"),
        said.get("updated"),
        said.get("last_event_date"),
        None,  # it exists, so it is not deleted
    )


def _personal(item: Item, account_id: str) -> Row:
    said = item["attributes"]
    return (
        account_id,
        item["id"],
        said.get("email"),
        said.get("phone_number"),
        said.get("external_id"),
        json_text(said),
    )


def _is_redacted(item: Item) -> bool:
    return bool(_REDACTED.fullmatch(item["attributes"].get("email") or ""))


def _marketing(consent: Mapping[str, Any], channel: str) -> Mapping[str, Any]:
    return (consent.get(channel) or {}).get("marketing") or {}


def _latest(suppressions: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The last of them; one without a time is older than any with."""
    return max(suppressions, key=lambda one: one.get("timestamp") or "", default={})
