"""Tags and tag groups as the API writes them."""

from __future__ import annotations

from workbench.sandbox.api.jsonapi import Body, resource, to_many, to_one
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.shop.tags import TAG_GROUPS, TAGS, tag_uuid

__all__ = ["tag_body", "tag_group_body", "tag_group_id", "tag_id"]


def tag_id(snapshot: Snapshot, row: int) -> str:
    """The id of a tag."""
    return tag_uuid(snapshot.shop.account.id, "tag", TAGS[row].name)


def tag_group_id(snapshot: Snapshot, row: int) -> str:
    """The id of a tag group."""
    return tag_uuid(snapshot.shop.account.id, "tag-group", TAG_GROUPS[row].name)


def tag_body(snapshot: Snapshot, row: int, *, base: str) -> Body:
    """One tag; what carries it is asked for apart."""
    related = [to_one("tag-group", "tag-group", tag_group_id(snapshot, TAGS[row].group))]
    related += [to_many(f"{kind}s", kind, None) for kind in ("list", "segment", "campaign", "flow")]
    return resource(base, "tag", tag_id(snapshot, row), {"name": TAGS[row].name}, related)


def tag_group_body(snapshot: Snapshot, row: int, *, base: str) -> Body:
    """One group of tags."""
    group = TAG_GROUPS[row]
    attributes = {
        "name": group.name,
        "exclusive": group.is_exclusive,
        "default": group.is_default,
    }
    mine = [tag_id(snapshot, at) for at, tag in enumerate(TAGS) if tag.group == row]
    related = [to_many("tags", "tag", mine)]
    return resource(base, "tag-group", tag_group_id(snapshot, row), attributes, related)
