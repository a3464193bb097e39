"""Metrics, their properties, mapped and custom metrics as collections."""

from __future__ import annotations

import numpy as np

from workbench.sandbox.api.collections import Ask, Collection, Rows, text_field
from workbench.sandbox.api.event_properties import EventProperties
from workbench.sandbox.api.filters import FilterField
from workbench.sandbox.api.jsonapi import Body
from workbench.sandbox.api.metric_bodies import (
    CUSTOM_METRICS,
    INTEGRATIONS,
    MAPPED_METRICS,
    MetricProperty,
    custom_metric_body,
    custom_metric_created,
    custom_metric_id,
    mapped_metric_body,
    metric_body,
    metric_property_body,
    properties_of,
)
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.shop.build import Shop
from workbench.sandbox.shop.days import DAY
from workbench.sandbox.shop.events import Events, Kind

__all__ = [
    "custom_metrics",
    "mapped_metrics",
    "metric_properties",
    "metrics",
    "started_flows",
]

_NEVER = np.iinfo(np.int64).max
_STRIDE = 1_000_000  # events looked through at once
_LOOKED_AT = 40  # first events of a metric, from which its properties are inferred


def metrics(snapshot: Snapshot, *, flows: Collection) -> Collection:
    """The metrics of which something was reported and those that are mapped, by Kind.

    Klaviyo makes a metric when its first event comes in.

    Args:
        snapshot: the account at its instant.
        flows: the flows to include.
    """
    shop = snapshot.shop
    created = np.array(
        [_first_report(shop, rows) for rows in _first_rows(shop.events)], dtype=np.int64
    )
    shows = created <= snapshot.now
    mapped = [kind for kind in MAPPED_METRICS.values() if kind is not None]
    # a mapping names its metric before the first event
    created[~shows] = shop.now - (shop.plan.days + 30) * DAY
    shows[mapped] = True

    def included(rows: Rows, ask: Ask) -> list[Body]:
        if "flow-triggers" not in ask.query.includes:
            return []
        started = sorted({flow for row in rows.tolist() for flow in started_flows(shop, row)})
        return flows.bodies(np.array(started, dtype=np.int64), ask)

    integrations = [INTEGRATIONS[metric.integration] for metric in shop.metrics]
    return Collection(
        rows=np.flatnonzero(shows),
        row_of={metric.id: row for row, metric in enumerate(shop.metrics)}.get,
        bodies=lambda rows, ask: [
            metric_body(snapshot, row, created=int(created[row]), base=ask.base)
            for row in rows.tolist()
        ],
        included=included,
        fields={
            "integration.name": text_field([each["name"] for each in integrations]),
            "integration.category": text_field([each["category"] for each in integrations]),
        },
    )


def metric_properties(snapshot: Snapshot, *, metrics: Collection) -> Collection:
    """The properties of the metrics that show, inferred from their first events.

    Args:
        snapshot: the account at its instant.
        metrics: the metrics to include.
    """
    shop = snapshot.shop
    properties = EventProperties(shop)
    known: list[MetricProperty] = []
    for kind, first in enumerate(_first_rows(shop.events)):
        seen = first[shop.events.visible_at[first] <= snapshot.now]
        known += properties_of(kind, properties.of(seen))

    def included(rows: Rows, ask: Ask) -> list[Body]:
        if "metric" not in ask.query.includes:
            return []
        kinds = sorted({known[row].kind for row in rows.tolist()})
        return metrics.bodies(np.array(kinds, dtype=np.int64), ask)

    return Collection(
        rows=np.arange(len(known)),
        row_of={each.id(shop): row for row, each in enumerate(known)}.get,
        bodies=lambda rows, ask: [
            metric_property_body(
                shop,
                known[row],
                base=ask.base,
                with_samples="metric-property.sample_values" in ask.query.additional,
            )
            for row in rows.tolist()
        ],
        included=included,
        fields={"metric": FilterField(np.array([each.kind for each in known], dtype=np.int64))},
    )


def mapped_metrics(snapshot: Snapshot, *, metrics: Collection) -> Collection:
    """Klaviyo's own names, and what the account maps them to.

    Args:
        snapshot: the account at its instant.
        metrics: the metrics to include.
    """
    shop, names = snapshot.shop, list(MAPPED_METRICS)

    def included(rows: Rows, ask: Ask) -> list[Body]:
        if "metric" not in ask.query.includes:
            return []
        kinds = [MAPPED_METRICS[names[row]] for row in rows.tolist()]
        known = [kind for kind in kinds if kind is not None]
        return metrics.bodies(np.array(known, dtype=np.int64), ask)

    return Collection(
        rows=np.arange(len(names)),
        row_of={name: row for row, name in enumerate(names)}.get,
        bodies=lambda rows, ask: [
            mapped_metric_body(shop, names[row], base=ask.base) for row in rows.tolist()
        ],
        included=included,
        fields={},
    )


def custom_metrics(snapshot: Snapshot, *, metrics: Collection) -> Collection:
    """The custom metrics made so far.

    Args:
        snapshot: the account at its instant.
        metrics: the metrics to include.
    """
    shop = snapshot.shop

    def included(rows: Rows, ask: Ask) -> list[Body]:
        if "metrics" not in ask.query.includes:
            return []
        kinds = sorted({kind for row in rows.tolist() for kind in CUSTOM_METRICS[row].kinds})
        return metrics.bodies(np.array(kinds, dtype=np.int64), ask)

    created = np.array([custom_metric_created(shop, custom) for custom in CUSTOM_METRICS])
    return Collection(
        rows=np.flatnonzero(created <= snapshot.now),
        row_of={custom_metric_id(shop, each): row for row, each in enumerate(CUSTOM_METRICS)}.get,
        bodies=lambda rows, ask: [
            custom_metric_body(shop, CUSTOM_METRICS[row], base=ask.base) for row in rows.tolist()
        ],
        included=included,
        fields={},
    )


def started_flows(shop: Shop, kind: int) -> list[int]:
    """Rows of the live flows that a metric starts."""
    flows = enumerate(shop.catalogue.flows)
    return [row for row, flow in flows if flow.trigger == kind and flow.status == "live"]


def _first_rows(events: Events) -> list[Rows]:
    """The first few rows of each Kind, in time order."""
    found: list[Rows] = [np.empty(0, dtype=np.int64) for _ in Kind]
    for start in range(0, len(events), _STRIDE):
        kinds = events.kind[start : start + _STRIDE]
        for kind in Kind:
            if (needed := _LOOKED_AT - len(found[kind])) > 0:
                more = start + np.flatnonzero(kinds == kind)[:needed]
                found[kind] = np.concatenate((found[kind], more))
    return found


def _first_report(shop: Shop, rows: Rows) -> int:
    """When the first of some events is reported; never without one."""
    return int(shop.events.visible_at[rows].min(initial=_NEVER))
