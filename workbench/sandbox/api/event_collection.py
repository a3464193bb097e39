"""Events as a collection: what they are filtered, sorted and joined by."""

from __future__ import annotations

import numpy as np

from workbench.sandbox.api.collections import Ask, Collection, Rows, instant_field
from workbench.sandbox.api.event_bodies import EventBodies
from workbench.sandbox.api.filters import FilterField
from workbench.sandbox.api.jsonapi import Body
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

    def bodies(rows: Rows, ask: Ask) -> list[Body]:
        credited = "attributions" in ask.query.includes
        return written.bodies(rows, base=ask.base, shows_credit=credited)

    def included(rows: Rows, ask: Ask) -> list[Body]:
        found: list[Body] = []
        if "attributions" in ask.query.includes:
            found += written.attributions(rows, base=ask.base)
        if "metric" in ask.query.includes:
            found += metrics.bodies(np.unique(columns.kind[rows]).astype(np.int64), ask)
        if "profile" in ask.query.includes:
            known = np.unique(columns.profile[rows]).astype(np.int64)
            found += profiles.bodies(known[known >= 0], ask)
        return found

    def row_of(event_id: str) -> int | None:
        row = event_row(event_id, seed=shop.plan.seed)
        return row if row is not None and row < len(columns) else None

    unknown = -2  # no row has it; -1 is an event without a profile
    return Collection(
        rows=np.flatnonzero(snapshot.is_visible),
        row_of=row_of,
        bodies=bodies,
        included=included,
        fields={
            "metric_id": FilterField(
                columns.kind.astype(np.int16), lambda text: _known(metrics.row_of(text), unknown)
            ),
            "profile_id": FilterField(
                columns.profile, lambda text: _known(profiles.row_of(text), unknown)
            ),
            "profile": FilterField(columns.profile >= 0),
            "metric": FilterField(np.ones(len(columns), dtype=bool)),
            "datetime": instant_field(columns.at),
            "timestamp": FilterField(columns.at, float),
        },
    )


def _known(row: int | None, unknown: int) -> int:
    return unknown if row is None else row
