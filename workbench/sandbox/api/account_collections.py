"""Accounts, metrics, profiles and events as collections."""

from __future__ import annotations

import numpy as np

from workbench.sandbox.api.account_bodies import (
    MAPPED_METRICS,
    account_body,
    emails,
    mapped_metric_body,
    metric_body,
    phone_numbers,
    profile_body,
)
from workbench.sandbox.api.collections import (
    Ask,
    Collection,
    Rows,
    instant_field,
    nothing,
    text_field,
)
from workbench.sandbox.api.event_bodies import EventBodies
from workbench.sandbox.api.filters import FilterField
from workbench.sandbox.api.jsonapi import Body
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.shop.ids import event_row

__all__ = ["accounts", "events", "mapped_metrics", "metrics", "profiles"]


def accounts(snapshot: Snapshot) -> Collection:
    """The one account."""
    shop = snapshot.shop
    return Collection(
        rows=np.arange(1),
        row_of={shop.account.id: 0}.get,
        bodies=lambda rows, ask: [account_body(shop, base=ask.base) for _ in rows],
        included=nothing,
        fields={},
    )


def metrics(snapshot: Snapshot) -> Collection:
    """The metrics, in the order of Kind."""
    shop = snapshot.shop
    integrations = [metric.integration for metric in shop.metrics]
    return Collection(
        rows=np.arange(len(shop.metrics)),
        row_of={metric.id: row for row, metric in enumerate(shop.metrics)}.get,
        bodies=lambda rows, ask: [metric_body(shop, int(row), base=ask.base) for row in rows],
        included=nothing,
        fields={"integration.name": text_field(integrations)},
    )


def mapped_metrics(snapshot: Snapshot) -> Collection:
    """Klaviyo's own names, and what the account maps them to."""
    shop, names = snapshot.shop, list(MAPPED_METRICS)

    def included(rows: Rows, ask: Ask) -> list[Body]:
        kinds = [MAPPED_METRICS[names[row]] for row in rows]
        if "metric" not in ask.query.includes:
            return []
        return [metric_body(shop, kind, base=ask.base) for kind in kinds if kind is not None]

    return Collection(
        rows=np.arange(len(names)),
        row_of={name: row for row, name in enumerate(names)}.get,
        bodies=lambda rows, ask: [
            mapped_metric_body(shop, names[row], base=ask.base) for row in rows
        ],
        included=included,
        fields={},
    )


def profiles(snapshot: Snapshot) -> Collection:
    """The profiles created so far."""
    shop, people = snapshot.shop, snapshot.shop.people
    addresses, numbers = emails(shop), phone_numbers(shop)

    def bodies(rows: Rows, ask: Ask) -> list[Body]:
        additional = {name.removeprefix("profile.") for name in ask.query.additional}
        return [
            profile_body(
                snapshot,
                row,
                base=ask.base,
                email=addresses[row],
                phone=numbers[row],
                additional=additional,
            )
            for row in rows.tolist()
        ]

    return Collection(
        rows=np.flatnonzero(people.created <= snapshot.now),
        row_of={profile_id: row for row, profile_id in enumerate(people.ids)}.get,
        bodies=bodies,
        included=nothing,
        fields={
            "id": text_field(people.ids),
            "email": text_field(addresses),
            "phone_number": text_field(numbers),
            "external_id": text_field(people.external_id),
            "created": instant_field(people.created),
            "updated": instant_field(snapshot.updated),
        },
    )


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
