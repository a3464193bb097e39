"""Bodies as revisions before the encoded definitions write them, 2024-10-15 among them."""

from __future__ import annotations

from workbench.sandbox.api import flow_bodies, message_bodies
from workbench.sandbox.api.flow_bodies import FlowAction, flow_message_definition, step_definition
from workbench.sandbox.api.jsonapi import Body
from workbench.sandbox.api.message_bodies import message_content
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.shop.build import Shop
from workbench.sandbox.shop.flows import StepKind

__all__ = ["campaign_message_body", "flow_action_body", "flow_message_body"]

_ACTION_TYPES = {
    StepKind.WAIT: "TIME_DELAY",
    StepKind.SPLIT: "BOOLEAN_BRANCH",
    StepKind.TEST: "AB_TEST",
    StepKind.EMAIL: "SEND_EMAIL",
    StepKind.TEXT: "SEND_SMS",
    StepKind.PUSH: "SEND_PUSH_NOTIFICATION",
}


def flow_action_body(shop: Shop, action: FlowAction, *, base: str) -> Body:
    """One step of a flow: its type, status and settings stand at the top."""
    flow = shop.catalogue.flows[action.flow]
    body = flow_bodies.flow_action_body(shop, action, base=base)
    sends = action.message >= 0
    attributes = body["attributes"]
    body["attributes"] = {
        "action_type": _ACTION_TYPES[action.step.kind],
        "status": flow.status,
        "created": attributes["created"],
        "updated": attributes["updated"],
        "settings": _settings(shop, action),
        "tracking_options": {"add_utm": True, "utm_params": []} if sends else None,
        "send_options": {"use_smart_sending": False, "is_transactional": False} if sends else None,
        "render_options": None,
    }
    return body


def flow_message_body(shop: Shop, action: FlowAction, *, base: str) -> Body:
    """The message that a step sends: its name and content stand at the top."""
    body = flow_bodies.flow_message_body(shop, action, base=base)
    definition = flow_message_definition(shop, action.message)
    attributes = body["attributes"]
    if attributes["channel"] == "email":
        content = {
            "subject": definition["subject_line"],
            **{
                name: definition[name]
                for name in (
                    "preview_text",
                    "from_email",
                    "from_label",
                    "reply_to_email",
                    "cc_email",
                    "bcc_email",
                )
            },
        }
    else:
        content = {"body": definition["body"]}
    body["attributes"] = {
        "name": definition["name"],
        "channel": attributes["channel"],
        "content": content,
        "created": attributes["created"],
        "updated": attributes["updated"],
    }
    return body


def campaign_message_body(snapshot: Snapshot, row: int, *, base: str) -> Body:
    """The message of a campaign: its label, channel and content stand at the top."""
    message = snapshot.shop.catalogue.messages[row]
    body = message_bodies.campaign_message_body(snapshot, row, base=base)
    attributes = body["attributes"]
    attributes.pop("definition")
    body["attributes"] = {
        "label": message.name,
        "channel": message.channel,
        "content": message_content(snapshot.shop, row),
        "render_options": None,
        **attributes,
    }
    return body


def _settings(shop: Shop, action: FlowAction) -> Body:
    if action.step.kind == StepKind.WAIT:
        return {"delay_seconds": action.step.wait, "is_local_timezone": False}
    if action.step.kind == StepKind.SPLIT:
        flow = shop.catalogue.flows[action.flow]
        return dict(step_definition(shop, flow, action)["data"])
    return {}
