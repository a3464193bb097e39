"""Events as a collection: what they are filtered, sorted and joined by."""

from __future__ import annotations

import numpy as np
import orjson

from workbench.sandbox.api.collections import Ask, Collection, Masses, Rows
from workbench.sandbox.api.event_bodies import EventBodies
from workbench.sandbox.api.event_listing import EventListing, event_listing
from workbench.sandbox.api.jsonapi import Body
from workbench.sandbox.api.queries import Query
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.shop.ids import event_row

__all__ = ["events"]


def events(
    snapshot: Snapshot, *, written: EventBodies, metrics: Collection, profiles: Collection
) -> Collection:
    """The events that show.

    Args:
        snapshot: the account at its instant.
        written: writes them.
        metrics: the metrics to include.
        profiles: the profiles to include.
    """
    shop, columns = snapshot.shop, snapshot.shop.events
    owner = np.append(snapshot.owner, -1)  # the last one answers for an event without a profile

    def text(rows: Rows, ask: Ask) -> str:
        credited = "attributions" in ask.query.includes
        return written.text(rows, base=ask.base, shows_credit=credited, owner=snapshot.owner)

    def listed(query: Query) -> EventListing:
        return event_listing(
            snapshot, query.conditions, kind_of=metrics.row_of, profile_of=profiles.row_of
        )

    def included(rows: Rows, ask: Ask) -> list[Body]:
        found: list[Body] = []
        if "attributions" in ask.query.includes:
            found += written.attributions(rows, base=ask.base)
        if "metric" in ask.query.includes:
            found += metrics.bodies(np.unique(columns.kind[rows]).astype(np.int64), ask)
        if "profile" in ask.query.includes:
            known = np.unique(owner[columns.profile[rows]]).astype(np.int64)
            found += profiles.bodies(known[known >= 0], ask)
        return found

    def row_of(event_id: str) -> int | None:
        row = event_row(event_id, seed=shop.plan.seed)
        return row if row is not None and row < len(columns) else None

    return Collection(
        rows=np.empty(0, dtype=np.int64),
        row_of=row_of,
        bodies=lambda rows, ask: list(orjson.loads(text(rows, ask))),
        included=included,
        fields={},
        masses=Masses(snapshot.visible.shows, listed, text),
    )
