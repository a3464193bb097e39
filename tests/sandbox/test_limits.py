"""Rate limits: exactly the limit passes, one more does not; windows follow the real clock."""

from __future__ import annotations

import math

import httpx
import pytest

from workbench.sandbox import Limiter, SandboxServer, Shop
from workbench.sandbox.api.contract import ENDPOINTS, tier_of
from workbench.sandbox.api.limits import Tier

from .conftest import client_of


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def test_the_burst_limit_passes_and_one_more_does_not() -> None:
    clock = Clock(1_000_000_200.25)
    limiter = Limiter(clock=clock)
    granted = [limiter.allowance("/x", tier=Tier(3, 60)).is_granted for _ in range(3)]
    refused = limiter.allowance("/x", tier=Tier(3, 60))
    assert granted == [True, True, True]
    assert not refused.is_granted
    assert refused.headers == {"Retry-After": "1"}
    assert limiter.allowance("/y", tier=Tier(3, 60)).is_granted
    clock.now += 0.75
    assert limiter.allowance("/x", tier=Tier(3, 60)).is_granted


def test_the_steady_limit_passes_and_one_more_does_not() -> None:
    clock = Clock(1_000_000_200.0 - 1_000_000_200.0 % 60)
    limiter = Limiter(clock=clock)
    for used in range(15):
        allowance = limiter.allowance("/x", tier=Tier(1, 15))
        assert allowance.headers["RateLimit-Limit"] == "15"
        assert allowance.headers["RateLimit-Remaining"] == str(14 - used)
        assert allowance.headers["RateLimit-Reset"] == str(60 - used)
        clock.now += 1
    assert limiter.allowance("/x", tier=Tier(1, 15)).headers == {"Retry-After": "45"}
    clock.now += 45
    assert limiter.allowance("/x", tier=Tier(1, 15)).is_granted


def test_a_refused_request_does_not_count() -> None:
    clock = Clock(1_000_000_200.0)
    limiter = Limiter(clock=clock)
    for _ in range(40):
        limiter.allowance("/x", tier=Tier(1, 2))
    clock.now += 1
    assert limiter.allowance("/x", tier=Tier(1, 2)).is_granted


def test_an_infinite_scale_lets_everything_pass() -> None:
    limiter = Limiter(scale=math.inf, clock=Clock(0.0))
    assert all(limiter.allowance("/x", tier=Tier(1, 1)).is_granted for _ in range(50))


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/api/profiles", {}, Tier(75, 750)),
        ("/api/profiles", {"additional-fields[profile]": "subscriptions"}, Tier(75, 750)),
        ("/api/profiles", {"additional-fields[profile]": "predictive_analytics"}, Tier(10, 150)),
        ("/api/profiles/{id}", {"include": "lists"}, Tier(1, 15)),
        ("/api/events", {"include": "metric"}, Tier(350, 3500)),
        ("/api/flows", {}, Tier(3, 60)),
    ],
)
def test_limits_depend_on_what_is_asked(path: str, query: dict[str, str], expected: Tier) -> None:
    endpoint = next(each for each in ENDPOINTS if each.path == path)
    quota, tier = tier_of(endpoint, query)
    assert tier == expected
    assert (quota == path) == (tier == endpoint.tier)


def test_a_refused_request_is_answered_429(shop: Shop) -> None:
    limiter = Limiter(clock=Clock(1_000_000_200.0))
    with SandboxServer(shop, limiter=limiter) as server, client_of(server) as client:
        passed: httpx.Response = client.get("/api/accounts")
        refused = client.get("/api/accounts")
    assert passed.status_code == 200
    assert passed.headers["RateLimit-Limit"] == "15"
    assert passed.headers["RateLimit-Remaining"] == "14"
    assert "Retry-After" not in passed.headers
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "1"
    assert not [name for name in refused.headers if name.lower().startswith("ratelimit")]
    assert refused.json()["errors"][0]["code"] == "throttled"
    assert [exchange.status for exchange in server.requests] == [200, 429]
