"""Templates: one for each e-mail of a campaign or flow."""

from __future__ import annotations

from html import escape

import numpy as np

from workbench.sandbox.api.account_bodies import instant
from workbench.sandbox.api.collections import Collection, instant_field, nothing, text_field
from workbench.sandbox.api.jsonapi import Body, resource
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.shop.build import Shop
from workbench.sandbox.shop.days import HOUR

__all__ = ["template_body", "templates"]

EDITOR = "CODE"  # written as HTML, not put together from blocks


def templates(snapshot: Snapshot) -> Collection:
    """The templates made so far, by the row of the message."""
    shop = snapshot.shop
    messages = shop.catalogue.messages
    created = np.array([_made_at(shop, row) for row in range(len(messages))])
    lettered = np.array([bool(message.template) for message in messages])
    return Collection(
        rows=np.flatnonzero(lettered & (created <= snapshot.now)),
        row_of={m.template: row for row, m in enumerate(messages) if m.template}.get,
        bodies=lambda rows, ask: [
            template_body(snapshot, row, base=ask.base) for row in rows.tolist()
        ],
        included=nothing,
        fields={
            "id": text_field([message.template for message in messages]),
            "name": text_field([message.name for message in messages]),
            "created": instant_field(created),
            "updated": instant_field(created + HOUR),
        },
    )


def template_body(snapshot: Snapshot, row: int, *, base: str) -> Body:
    """The template of a message.

    Args:
        snapshot: the account at its instant.
        row: of the message, which is an e-mail.
        base: scheme and host that the client used.
    """
    message = snapshot.shop.catalogue.messages[row]
    created = _made_at(snapshot.shop, row)
    subject = escape(message.subject)
    attributes = {
        "name": message.name,
        "editor_type": EDITOR,
        "html": f"<html><body><h1>{subject}</h1><p>Simulated e-mail.</p></body></html>",
        "text": message.subject,
        "amp": None,
        "created": instant(created),
        "updated": instant(created + HOUR),
    }
    return resource(base, "template", message.template, attributes)


def _made_at(shop: Shop, row: int) -> int:
    message = shop.catalogue.messages[row]
    if message.campaign >= 0:
        return shop.catalogue.campaigns[message.campaign].created_at
    return shop.catalogue.flows[message.flow].created_at
