"""Rows of what the account sorts by: lists, segments, tags and their groups."""

from __future__ import annotations

from workbench.klaviyo.pages import Page
from workbench.klaviyo.records import Rows, json_text, related_id, related_ids

__all__ = ["list_rows", "segment_rows", "tag_group_rows", "tag_rows"]


def list_rows(page: Page, *, account_id: str) -> Rows:
    """Lists; their members are read apart."""
    rows = []
    for item in page.data:
        said = item["attributes"]
        rows.append(
            (
                account_id,
                item["id"],
                said.get("name") or "",
                said.get("opt_in_process"),
                said.get("created"),
                said.get("updated"),
                related_ids(item, "tags"),
                json_text(said),
            )
        )
    return {"klaviyo.list": rows}


def segment_rows(page: Page, *, account_id: str) -> Rows:
    """Segments with their definition; their members are read apart."""
    rows = []
    for item in page.data:
        said = item["attributes"]
        rows.append(
            (
                account_id,
                item["id"],
                said.get("name") or "",
                said.get("is_active"),
                said.get("is_processing"),
                said.get("is_starred"),
                said.get("created"),
                said.get("updated"),
                related_ids(item, "tags"),
                json_text(said),
            )
        )
    return {"klaviyo.segment": rows}


def tag_group_rows(page: Page, *, account_id: str) -> Rows:
    """Groups of tags."""
    rows = []
    for item in page.data:
        said = item["attributes"]
        rows.append(
            (
                account_id,
                item["id"],
                said.get("name") or "",
                said.get("exclusive"),
                said.get("default"),
                json_text(said),
            )
        )
    return {"klaviyo.tag_group": rows}


def tag_rows(page: Page, *, account_id: str) -> Rows:
    """Tags; what carries one names it."""
    rows = []
    for item in page.data:
        said = item["attributes"]
        rows.append(
            (
                account_id,
                item["id"],
                said.get("name") or "",
                related_id(item, "tag-group"),
                json_text(said),
            )
        )
    return {"klaviyo.tag": rows}
