"""The table of limits says what Klaviyo's contract says, for every endpoint and variant of it."""

from __future__ import annotations

import pytest

from workbench.klaviyo.endpoints import QUERIES, endpoint_of, quota_of
from workbench.klaviyo.limits import XS, L, M
from workbench.sandbox.api.contract import ENDPOINTS, Endpoint
from workbench.settings import REVISION

SERVED = [each for each in ENDPOINTS if each.since <= REVISION]


@pytest.mark.parametrize("endpoint", SERVED, ids=lambda each: f"{each.method} {each.path}")
def test_row_09_every_endpoint_and_variant_has_its_own_limit(endpoint: Endpoint) -> None:
    path = endpoint.path.replace("{id}", "AbC123")
    tiers = [({}, endpoint.tier), *[({name: word}, tier) for name, word, tier in endpoint.stricter]]
    quotas = [quota_of(path, params) for params, _ in tiers]
    for quota, (_, tier) in zip(quotas, tiers, strict=True):
        limit = quota.limit
        assert (limit.burst, limit.steady, limit.daily) == (tier.burst, tier.steady, tier.daily)
    assert len({quota.name for quota in quotas}) == len(tiers)
    assert quotas[0].name == endpoint.path
    assert (endpoint.method == "POST") == (endpoint.path in QUERIES)


@pytest.mark.parametrize(
    "asked",
    [
        {"additional-fields[profile]": "subscriptions,predictive_analytics"},
        {"additional-fields[profile]": "predictive_analytics", "page[size]": "100"},
    ],
)
def test_a_variant_is_seen_in_parameters_and_in_a_next_link(asked: dict[str, str]) -> None:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    encoded = query.replace("[", "%5B").replace("]", "%5D").replace(",", "%2C")
    for quota in (
        quota_of("/api/profiles", asked),
        quota_of(f"/api/profiles?{query}&page[cursor]=abc"),
        quota_of(f"/api/profiles/?page%5Bcursor%5D=abc&{encoded}"),
    ):
        assert (quota.name, quota.limit) == ("/api/profiles with predictive_analytics", M)


def test_subscriptions_alone_are_not_dear_and_an_unknown_endpoint_is() -> None:
    assert quota_of("/api/profiles?additional-fields[profile]=subscriptions").limit == L
    assert quota_of("/api/coupons").limit == XS


@pytest.mark.parametrize(
    ("path", "endpoint"),
    [
        ("/api/events/?page[cursor]=x", "/api/events"),
        ("/api/lists/AbC/relationships/profiles", "/api/lists/{id}/relationships/profiles"),
        ("/api/flow-actions/1/flow-messages/", "/api/flow-actions/{id}/flow-messages"),
    ],
)
def test_an_endpoint_is_named_without_ids_and_query(path: str, endpoint: str) -> None:
    assert endpoint_of(path) == endpoint
