"""Rows of sign-up forms and their versions."""

from __future__ import annotations

from workbench.klaviyo.pages import Page
from workbench.klaviyo.records import Rows, json_text, related_id

__all__ = ["form_rows", "form_version_rows"]


def form_rows(page: Page, *, account_id: str) -> Rows:
    """Forms."""
    rows = []
    for item in page.data:
        said = item["attributes"]
        rows.append(
            (
                account_id,
                item["id"],
                said.get("name") or "",
                said.get("status"),
                said.get("ab_test"),
                said.get("created_at"),
                said.get("updated_at"),
                json_text(said),
            )
        )
    return {"klaviyo.form": rows}


def form_version_rows(page: Page, *, account_id: str) -> Rows:
    """Versions of forms."""
    rows = []
    for item in page.data:
        said = item["attributes"]
        rows.append(
            (
                account_id,
                item["id"],
                related_id(item, "form"),
                said.get("variation_name"),
                said.get("form_type"),
                said.get("status"),
                said.get("created_at"),
                said.get("updated_at"),
                json_text(said),
            )
        )
    return {"klaviyo.form_version": rows}
