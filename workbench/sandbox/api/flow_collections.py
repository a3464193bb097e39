"""Flows, their steps and their messages as collections."""

from __future__ import annotations

import numpy as np

from workbench.sandbox.api.collections import (
    Ask,
    Collection,
    Rows,
    flag_field,
    instant_field,
    text_field,
)
from workbench.sandbox.api.flow_bodies import FLOW_TAGS, TRIGGER_TYPE, FlowAction
from workbench.sandbox.api.jsonapi import Body
from workbench.sandbox.api.revisions import flow_shapes
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.api.tag_bodies import tag_body
from workbench.sandbox.api.template_collections import template_body
from workbench.sandbox.shop.days import DAY

__all__ = ["flow_actions_of", "flow_messages", "flows"]


def flows(snapshot: Snapshot, *, actions: list[FlowAction]) -> Collection:
    """The flows; all of them are older than the history."""
    shop, every = snapshot.shop, snapshot.shop.catalogue.flows
    created = np.array([flow.created_at for flow in every])

    def bodies(rows: Rows, ask: Ask) -> list[Body]:
        full = "flow.definition" in ask.query.additional
        write = flow_shapes(ask.revision).flow
        return [
            write(shop, row, base=ask.base, actions=_of_flow(actions, row), shows_definition=full)
            for row in rows.tolist()
        ]

    def included(rows: Rows, ask: Ask) -> list[Body]:
        found: list[Body] = []
        if "flow-actions" in ask.query.includes:
            write = flow_shapes(ask.revision).action
            steps = [step for row in rows.tolist() for step in _of_flow(actions, row)]
            found += [write(shop, step, base=ask.base) for step in steps]
        if "tags" in ask.query.includes:
            found += [tag_body(snapshot, tag, base=ask.base) for tag in FLOW_TAGS]
        return found

    return Collection(
        rows=np.arange(len(every)),
        row_of={flow.id: row for row, flow in enumerate(every)}.get,
        bodies=bodies,
        included=included,
        fields={
            "id": text_field([flow.id for flow in every]),
            "name": text_field([flow.name for flow in every]),
            "status": text_field([flow.status for flow in every]),
            "archived": flag_field([flow.is_archived for flow in every]),
            "created": instant_field(created),
            "updated": instant_field(created + DAY),
            "trigger_type": text_field([TRIGGER_TYPE] * len(every)),
        },
    )


def flow_actions_of(snapshot: Snapshot, *, actions: list[FlowAction]) -> Collection:
    """The steps of all flows."""
    shop = snapshot.shop
    owners = [shop.catalogue.flows[action.flow] for action in actions]
    created = np.array([flow.created_at for flow in owners])

    def bodies(rows: Rows, ask: Ask) -> list[Body]:
        write = flow_shapes(ask.revision).action
        return [write(shop, actions[row], base=ask.base) for row in rows]

    def included(rows: Rows, ask: Ask) -> list[Body]:
        shapes, chosen = flow_shapes(ask.revision), [actions[row] for row in rows]
        found: list[Body] = []
        if "flow" in ask.query.includes:
            found += [
                shapes.flow(
                    shop, row, base=ask.base, actions=_of_flow(actions, row), shows_definition=False
                )
                for row in sorted({step.flow for step in chosen})
            ]
        if "flow-messages" in ask.query.includes:
            senders = [step for step in chosen if step.message >= 0]
            found += [shapes.message(shop, step, base=ask.base) for step in senders]
        return found

    return Collection(
        rows=np.arange(len(actions)),
        row_of={action.id: row for row, action in enumerate(actions)}.get,
        bodies=bodies,
        included=included,
        fields={
            "id": text_field([action.id for action in actions]),
            "action_type": text_field([action.kind for action in actions]),
            "status": text_field([flow.status for flow in owners]),
            "created": instant_field(created),
            "updated": instant_field(created + DAY),
        },
    )


def flow_messages(snapshot: Snapshot, *, actions: list[FlowAction]) -> Collection:
    """The messages of all flows, by the row of the step that sends them."""
    shop = snapshot.shop
    messages = [shop.catalogue.messages[action.message] for action in actions]
    created = np.array([shop.catalogue.flows[action.flow].created_at for action in actions])
    senders = [row for row, action in enumerate(actions) if action.message >= 0]

    def bodies(rows: Rows, ask: Ask) -> list[Body]:
        write = flow_shapes(ask.revision).message
        return [write(shop, actions[row], base=ask.base) for row in rows]

    def included(rows: Rows, ask: Ask) -> list[Body]:
        found: list[Body] = []
        if "flow-action" in ask.query.includes:
            write = flow_shapes(ask.revision).action
            found += [write(shop, actions[row], base=ask.base) for row in rows]
        if "template" in ask.query.includes:
            lettered = [actions[row].message for row in rows if messages[row].template]
            found += [template_body(snapshot, row, base=ask.base) for row in lettered]
        return found

    return Collection(
        rows=np.array(senders, dtype=np.int64),
        row_of={messages[row].id: row for row in senders}.get,
        bodies=bodies,
        included=included,
        fields={
            "id": text_field([message.id for message in messages]),
            "name": text_field([message.name for message in messages]),
            "created": instant_field(created),
            "updated": instant_field(created + DAY),
        },
    )


def _of_flow(actions: list[FlowAction], row: int) -> list[FlowAction]:
    return [action for action in actions if action.flow == row]
