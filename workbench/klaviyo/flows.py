"""Rows of flows, and of the steps and messages that a flow's definition holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from workbench.klaviyo.pages import Page
from workbench.klaviyo.records import Item, Row, Rows, json_text, related_ids

__all__ = ["definition_rows", "digest", "flow_rows"]


def flow_rows(page: Page, *, account_id: str) -> Rows:
    """Flows, without their definition."""
    rows = []
    for item in page.data:
        said = item["attributes"]
        rows.append(
            (
                account_id,
                item["id"],
                said.get("name") or "",
                said.get("status"),
                bool(said.get("archived")),
                said.get("trigger_type"),
                related_ids(item, "tags"),
                said.get("created"),
                said.get("updated"),
                json_text(said),
            )
        )
    return {"klaviyo.flow": rows}


def definition_rows(page: Page, *, account_id: str) -> Rows:
    """The steps and messages of flows that come with their definition."""
    return {
        "klaviyo.flow_action": [
            (account_id, flow["id"], *action) for flow in page.data for action in _actions(flow)
        ],
        "klaviyo.flow_message": [
            (account_id, *message) for flow in page.data for message in _messages(flow)
        ],
    }


def digest(definition: Mapping[str, Any]) -> str:
    """The same for the same definition, in whatever order its keys come.

    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    return hashlib.sha256(orjson.dumps(definition, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _actions(flow: Item) -> Iterator[Row]:
    for position, action in enumerate(_steps(flow)):
        data = action.get("data") or {}
        links = action.get("links") or {}
        yield (
            action["id"],
            position,
            action.get("type"),
            data.get("status"),
            (_message(action) or {}).get("id"),
            [step for step in links.values() if isinstance(step, str)],
            json_text(action),
        )


def _messages(flow: Item) -> Iterator[Row]:
    for action in _steps(flow):
        message = _message(action)
        if message and message.get("id"):
            yield (
                message["id"],
                flow["id"],
                action["id"],
                message.get("name"),
                _channel(_sending(action).get("type") or ""),
                message.get("subject_line"),
                message.get("template_id"),
                message.get("transactional"),
                json_text(message),
            )


def _steps(flow: Item) -> list[Mapping[str, Any]]:
    """Steps that have an id; one just drawn has none yet."""
    definition = flow["attributes"].get("definition") or {}
    return [action for action in definition.get("actions") or () if action.get("id")]


def _sending(action: Mapping[str, Any]) -> Mapping[str, Any]:
    """The step that sends; what an A/B test sends stands one level deeper."""
    return (action.get("data") or {}).get("main_action") or action


def _message(action: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return (_sending(action).get("data") or {}).get("message")


def _channel(action_type: str) -> str | None:
    """email of send-email; Klaviyo calls push mobile_push elsewhere, and so do we."""
    if not action_type.startswith("send-"):
        return None
    return action_type.removeprefix("send-").replace("-", "_")
