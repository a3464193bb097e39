"""Campaigns, flows and their messages as collections."""

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
from workbench.sandbox.api.jsonapi import Body
from workbench.sandbox.api.message_bodies import (
    TRIGGER_TYPE,
    FlowAction,
    campaign_body,
    campaign_message_body,
    flow_action_body,
    flow_body,
    flow_message_body,
    tag_body,
    tags,
)
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.shop.days import DAY, HOUR

__all__ = ["campaign_messages", "campaigns", "flow_actions_of", "flow_messages", "flows"]


def campaigns(snapshot: Snapshot) -> Collection:
    """The campaigns created so far."""
    shop, every = snapshot.shop, snapshot.shop.catalogue.campaigns
    messages = shop.catalogue.messages
    created = np.array([campaign.created_at for campaign in every])
    planned = [c.created_at + HOUR if c.send_at is not None else np.nan for c in every]

    def included(rows: Rows, ask: Ask) -> list[Body]:
        chosen = [every[row].message for row in rows]
        found: list[Body] = []
        if "campaign-messages" in ask.query.includes:
            found += [campaign_message_body(snapshot, row, base=ask.base) for row in chosen]
        if "tags" in ask.query.includes and any(messages[row].is_offer for row in chosen):
            found.append(tag_body(tags(shop)["offer"], "offer", base=ask.base))
        return found

    return Collection(
        rows=np.flatnonzero(created <= snapshot.now),
        row_of={campaign.id: row for row, campaign in enumerate(every)}.get,
        bodies=lambda rows, ask: [
            campaign_body(snapshot, row, base=ask.base) for row in rows.tolist()
        ],
        included=included,
        fields={
            "id": text_field([campaign.id for campaign in every]),
            "messages.channel": text_field([messages[c.message].channel for c in every]),
            "name": text_field([campaign.name for campaign in every]),
            "status": text_field([snapshot.campaign_status(campaign) for campaign in every]),
            "archived": flag_field([campaign.is_archived for campaign in every]),
            "created_at": instant_field(created),
            "scheduled_at": instant_field(planned),
            "updated_at": instant_field([snapshot.campaign_updated(c) for c in every]),
        },
    )


def campaign_messages(snapshot: Snapshot) -> Collection:
    """The messages of the campaigns created so far."""
    messages, every = snapshot.shop.catalogue.messages, snapshot.shop.catalogue.campaigns
    owners = {row: m.campaign for row, m in enumerate(messages) if m.campaign >= 0}
    shown = [row for row, owner in owners.items() if every[owner].created_at <= snapshot.now]

    def included(rows: Rows, ask: Ask) -> list[Body]:
        if "campaign" not in ask.query.includes:
            return []
        return [campaign_body(snapshot, owners[row], base=ask.base) for row in rows.tolist()]

    return Collection(
        rows=np.array(shown, dtype=np.int64),
        row_of={messages[row].id: row for row in owners}.get,
        bodies=lambda rows, ask: [
            campaign_message_body(snapshot, row, base=ask.base) for row in rows.tolist()
        ],
        included=included,
        fields={},
    )


def flows(snapshot: Snapshot, *, actions: list[FlowAction]) -> Collection:
    """The flows; all of them are older than the history."""
    shop, every = snapshot.shop, snapshot.shop.catalogue.flows
    created = np.array([flow.created_at for flow in every])

    def bodies(rows: Rows, ask: Ask) -> list[Body]:
        full = "flow.definition" in ask.query.additional
        return [
            flow_body(
                shop, row, base=ask.base, actions=_of_flow(actions, row), shows_definition=full
            )
            for row in rows.tolist()
        ]

    def included(rows: Rows, ask: Ask) -> list[Body]:
        found: list[Body] = []
        if "flow-actions" in ask.query.includes:
            steps = [step for row in rows.tolist() for step in _of_flow(actions, row)]
            found += [flow_action_body(shop, step, base=ask.base) for step in steps]
        if "tags" in ask.query.includes:
            found.append(tag_body(tags(shop)["lifecycle"], "lifecycle", base=ask.base))
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
            "trigger_type": text_field([TRIGGER_TYPE] * len(every)),
            "created": instant_field(created),
            "updated": instant_field(created + DAY),
        },
    )


def flow_actions_of(snapshot: Snapshot, *, actions: list[FlowAction]) -> Collection:
    """The steps of all flows."""
    shop = snapshot.shop
    owners = [shop.catalogue.flows[action.flow] for action in actions]
    created = np.array([flow.created_at for flow in owners])

    def included(rows: Rows, ask: Ask) -> list[Body]:
        chosen = [actions[row] for row in rows]
        found: list[Body] = []
        if "flow" in ask.query.includes:
            found += [
                flow_body(
                    shop, row, base=ask.base, actions=_of_flow(actions, row), shows_definition=False
                )
                for row in sorted({step.flow for step in chosen})
            ]
        if "flow-messages" in ask.query.includes:
            senders = [step for step in chosen if not step.wait]
            found += [flow_message_body(shop, step, base=ask.base) for step in senders]
        return found

    return Collection(
        rows=np.arange(len(actions)),
        row_of={action.id: row for row, action in enumerate(actions)}.get,
        bodies=lambda rows, ask: [
            flow_action_body(shop, actions[row], base=ask.base) for row in rows
        ],
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
    senders = [row for row, action in enumerate(actions) if not action.wait]

    def included(rows: Rows, ask: Ask) -> list[Body]:
        if "flow-action" not in ask.query.includes:
            return []
        return [flow_action_body(shop, actions[row], base=ask.base) for row in rows]

    return Collection(
        rows=np.array(senders, dtype=np.int64),
        row_of={messages[row].id: row for row in senders}.get,
        bodies=lambda rows, ask: [
            flow_message_body(shop, actions[row], base=ask.base) for row in rows
        ],
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
