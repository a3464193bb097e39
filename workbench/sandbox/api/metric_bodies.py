"""Metrics, their properties, what they are mapped to and what is made of them, as resources."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from workbench.sandbox.api.account_bodies import instant
from workbench.sandbox.api.jsonapi import Body, resource, to_many, to_one
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.shop.build import Shop
from workbench.sandbox.shop.days import DAY
from workbench.sandbox.shop.events import Kind

__all__ = [
    "CUSTOM_METRICS",
    "INTEGRATIONS",
    "MAPPED_METRICS",
    "CustomMetric",
    "MetricProperty",
    "custom_metric_body",
    "custom_metric_created",
    "custom_metric_id",
    "mapped_metric_body",
    "metric_body",
    "metric_property_body",
    "properties_of",
]

# what the account maps each of Klaviyo's own names to; None where nothing is mapped
MAPPED_METRICS: dict[str, Kind | None] = {
    "added_to_cart": None,
    "cancelled_sales": Kind.CANCELLED_ORDER,
    "ordered_product": Kind.ORDERED_PRODUCT,
    "refunded_sales": Kind.REFUNDED_ORDER,
    "revenue": Kind.PLACED_ORDER,
    "started_checkout": Kind.STARTED_CHECKOUT,
    "viewed_product": Kind.VIEWED_PRODUCT,
}
INTEGRATIONS = {
    "Klaviyo": {"id": "0rG4eQ", "name": "Klaviyo", "category": "Internal"},
    "Shopify": {"id": "0eMvjm", "name": "Shopify", "category": "eCommerce"},
    "WooCommerce": {"id": "0eMvjn", "name": "WooCommerce", "category": "eCommerce"},
    "API": {"id": "7FtS4J", "name": "API", "category": "API"},
}
# Klaviyo renamed these in every account; their ids stayed
RENAMED_AT = int(dt.datetime(2026, 7, 1, tzinfo=dt.UTC).timestamp())
_RENAMED = {
    "Received SMS": "Received Text Message",
    "Clicked SMS": "Clicked Text Message",
    "Failed to Deliver SMS": "Failed to Deliver Text Message",
}
_SAMPLES = 5  # values that a metric property shows
_TYPES = {bool: "Boolean", int: "Number", float: "Number", str: "String", list: "List"}


@dataclass(frozen=True, slots=True)
class CustomMetric:
    """Events of several metrics, or some events of one, counted or summed as one.

    Attributes:
        name: its name.
        method: count or value.
        kinds: whose events.
        least: smallest ``$value`` that counts; None for all.
        age: days before the first simulated now at which it was made.
    """

    name: str
    method: str
    kinds: tuple[Kind, ...]
    least: int | None
    age: int


CUSTOM_METRICS = (
    CustomMetric(
        "Revenue of both shops", "value", (Kind.PLACED_ORDER, Kind.OLD_SHOP_ORDER), None, 200
    ),
    CustomMetric("Large orders", "count", (Kind.PLACED_ORDER,), 100, 90),
)


@dataclass(frozen=True, slots=True)
class MetricProperty:
    """A property that events of a metric have: its kind, name, type and some of its values."""

    kind: int
    name: str
    inferred_type: str
    samples: tuple[Any, ...] | None

    def id(self, shop: Shop) -> str:
        """Its id, 32 hexadecimal digits."""
        return _digest(shop.metrics[self.kind].id, self.name)


def _metric_name(shop: Shop, kind: int, *, now: int) -> str:
    """What a metric is called at an instant (UTC second)."""
    name = shop.metrics[kind].name
    return _RENAMED.get(name, name) if now >= RENAMED_AT else name


def metric_body(snapshot: Snapshot, kind: int, *, created: int, base: str) -> Body:
    """One metric, with the live flows it starts.

    Args:
        snapshot: the account at its instant.
        kind: which metric.
        created: when its first event was reported, UTC second.
        base: scheme and host that the client used.
    """
    shop = snapshot.shop
    metric = shop.metrics[kind]
    name = _metric_name(shop, kind, now=snapshot.now)
    renamed = name != metric.name
    flows = [
        flow.id for flow in shop.catalogue.flows if flow.trigger == kind and flow.status == "live"
    ]
    attributes = {
        "name": name,
        "created": instant(created),
        "updated": instant(max(created, RENAMED_AT) if renamed else created),
        "integration": {"object": "integration", **INTEGRATIONS[metric.integration]},
    }
    related = [to_many("flow-triggers", "flow", flows)]
    return resource(base, "metric", metric.id, attributes, related)


def mapped_metric_body(shop: Shop, name: str, *, base: str) -> Body:
    """What one of Klaviyo's own names is mapped to."""
    kind = MAPPED_METRICS[name]
    metric = to_many("metric", "metric", None)
    if kind is not None:
        metric = to_one("metric", "metric", shop.metrics[kind].id)
    related = [metric, to_many("custom-metric", "custom-metric", None)]
    updated = instant(shop.now - (shop.plan.days + 30) * DAY)
    return resource(base, "mapped-metric", name, {"updated": updated}, related)


def custom_metric_id(shop: Shop, custom: CustomMetric) -> str:
    """Its id, 32 hexadecimal digits."""
    return _digest(shop.account.id, custom.name)


def custom_metric_created(shop: Shop, custom: CustomMetric) -> int:
    """When it was made, UTC second."""
    return shop.now - custom.age * DAY


def custom_metric_body(shop: Shop, custom: CustomMetric, *, base: str) -> Body:
    """One custom metric."""
    metrics = [shop.metrics[kind].id for kind in custom.kinds]
    created = instant(custom_metric_created(shop, custom))
    least = {"type": "numeric", "operator": "greater-than-or-equal", "value": custom.least}
    filters = [{"property": "$value", "filter": least}] if custom.least is not None else None
    groups = [
        {"metric_id": metric, "metric_filters": filters, "value_property": "$value"}
        for metric in metrics
    ]
    attributes = {
        "name": custom.name,
        "created": created,
        "updated": created,
        "definition": {"aggregation_method": custom.method, "metric_groups": groups},
    }
    related = [to_many("metrics", "metric", metrics)]
    return resource(base, "custom-metric", custom_metric_id(shop, custom), attributes, related)


def metric_property_body(
    shop: Shop, described: MetricProperty, *, base: str, with_samples: bool
) -> Body:
    """One property of a metric; its sample values are an additional field."""
    attributes: Body = {
        "label": described.name.removeprefix("$"),
        "property": described.name,
        "inferred_type": described.inferred_type,
    }
    if with_samples:
        samples = described.samples
        attributes["sample_values"] = None if samples is None else list(samples)
    metric = to_one("metric", "metric", shop.metrics[described.kind].id)
    return resource(base, "metric-property", described.id(shop), attributes, [metric])


def properties_of(kind: int, written: Sequence[str]) -> list[MetricProperty]:
    """The properties that some events of a metric have, in the order of their names.

    Args:
        kind: the metric.
        written: properties of each event, JSON.
    """
    values: dict[str, list[Any]] = {}
    for text in written:
        for name, value in orjson.loads(text).items():
            if not name.startswith("$_"):
                values.setdefault(name, []).append(value)
    return [
        MetricProperty(kind, name, _TYPES.get(type(found[0]), "String"), _samples(found))
        for name, found in sorted(values.items())
    ]


def _samples(found: list[Any]) -> tuple[Any, ...] | None:
    """A few distinct values, those of lists one by one; None where they are no plain values."""
    flat = [each for value in found for each in (value if isinstance(value, list) else [value])]
    plain = [each for each in flat if isinstance(each, bool | int | float | str)]
    return tuple(dict.fromkeys(plain))[:_SAMPLES] if plain else None


def _digest(*parts: str) -> str:
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:32]
