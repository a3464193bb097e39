"""Accounts, metrics and profiles as collections."""

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
from workbench.sandbox.api.jsonapi import Body
from workbench.sandbox.api.snapshot import Snapshot

__all__ = ["accounts", "mapped_metrics", "metrics", "profiles"]


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
