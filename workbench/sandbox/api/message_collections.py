"""Campaigns, their audiences, messages and variations as collections."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workbench.sandbox.api import omni_bodies
from workbench.sandbox.api.collections import (
    Ask,
    Collection,
    Rows,
    flag_field,
    instant_field,
    nothing,
    text_field,
)
from workbench.sandbox.api.jsonapi import Body
from workbench.sandbox.api.message_bodies import estimation_body, send_job_body
from workbench.sandbox.api.omni_bodies import variation_ids
from workbench.sandbox.api.revisions import campaign_shapes
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.api.tag_bodies import tag_body
from workbench.sandbox.api.template_collections import template_body
from workbench.sandbox.shop.days import HOUR

__all__ = [
    "campaign_audiences",
    "campaign_messages",
    "campaign_variations",
    "campaigns",
    "estimations",
    "images",
    "send_jobs",
    "versions",
]


def campaigns(snapshot: Snapshot) -> Collection:
    """The campaigns created so far."""
    shop, every = snapshot.shop, snapshot.shop.catalogue.campaigns
    messages = shop.catalogue.messages
    created = np.array([campaign.created_at for campaign in every])
    planned = [c.created_at + HOUR if c.send_at is not None else np.nan for c in every]

    def bodies(rows: Rows, ask: Ask) -> list[Body]:
        write = campaign_shapes(ask.revision).campaign
        return [write(snapshot, row, base=ask.base) for row in rows.tolist()]

    def included(rows: Rows, ask: Ask) -> list[Body]:
        found: list[Body] = []
        if "campaign-messages" in ask.query.includes:
            write = campaign_shapes(ask.revision).message
            found += [write(snapshot, every[row].message, base=ask.base) for row in rows]
        if "campaign-audiences" in ask.query.includes:
            found += [omni_bodies.audience_body(snapshot, row, base=ask.base) for row in rows]
        if "tags" in ask.query.includes:
            tags = sorted({tag for row in rows for tag in every[row].tags})
            found += [tag_body(snapshot, tag, base=ask.base) for tag in tags]
        return found

    return Collection(
        rows=np.flatnonzero(created <= snapshot.now),
        row_of={campaign.id: row for row, campaign in enumerate(every)}.get,
        bodies=bodies,
        included=included,
        fields={
            "id": text_field([campaign.id for campaign in every]),
            "messages.channel": text_field([messages[c.message].channel for c in every]),
            "name": text_field([campaign.name for campaign in every]),
            "status": text_field([snapshot.campaign_status(campaign) for campaign in every]),
            "archived": flag_field([campaign.is_archived for campaign in every]),
            "builder": text_field([omni_bodies.BUILDER] * len(every)),
            "created_at": instant_field(created),
            "scheduled_at": instant_field(planned),
            "updated_at": instant_field([snapshot.campaign_updated(c) for c in every]),
        },
    )


def campaign_messages(snapshot: Snapshot) -> Collection:
    """The messages of the campaigns created so far, by the row of the message."""
    shop, every = snapshot.shop, snapshot.shop.catalogue.campaigns
    # a campaign's message has the row of the campaign: those of flows come behind them
    messages = shop.catalogue.messages[: len(every)]
    created = np.array([campaign.created_at for campaign in every])

    def bodies(rows: Rows, ask: Ask) -> list[Body]:
        write = campaign_shapes(ask.revision).message
        return [write(snapshot, row, base=ask.base) for row in rows.tolist()]

    def included(rows: Rows, ask: Ask) -> list[Body]:
        found: list[Body] = []
        if "campaign" in ask.query.includes:
            write = campaign_shapes(ask.revision).campaign
            found += [write(snapshot, row, base=ask.base) for row in rows.tolist()]
        if "template" in ask.query.includes:
            lettered = [row for row in rows.tolist() if messages[row].template]
            found += [template_body(snapshot, row, base=ask.base) for row in lettered]
        if "campaign-variations" in ask.query.includes:
            apart = campaign_variations(snapshot)
            asked = np.flatnonzero(np.isin([row for row, _ in versions(snapshot)], rows))
            found += apart.bodies(asked, ask)
        return found

    return Collection(
        rows=np.flatnonzero(created <= snapshot.now),
        row_of={message.id: row for row, message in enumerate(messages)}.get,
        bodies=bodies,
        included=included,
        fields={
            "id": text_field([message.id for message in messages]),
            "campaign_id": text_field([campaign.id for campaign in every]),
            "name": text_field([message.name for message in messages]),
            "status": text_field([omni_bodies.message_status(snapshot, c) for c in every]),
            "created": instant_field(created),
            "updated": instant_field(created + HOUR),
        },
    )


def campaign_audiences(snapshot: Snapshot) -> Collection:
    """The audiences of the campaigns created so far, by the row of the campaign."""
    shop, every = snapshot.shop, snapshot.shop.catalogue.campaigns

    def included(rows: Rows, ask: Ask) -> list[Body]:
        shapes, found = campaign_shapes(ask.revision), list[Body]()
        if "campaign" in ask.query.includes:
            found += [shapes.campaign(snapshot, row, base=ask.base) for row in rows.tolist()]
        if "campaign-messages" in ask.query.includes:
            found += [shapes.message(snapshot, every[row].message, base=ask.base) for row in rows]
        return found

    return Collection(
        rows=np.flatnonzero([campaign.created_at <= snapshot.now for campaign in every]),
        row_of={omni_bodies.audience_id(shop, c): row for row, c in enumerate(every)}.get,
        bodies=lambda rows, ask: [
            omni_bodies.audience_body(snapshot, row, base=ask.base) for row in rows.tolist()
        ],
        included=included,
        fields={},
    )


def versions(snapshot: Snapshot) -> list[tuple[int, int]]:
    """The message and the variation of each campaign-variation; -1 for an untested message's."""
    catalogue = snapshot.shop.catalogue
    return [
        (row, variation)
        for row in range(len(catalogue.campaigns))
        for variation in catalogue.variations_of(row) or [-1]
    ]


def campaign_variations(snapshot: Snapshot) -> Collection:
    """The variations of the messages of campaigns, by their place in ``versions``."""
    shop, every = snapshot.shop, versions(snapshot)
    created = [shop.catalogue.campaigns[message].created_at for message, _ in every]
    ids = [
        each for row in range(len(shop.catalogue.campaigns)) for each in variation_ids(shop, row)
    ]

    def included(rows: Rows, ask: Ask) -> list[Body]:
        if "campaign-message" not in ask.query.includes:
            return []
        write = campaign_shapes(ask.revision).message
        owners = sorted({every[row][0] for row in rows})
        return [write(snapshot, row, base=ask.base) for row in owners]

    return Collection(
        rows=np.flatnonzero(np.array(created) <= snapshot.now),
        row_of={each: row for row, each in enumerate(ids)}.get,
        bodies=lambda rows, ask: [
            omni_bodies.variation_body(snapshot, *every[row], base=ask.base) for row in rows
        ],
        included=included,
        fields={},
    )


def send_jobs(snapshot: Snapshot) -> Collection:
    """The jobs that send campaigns, by the row of the campaign; a draft has none."""
    every = snapshot.shop.catalogue.campaigns
    started = [c.send_at is not None and c.created_at <= snapshot.now for c in every]
    return Collection(
        rows=np.flatnonzero(started),
        row_of={campaign.id: row for row, campaign in enumerate(every)}.get,
        bodies=lambda rows, ask: [
            send_job_body(snapshot, row, base=ask.base) for row in rows.tolist()
        ],
        included=nothing,
        fields={},
    )


def estimations(snapshot: Snapshot) -> Collection:
    """To how many profiles each campaign would go now, by the row of the campaign."""
    every = snapshot.shop.catalogue.campaigns
    return Collection(
        rows=np.flatnonzero([campaign.created_at <= snapshot.now for campaign in every]),
        row_of={campaign.id: row for row, campaign in enumerate(every)}.get,
        bodies=lambda rows, ask: [
            estimation_body(snapshot, row, _reached(snapshot, row), base=ask.base)
            for row in rows.tolist()
        ],
        included=nothing,
        fields={},
    )


def images() -> Collection:
    """The images of messages; there are none."""
    return Collection(
        rows=np.empty(0, dtype=np.int64),
        row_of=lambda text: None,
        bodies=nothing,
        included=nothing,
        fields={},
    )


def _reached(snapshot: Snapshot, row: int) -> int:
    """How many members of a campaign's audience take its channel now."""
    shop, people = snapshot.shop, snapshot.shop.people
    campaign = shop.catalogue.campaigns[row]
    everybody = np.arange(len(people))
    channel = shop.catalogue.messages[campaign.message].channel
    reached = people.takes(channel, everybody, np.full(len(people), snapshot.now))
    reached &= _members(snapshot, campaign.included) & ~_members(snapshot, campaign.excluded)
    return int(reached.sum())


def _members(snapshot: Snapshot, names: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Which profiles are in a list or segment of these names now."""
    shop, now = snapshot.shop, snapshot.now
    spells = shop.memberships
    named = [at for at, group in enumerate(shop.groups) if group.name in names]
    lasting = np.isin(spells.group, named) & (spells.joined_at <= now) & (now < spells.left_at)
    found = np.zeros(len(shop.people), dtype=bool)
    found[spells.profile[lasting]] = True
    return found
