"""Rows of the account, of its metrics, and of what it maps and makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.klaviyo.pages import Page
from workbench.klaviyo.records import Item, Rows, json_text, related_id, related_ids

__all__ = ["account_rows", "custom_metric_rows", "mapped_metric_rows", "metric_rows"]


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
            json_text(item["attributes"]),
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
                json_text(said),
            )
        )
    return {"klaviyo.metric": rows}


def mapped_metric_rows(page: Page, *, account_id: str) -> Rows:
    """Which metric or custom metric the account maps to each meaning."""
    rows = [
        (
            account_id,
            item["id"],
            related_id(item, "metric"),
            related_id(item, "custom-metric"),
            item["attributes"].get("updated"),
            json_text(item["attributes"]),
        )
        for item in page.data
    ]
    return {"klaviyo.mapped_metric": rows}


def custom_metric_rows(page: Page, *, account_id: str) -> Rows:
    """Metrics that the account made, with those they are made of."""
    rows = []
    for item in page.data:
        said = item["attributes"]
        definition = said.get("definition") or {}
        rows.append(
            (
                account_id,
                item["id"],
                said.get("name") or "",
                definition.get("aggregation_method"),
                related_ids(item, "metrics"),
                said.get("created"),
                said.get("updated"),
                json_text(said),
            )
        )
    return {"klaviyo.custom_metric": rows}


def _contact(item: Item) -> Mapping[str, Any]:
    return item["attributes"].get("contact_information") or {}


def _category(integration: Mapping[str, Any]) -> str | None:
    category = integration.get("category")
    return category.get("category") if isinstance(category, dict) else category
