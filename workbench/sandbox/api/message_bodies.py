"""Campaigns, flows and their messages as the API writes them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from workbench.sandbox.api.account_bodies import instant
from workbench.sandbox.api.jsonapi import Body, resource, to_many, to_one
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.shop.build import Shop
from workbench.sandbox.shop.days import DAY, HOUR
from workbench.sandbox.shop.messages import Flow

__all__ = [
    "TRIGGER_TYPE",
    "FlowAction",
    "campaign_body",
    "campaign_message_body",
    "flow_action_body",
    "flow_actions",
    "flow_body",
    "flow_message_body",
    "tag_body",
    "tags",
]

TRIGGER_TYPE = "Metric"
SENDER = "hello@example.com"
TAGS = ("lifecycle", "offer")


@dataclass(frozen=True, slots=True)
class FlowAction:
    """One step of a flow: a wait, or the sending of a message.

    Attributes:
        id: its id.
        flow: row of the flow.
        message: row of the message sent, or of the one waited for.
        wait: seconds to wait; 0 for a step that sends.
        next_id: id of the step after it, or None.
    """

    id: str
    flow: int
    message: int
    wait: int
    next_id: str | None

    @property
    def kind(self) -> str:
        """Its type in a definition."""
        return "time-delay" if self.wait else "send-email"


def tags(shop: Shop) -> dict[str, str]:
    """The id of each tag, by its name."""
    return {name: str(uuid5(NAMESPACE_URL, f"{shop.account.id}/{name}")) for name in TAGS}


def campaign_body(snapshot: Snapshot, row: int, *, base: str) -> Body:
    """One campaign, as it stands at the instant of the snapshot."""
    shop = snapshot.shop
    campaign = shop.catalogue.campaigns[row]
    message = shop.catalogue.messages[campaign.message]
    status = snapshot.campaign_status(campaign)
    planned = campaign.send_at is not None
    send_time = instant(campaign.send_at) if campaign.send_at is not None else None
    strategy = {"method": "static", "datetime": send_time, "options": {"is_local": False}}
    tracking: Body = {"add_tracking_params": True, "custom_tracking_params": []}
    if message.channel == "email":
        tracking |= {"is_tracking_clicks": True, "is_tracking_opens": True}
    attributes = {
        "name": campaign.name,
        "status": status,
        "archived": campaign.is_archived,
        "audiences": {"included": ["Engaged"], "excluded": []},
        "send_options": {"use_smart_sending": True},
        "tracking_options": tracking,
        "send_strategy": strategy if planned else {"method": "immediate"},
        "created_at": instant(campaign.created_at),
        "scheduled_at": instant(campaign.created_at + HOUR) if planned else None,
        "updated_at": instant(snapshot.campaign_updated(campaign)),
        "send_time": send_time,
    }
    marks = [tags(shop)["offer"]] if message.is_offer else []
    related = [
        to_many("campaign-messages", "campaign-message", [message.id]),
        to_many("tags", "tag", marks),
    ]
    return resource(base, "campaign", campaign.id, attributes, related)


def campaign_message_body(snapshot: Snapshot, row: int, *, base: str) -> Body:
    """The message of a campaign."""
    message = snapshot.shop.catalogue.messages[row]
    campaign = snapshot.shop.catalogue.campaigns[message.campaign]
    if message.channel == "email":
        definition: Body = {
            "channel": "email",
            "label": message.name,
            "content": {
                "subject": message.subject,
                "preview_text": None,
                "from_email": SENDER,
                "from_label": snapshot.shop.account.organization,
                "reply_to_email": None,
                "cc_email": None,
                "bcc_email": None,
            },
        }
    else:
        definition = {
            "channel": "sms",
            "content": {"body": message.subject, "media_url": None},
            "render_options": {"shorten_links": True, "add_org_prefix": True},
        }
    times = []
    if campaign.send_at is not None:
        times = [{"datetime": instant(campaign.send_at), "is_local": False}]
    attributes = {
        "definition": definition,
        "send_times": times,
        "created_at": instant(campaign.created_at),
        "updated_at": instant(campaign.created_at + HOUR),
    }
    related = [
        to_one("campaign", "campaign", campaign.id),
        to_many("template", "template", None),
        to_many("image", "image", None),
    ]
    return resource(base, "campaign-message", message.id, attributes, related)


def flow_actions(shop: Shop) -> list[FlowAction]:
    """Every step of every flow, in order: a wait where there is one, then its message."""
    steps: list[FlowAction] = []
    for row, flow in enumerate(shop.catalogue.flows):
        mine: list[FlowAction] = []
        passed = 0
        for message in flow.messages:
            delay = shop.catalogue.messages[message].delay
            if delay > passed:
                mine.append(FlowAction("", row, message, delay - passed, None))
                passed = delay
            mine.append(FlowAction("", row, message, 0, None))
        ids = [str(10_000 + 100 * row + position) for position in range(len(mine))]
        following = [*ids[1:], None]
        steps += [
            FlowAction(own, step.flow, step.message, step.wait, after)
            for step, own, after in zip(mine, ids, following, strict=True)
        ]
    return steps


def flow_body(
    shop: Shop, row: int, *, base: str, actions: list[FlowAction], shows_definition: bool
) -> Body:
    """One flow.

    Args:
        shop: the account.
        row: of the flow.
        base: scheme and host that the client used.
        actions: its steps.
        shows_definition: whether the whole tree is part of it.
    """
    flow = shop.catalogue.flows[row]
    attributes: Body = {
        "name": flow.name,
        "status": flow.status,
        "archived": flow.is_archived,
        "created": instant(flow.created_at),
        "updated": instant(flow.created_at + DAY),
        "trigger_type": TRIGGER_TYPE,
    }
    if shows_definition:
        attributes["definition"] = {
            "triggers": [
                {"type": "metric", "id": shop.metrics[flow.trigger].id, "trigger_filter": None}
            ],
            "profile_filter": None,
            "actions": [_definition(shop, flow, action) for action in actions],
            "entry_action_id": actions[0].id if actions else None,
        }
    related = [
        to_many("flow-actions", "flow-action", [action.id for action in actions]),
        to_many("tags", "tag", [tags(shop)["lifecycle"]]),
    ]
    return resource(base, "flow", flow.id, attributes, related)


def flow_action_body(shop: Shop, action: FlowAction, *, base: str) -> Body:
    """One step of a flow."""
    flow = shop.catalogue.flows[action.flow]
    attributes = {
        "created": instant(flow.created_at),
        "updated": instant(flow.created_at + DAY),
        "definition": _definition(shop, flow, action),
    }
    sent = [] if action.wait else [shop.catalogue.messages[action.message].id]
    related = [to_one("flow", "flow", flow.id), to_many("flow-messages", "flow-message", sent)]
    return resource(base, "flow-action", action.id, attributes, related)


def flow_message_body(shop: Shop, action: FlowAction, *, base: str) -> Body:
    """The message that a step sends."""
    flow = shop.catalogue.flows[action.flow]
    message = shop.catalogue.messages[action.message]
    attributes = {
        "channel": message.channel,
        "created": instant(flow.created_at),
        "updated": instant(flow.created_at + DAY),
        "definition": _flow_email(shop, action.message),
    }
    related = [
        to_one("flow-action", "flow-action", action.id),
        to_many("template", "template", None),
    ]
    return resource(base, "flow-message", message.id, attributes, related)


def tag_body(tag_id: str, name: str, *, base: str) -> Body:
    """One tag."""
    return resource(base, "tag", tag_id, {"name": name})


def _definition(shop: Shop, flow: Flow, action: FlowAction) -> Body:
    body: Body = {"id": action.id, "type": action.kind, "links": {"next": action.next_id}}
    if action.wait:
        unit, length = ("days", DAY) if action.wait % DAY == 0 else ("hours", HOUR)
        if action.wait % HOUR:
            unit, length = "minutes", 60
        body["data"] = {"unit": unit, "value": action.wait // length}
    else:
        body["data"] = {"message": _flow_email(shop, action.message), "status": flow.status}
    return body


def _flow_email(shop: Shop, row: int) -> Body:
    message = shop.catalogue.messages[row]
    return {
        "from_email": SENDER,
        "from_label": shop.account.organization,
        "reply_to_email": None,
        "cc_email": None,
        "bcc_email": None,
        "subject_line": message.subject,
        "preview_text": None,
        "template_id": None,
        "smart_sending_enabled": False,
        "transactional": False,
        "add_tracking_params": True,
        "custom_tracking_params": None,
        "additional_filters": None,
        "name": message.name,
        "id": message.id,
    }
