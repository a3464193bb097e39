"""Lists, segments and their members as collections."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from workbench.sandbox.api.collections import (
    Ask,
    Collection,
    Rows,
    flag_field,
    instant_field,
    text_field,
)
from workbench.sandbox.api.group_bodies import group_body, group_updated
from workbench.sandbox.api.jsonapi import Body
from workbench.sandbox.api.profile_collections import Profiles
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.api.tag_bodies import tag_body, tag_id
from workbench.sandbox.api.tag_collections import GROUP_TAGS

__all__ = ["group_relations", "groups"]


def groups(snapshot: Snapshot, *, is_list: bool) -> Collection:
    """The lists, or the segments, that were made by now; rows are those of ``Shop.groups``."""
    every, now = snapshot.shop.groups, snapshot.now
    kind = "list" if is_list else "segment"

    def bodies(rows: Rows, ask: Ask) -> list[Body]:
        named: dict[str, list[str]] = {}
        if "tags" in ask.query.includes:
            named["tags"] = [tag_id(snapshot, tag) for tag in GROUP_TAGS]
        if "flow-triggers" in ask.query.includes:
            named["flow-triggers"] = []
        counts = f"{kind}.profile_count" in ask.query.additional
        return [
            group_body(snapshot, row, base=ask.base, counts_profiles=counts, related=named)
            for row in rows.tolist()
        ]

    def included(rows: Rows, ask: Ask) -> list[Body]:
        if "tags" not in ask.query.includes or not len(rows):
            return []
        return [tag_body(snapshot, tag, base=ask.base) for tag in GROUP_TAGS]

    return Collection(
        rows=np.flatnonzero([g.is_list == is_list and g.created_at <= now for g in every]),
        row_of={each.id: row for row, each in enumerate(every)}.get,
        bodies=bodies,
        included=included,
        fields={
            "id": text_field([each.id for each in every]),
            "name": text_field([each.name for each in every]),
            "created": instant_field([each.created_at for each in every]),
            "updated": instant_field([group_updated(each, now=now) for each in every]),
            "is_active": flag_field([each.closed_at > now for each in every]),
            "is_starred": flag_field([each.is_starred for each in every]),
        },
    )


def group_relations(
    snapshot: Snapshot,
    *,
    profiles: Profiles,
    part: Callable[[str, Iterable[int]], Collection],
) -> dict[tuple[str, str], Callable[[int], Collection]]:
    """What lists, segments, profiles and push tokens are related to.

    No flow of the shop starts with a list or a segment.

    Args:
        snapshot: the account at its instant.
        profiles: its profiles.
        part: a collection reduced to some rows.
    """

    def members(row: int) -> Collection:
        return profiles.members(*snapshot.members(row))

    return {
        ("lists", "profiles"): members,
        ("segments", "profiles"): members,
        ("lists", "flow-triggers"): lambda row: part("flows", []),
        ("segments", "flow-triggers"): lambda row: part("flows", []),
        ("profiles", "lists"): lambda row: part("lists", snapshot.groups_of(row)),
        ("profiles", "segments"): lambda row: part("segments", snapshot.groups_of(row)),
        ("profiles", "push-tokens"): lambda row: part("push-tokens", [row]),
        ("push-tokens", "profile"): lambda row: part("profiles", [row]),
    }
