"""What campaigns, flows, their messages, tags and templates are related to."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from workbench.sandbox.api.collections import Collection
from workbench.sandbox.api.flow_bodies import FLOW_TAGS, FlowAction
from workbench.sandbox.api.message_collections import versions
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.api.tag_collections import GROUP_TAGS, campaigns_tagged, flows_tagged
from workbench.sandbox.shop.tags import TAGS

__all__ = ["Relations", "message_relations"]

# by folder and name of the relationship: from the row of a resource to its relatives
Relations = dict[tuple[str, str], Callable[[int], Collection]]


def message_relations(
    snapshot: Snapshot,
    *,
    actions: list[FlowAction],
    part: Callable[[str, Iterable[int]], Collection],
    whole: Callable[[str], Collection],
) -> Relations:
    """The relationships of everything that is sent.

    Args:
        snapshot: the account at its instant.
        actions: the steps of all flows.
        part: a collection reduced to some rows.
        whole: a collection, by its folder.
    """
    return {
        **_of_campaigns(snapshot, part),
        **_of_flows(snapshot, actions, part),
        **_of_tags(snapshot, part, whole),
    }


def _of_campaigns(
    snapshot: Snapshot, part: Callable[[str, Iterable[int]], Collection]
) -> Relations:
    """A campaign, its audience and its message have the same row."""
    catalogue = snapshot.shop.catalogue
    campaigns, messages = catalogue.campaigns, catalogue.messages
    every = versions(snapshot)

    def lettered(row: int) -> Collection:
        return part("templates", [row] if messages[row].template else [])

    return {
        ("campaigns", "campaign-messages"): lambda row: part(
            "campaign-messages", [campaigns[row].message]
        ),
        ("campaigns", "campaign-audiences"): lambda row: part("campaign-audiences", [row]),
        ("campaigns", "tags"): lambda row: part("tags", campaigns[row].tags),
        ("campaign-messages", "campaign"): lambda row: part("campaigns", [messages[row].campaign]),
        ("campaign-messages", "template"): lettered,
        ("campaign-messages", "image"): lambda row: part("images", []),
        ("campaign-messages", "campaign-audience"): lambda row: part("campaign-audiences", [row]),
        ("campaign-messages", "campaign-variations"): lambda row: part(
            "campaign-variations", [at for at, (owner, _) in enumerate(every) if owner == row]
        ),
        ("campaign-audiences", "campaign"): lambda row: part("campaigns", [row]),
        ("campaign-audiences", "campaign-messages"): lambda row: part(
            "campaign-messages", [campaigns[row].message]
        ),
        ("campaign-variations", "campaign-message"): lambda row: part(
            "campaign-messages", [every[row][0]]
        ),
    }


def _of_flows(
    snapshot: Snapshot,
    actions: list[FlowAction],
    part: Callable[[str, Iterable[int]], Collection],
) -> Relations:
    """A flow's message has the row of the step that sends it."""
    messages = snapshot.shop.catalogue.messages

    def lettered(row: int) -> Collection:
        message = actions[row].message
        return part("templates", [message] if messages[message].template else [])

    return {
        ("flows", "flow-actions"): lambda row: part(
            "flow-actions", [at for at, step in enumerate(actions) if step.flow == row]
        ),
        ("flows", "tags"): lambda row: part("tags", FLOW_TAGS),
        ("flow-actions", "flow"): lambda row: part("flows", [actions[row].flow]),
        ("flow-actions", "flow-messages"): lambda row: part("flow-messages", [row]),
        ("flow-messages", "flow-action"): lambda row: part("flow-actions", [row]),
        ("flow-messages", "template"): lettered,
    }


def _of_tags(
    snapshot: Snapshot,
    part: Callable[[str, Iterable[int]], Collection],
    whole: Callable[[str], Collection],
) -> Relations:
    def groups(folder: str) -> Callable[[int], Collection]:
        return lambda row: part(folder, whole(folder).rows if row in GROUP_TAGS else [])

    return {
        ("tags", "tag-group"): lambda row: part("tag-groups", [TAGS[row].group]),
        ("tags", "campaigns"): lambda row: part("campaigns", campaigns_tagged(snapshot, row)),
        ("tags", "flows"): lambda row: part("flows", flows_tagged(snapshot, row)),
        ("tags", "lists"): groups("lists"),
        ("tags", "segments"): groups("segments"),
        ("tag-groups", "tags"): lambda row: part(
            "tags", np.flatnonzero([tag.group == row for tag in TAGS])
        ),
        ("lists", "tags"): lambda row: part("tags", GROUP_TAGS),
        ("segments", "tags"): lambda row: part("tags", GROUP_TAGS),
    }
