"""Tags and tag groups as collections, and what carries which tag."""

from __future__ import annotations

import numpy as np

from workbench.sandbox.api.collections import (
    Ask,
    Collection,
    Rows,
    flag_field,
    nothing,
    text_field,
)
from workbench.sandbox.api.flow_bodies import FLOW_TAGS
from workbench.sandbox.api.jsonapi import Body
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.api.tag_bodies import tag_body, tag_group_body, tag_group_id, tag_id
from workbench.sandbox.shop.tags import TAG_GROUPS, TAGS, tag_rows

__all__ = ["GROUP_TAGS", "campaigns_tagged", "flows_tagged", "tag_groups", "tags"]

GROUP_TAGS = tag_rows("audience")  # every list and segment carries them


def tags(snapshot: Snapshot) -> Collection:
    """The tags; they are older than the history."""

    def included(rows: Rows, ask: Ask) -> list[Body]:
        if "tag-group" not in ask.query.includes:
            return []
        groups = sorted({TAGS[row].group for row in rows})
        return [tag_group_body(snapshot, row, base=ask.base) for row in groups]

    ids = [tag_id(snapshot, row) for row in range(len(TAGS))]
    return Collection(
        rows=np.arange(len(TAGS)),
        row_of={each: row for row, each in enumerate(ids)}.get,
        bodies=lambda rows, ask: [tag_body(snapshot, row, base=ask.base) for row in rows],
        included=included,
        fields={"id": text_field(ids), "name": text_field([tag.name for tag in TAGS])},
    )


def tag_groups(snapshot: Snapshot) -> Collection:
    """The groups of tags."""
    ids = [tag_group_id(snapshot, row) for row in range(len(TAG_GROUPS))]
    return Collection(
        rows=np.arange(len(TAG_GROUPS)),
        row_of={each: row for row, each in enumerate(ids)}.get,
        bodies=lambda rows, ask: [tag_group_body(snapshot, row, base=ask.base) for row in rows],
        included=nothing,
        fields={
            "id": text_field(ids),
            "name": text_field([group.name for group in TAG_GROUPS]),
            "exclusive": flag_field([group.is_exclusive for group in TAG_GROUPS]),
            "default": flag_field([group.is_default for group in TAG_GROUPS]),
        },
    )


def campaigns_tagged(snapshot: Snapshot, tag: int) -> list[int]:
    """Rows of the campaigns that carry a tag."""
    campaigns = snapshot.shop.catalogue.campaigns
    return [row for row, campaign in enumerate(campaigns) if tag in campaign.tags]


def flows_tagged(snapshot: Snapshot, tag: int) -> list[int]:
    """Rows of the flows that carry a tag."""
    return list(range(len(snapshot.shop.catalogue.flows))) if tag in FLOW_TAGS else []
