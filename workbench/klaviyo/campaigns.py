"""Rows of campaigns, of their messages, and of the templates that e-mails are made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.klaviyo.pages import Page
from workbench.klaviyo.records import Item, Row, Rows, json_text, related_id, related_ids

__all__ = ["campaign_rows", "estimate_rows", "template_rows"]


def campaign_rows(page: Page, *, account_id: str) -> Rows:
    """Campaigns, and of the messages that the answer included, theirs."""
    owners = {item["id"]: item["id"] for item in page.data}
    for item in page.data:
        owners |= dict.fromkeys(related_ids(item, "campaign-messages") or (), item["id"])
    messages = [
        (owner, item)
        for item in page.included
        if item["type"] == "campaign-message"
        and (owner := owners.get(related_id(item, "campaign") or item["id"]))
    ]
    channels = {owner: _definition(item).get("channel") for owner, item in messages}
    return {
        "klaviyo.campaign": [
            _campaign(item, account_id, channel=channels.get(item["id"])) for item in page.data
        ],
        "klaviyo.campaign_message": [
            _message(item, account_id, campaign_id=owner) for owner, item in messages
        ],
    }


def template_rows(page: Page, *, account_id: str) -> Rows:
    """Templates, whole."""
    rows = []
    for item in page.data:
        said = item["attributes"]
        rows.append(
            (
                account_id,
                item["id"],
                said.get("name") or "",
                said.get("editor_type"),
                said.get("created"),
                said.get("updated"),
                json_text(said),
            )
        )
    return {"klaviyo.template": rows}


def estimate_rows(page: Page, *, account_id: str) -> Rows:
    """To how many profiles Klaviyo would send campaigns; an estimation has its campaign's id."""
    rows = []
    for item in page.data:
        said = item["attributes"]
        count = said.get("estimated_recipient_count")
        rows.append((account_id, item["id"], count, json_text(said)))
    return {"klaviyo.campaign_estimate": rows}


def _campaign(item: Item, account_id: str, *, channel: str | None) -> Row:
    said = item["attributes"]
    audiences = said.get("audiences") or {}
    return (
        account_id,
        item["id"],
        said.get("name") or "",
        channel,
        said.get("status") or "",
        bool(said.get("archived")),
        _sorted(audiences.get("included")),
        _sorted(audiences.get("excluded")),
        (said.get("send_strategy") or {}).get("method"),
        related_ids(item, "tags"),
        said.get("created_at"),
        said.get("updated_at"),
        said.get("scheduled_at"),
        said.get("send_time"),
        json_text(said),
    )


def _message(item: Item, account_id: str, *, campaign_id: str) -> Row:
    said, definition = item["attributes"], _definition(item)
    content = definition.get("content") or {}
    return (
        account_id,
        item["id"],
        campaign_id,
        definition.get("channel"),
        definition.get("label"),
        content.get("subject"),
        related_id(item, "template"),
        said.get("created_at"),
        said.get("updated_at"),
        json_text(said),
    )


def _sorted(ids: list[str] | None) -> list[str] | None:
    return None if ids is None else sorted(ids)


def _definition(message: Item) -> Mapping[str, Any]:
    return message["attributes"].get("definition") or {}
