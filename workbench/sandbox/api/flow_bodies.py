"""Flows, their steps and their messages as the API writes them."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.sandbox.api.account_bodies import instant
from workbench.sandbox.api.jsonapi import Body, resource, to_many, to_one
from workbench.sandbox.shop.build import Shop
from workbench.sandbox.shop.days import DAY, HOUR
from workbench.sandbox.shop.events import Kind
from workbench.sandbox.shop.flows import Flow, Question, Step, StepKind
from workbench.sandbox.shop.tags import TAGS, tag_rows, tag_uuid

__all__ = [
    "FLOW_TAGS",
    "SENDER",
    "TRIGGER_TYPE",
    "FlowAction",
    "flow_action_body",
    "flow_actions",
    "flow_body",
    "flow_message_body",
    "flow_message_definition",
    "step_definition",
]

TRIGGER_TYPE = "Metric"
SENDER = "hello@example.com"
FLOW_TAGS = tag_rows("lifecycle")  # every flow carries them


@dataclass(frozen=True, slots=True)
class FlowAction:
    """One step of a flow, with its id and those of the steps it leads to.

    Attributes:
        id: its id.
        flow: row of the flow.
        step: what it does.
        next_id: id of the step after it, or for those of whom the answer is yes; None at an end.
        other_id: id of the step for the others; None at an end and where it is no split.
    """

    id: str
    flow: int
    step: Step
    next_id: str | None
    other_id: str | None

    @property
    def kind(self) -> str:
        """Its type in a definition."""
        return self.step.kind.value

    @property
    def message(self) -> int:
        """Row of the message it sends, or -1."""
        return self.step.message


def flow_actions(shop: Shop) -> list[FlowAction]:
    """Every step of every flow, in the order of their trees."""
    found = []
    for row, flow in enumerate(shop.catalogue.flows):
        ids = [str(10_000 + 100 * row + position) for position in range(len(flow.steps))]
        named = [*ids, None]  # the last one answers for -1
        found += [
            FlowAction(ids[at], row, step, named[step.following], named[step.otherwise])
            for at, step in enumerate(flow.steps)
        ]
    return found


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
        **_dates(flow),
        "trigger_type": TRIGGER_TYPE,
    }
    if shows_definition:
        attributes["definition"] = _tree(shop, flow, actions)
    tags = [tag_uuid(shop.account.id, "tag", TAGS[tag].name) for tag in FLOW_TAGS]
    related = [
        to_many("flow-actions", "flow-action", [action.id for action in actions]),
        to_many("tags", "tag", tags),
    ]
    return resource(base, "flow", flow.id, attributes, related)


def flow_action_body(shop: Shop, action: FlowAction, *, base: str) -> Body:
    """One step of a flow."""
    flow = shop.catalogue.flows[action.flow]
    attributes = {**_dates(flow), "definition": step_definition(shop, flow, action)}
    sent = [shop.catalogue.messages[action.message].id] if action.message >= 0 else []
    related = [to_one("flow", "flow", flow.id), to_many("flow-messages", "flow-message", sent)]
    return resource(base, "flow-action", action.id, attributes, related)


def flow_message_body(shop: Shop, action: FlowAction, *, base: str) -> Body:
    """The message that a step sends."""
    message = shop.catalogue.messages[action.message]
    attributes = {
        "channel": message.channel,
        **_dates(shop.catalogue.flows[action.flow]),
        "definition": flow_message_definition(shop, action.message),
    }
    template = to_many("template", "template", None)
    if message.template:
        template = to_one("template", "template", message.template)
    related = [to_one("flow-action", "flow-action", action.id), template]
    return resource(base, "flow-message", message.id, attributes, related)


def step_definition(shop: Shop, flow: Flow, action: FlowAction) -> Body:
    """A step as a definition writes it."""
    step = action.step
    body: Body = {"id": action.id, "type": action.kind, "links": {"next": action.next_id}}
    if step.kind == StepKind.WAIT:
        body["data"] = _delay(step.wait)
    elif step.question is not None:
        body["links"] = {"next_if_true": action.next_id, "next_if_false": action.other_id}
        body["data"] = {"profile_filter": _filter(_condition(shop, step.question))}
    elif step.kind == StepKind.TEST:
        body["data"] = _test(shop, flow, action)
    else:
        message = flow_message_definition(shop, action.message)
        body["data"] = {"message": message, "status": flow.status}
    return body


def flow_message_definition(shop: Shop, row: int, *, variation: int = -1) -> Body:
    """The content of a flow's message, or of one of its variations."""
    message = shop.catalogue.messages[row]
    named = {"id": message.id, "name": message.name, "additional_filters": None}
    if message.channel == "sms":
        return {
            "body": message.subject,
            "shorten_links": True,
            "smart_sending_enabled": False,
            "transactional": False,
            **named,
        }
    if message.channel == "mobile_push":
        return {
            "title": shop.account.organization,
            "body": message.subject,
            "on_open": "home",
            "push_type": "standard",
            "smart_sending_enabled": False,
            **named,
        }
    if variation >= 0:
        version = shop.catalogue.variations[variation]
        named |= {"id": version.id, "name": version.name}
    return {**_letter(shop, row, variation), **named}


def _letter(shop: Shop, row: int, variation: int) -> Body:
    message = shop.catalogue.messages[row]
    tested = shop.catalogue.variations[variation].subject if variation >= 0 else message.subject
    return {
        "from_email": SENDER,
        "from_label": shop.account.organization,
        "reply_to_email": None,
        "cc_email": None,
        "bcc_email": None,
        "subject_line": tested,
        "preview_text": None,
        "template_id": message.template,
        "smart_sending_enabled": False,
        "transactional": False,
        "add_tracking_params": True,
        "custom_tracking_params": None,
    }


def _tree(shop: Shop, flow: Flow, actions: list[FlowAction]) -> Body:
    bought = _orders(shop, "equals", 0, "flow-start") if flow.stops_when_bought else None
    once = flow.trigger == Kind.SUBSCRIBED
    return {
        "triggers": [
            {"type": "metric", "id": shop.metrics[flow.trigger].id, "trigger_filter": None}
        ],
        "profile_filter": _filter(bought) if bought else None,
        "actions": [step_definition(shop, flow, action) for action in actions],
        "entry_action_id": actions[0].id if actions else None,
        "reentry_criteria": {"duration": int(once), "unit": "alltime"},
    }


def _test(shop: Shop, flow: Flow, action: FlowAction) -> Body:
    """A test of several versions of an e-mail, to equal parts of those who come by."""

    def sending(message: Body) -> Body:
        return {
            "id": action.id,
            "type": StepKind.EMAIL.value,
            "links": {"next": action.next_id},
            "data": {"message": message, "status": flow.status},
        }

    tested = shop.catalogue.variations_of(action.message)
    ids = [shop.catalogue.variations[row].id for row in tested]
    return {
        "status": flow.status,
        "experiment_status": "live" if flow.status == "live" else "draft",
        "main_action": sending(flow_message_definition(shop, action.message)),
        "current_experiment": {
            "id": f"{action.id}-1",
            "name": f"{shop.catalogue.messages[action.message].name}: subject line",
            "variations": [
                sending(flow_message_definition(shop, action.message, variation=row))
                for row in tested
            ],
            "allocations": {each: 1 / len(ids) for each in ids},
            "started": instant(flow.created_at + DAY),
            "winner_metric": "unique-opens",
            "automatic_winner_selection_settings": None,
        },
    }


def _delay(seconds: int) -> Body:
    for unit, length in (("days", DAY), ("hours", HOUR)):
        if seconds % length == 0:
            return {"unit": unit, "value": seconds // length}
    return {"unit": "minutes", "value": seconds // 60}


def _filter(condition: Body) -> Body:
    return {"condition_groups": [{"conditions": [condition]}]}


def _condition(shop: Shop, question: Question) -> Body:
    if question == Question.TAKES_TEXTS:
        consent = {
            "channel": "sms",
            "can_receive_marketing": True,
            "consent_status": {"subscription": "subscribed"},
        }
        return {"type": "profile-marketing-consent", "consent": consent}
    if question == Question.BOUGHT_SINCE:
        return _orders(shop, "greater-than", 0, "flow-start")
    return _orders(shop, "greater-than", 1, "alltime")


def _orders(shop: Shop, operator: str, number: int, since: str) -> Body:
    return {
        "type": "profile-metric",
        "metric_id": shop.metrics[Kind.PLACED_ORDER].id,
        "measurement": "count",
        "measurement_filter": {"type": "numeric", "operator": operator, "value": number},
        "timeframe_filter": {"type": "date", "operator": since},
        "metric_filters": None,
    }


def _dates(flow: Flow) -> Body:
    return {"created": instant(flow.created_at), "updated": instant(flow.created_at + DAY)}
