"""Rate limits: exactly the limit passes, one more does not; windows follow the real clock."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import accumulate

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        (
            "/api/profiles/{id}",
            {"additional-fields[profile]": "predictive_analytics", "include": "lists"},
            Tier(1, 15),
        ),
        ("/api/lists/{id}", {"additional-fields[list]": "profile_count"}, Tier(1, 15)),
        ("/api/campaign-values-reports", {}, Tier(1, 2, daily=225)),
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


def _refused(limiter: Limiter, tier: Tier, clock: Clock, moments: list[float]) -> list[bool]:
    found = []
    for clock.now in moments:
        found.append(not limiter.allowance("/x", tier=tier).is_granted)
    return found


@given(
    tier=st.builds(Tier, st.integers(1, 4), st.integers(1, 12), st.none() | st.integers(1, 20)),
    began=st.integers(0, 172_800),
    steps=st.lists(st.sampled_from([0, 0.25, 0.5, 1, 7.75, 30, 60, 7_000, 43_200]), max_size=80),
)
def test_windows_are_those_of_a_plain_count(tier: Tier, began: int, steps: list[float]) -> None:
    moments = list(accumulate(steps, initial=float(began)))
    clock = Clock(0)
    found = _refused(Limiter(clock=clock), tier, clock, moments)
    limits = {1: tier.burst, 60: tier.steady, 86_400: tier.daily or math.inf}
    passed: list[float] = []
    expected = []
    for at in moments:
        full = any(
            sum(each // length == at // length for each in passed) >= limit
            for length, limit in limits.items()
        )
        expected.append(full)
        passed += [] if full else [at]
    assert found == expected


@given(taken=st.floats(0, 1), scale=st.sampled_from([0.5, 1.0, 3.0]), burst=st.integers(1, 20))
def test_others_leave_the_rest_of_each_window(taken: float, scale: float, burst: int) -> None:
    limiter = Limiter(scale=scale, clock=Clock(1_000_000_200.0))
    tier = Tier(burst, 1_000)
    granted = [limiter.allowance("/x", tier=tier, taken=taken).is_granted for _ in range(70)]
    left = [limit * scale - math.floor(limit * scale * taken) for limit in (burst, 1_000)]
    assert sum(granted) == math.ceil(min(left))


def test_around_the_edge_of_a_window_twice_the_limit_passes() -> None:
    clock = Clock(1_000_000_259.9)  # a tenth of a second before a minute begins
    limiter, tier = Limiter(clock=clock), Tier(10, 10)
    before = [limiter.allowance("/x", tier=tier).is_granted for _ in range(11)]
    clock.now += 0.2
    after = [limiter.allowance("/x", tier=tier).is_granted for _ in range(11)]
    assert before == after == [True] * 10 + [False]


def test_the_daily_quota_is_back_at_midnight_utc() -> None:
    midnight = 86_400.0 * 11_000
    clock = Clock(midnight + 3_600.0)
    limiter, tier = Limiter(clock=clock), Tier(1, 2, daily=225)
    for used in range(225):
        clock.now = midnight + 3_600.0 + 30 * used
        allowance = limiter.allowance("/x", tier=tier)
        assert allowance.is_granted
        assert allowance.headers["RateLimit-Limit"] == "2"
    clock.now += 30
    refused = limiter.allowance("/x", tier=tier)
    assert refused.headers == {"Retry-After": str(86_400 - 3_600 - 30 * 225)}
    clock.now = midnight + 86_399.5
    assert limiter.allowance("/x", tier=tier).headers == {"Retry-After": "1"}
    clock.now = midnight + 86_400.0
    assert limiter.allowance("/x", tier=tier).is_granted


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000_000_200.0)  # a whole minute


@pytest.fixture
def limited(shop: Shop, clock: Clock) -> Iterator[SandboxServer]:
    with SandboxServer(shop, clock=clock) as running:
        yield running


def test_a_client_at_exactly_the_limits_is_never_refused(
    limited: SandboxServer, clock: Clock
) -> None:
    began = clock.now
    with client_of(limited) as client:
        for second in range(60):
            clock.now = began + second
            answers = [client.get("/api/flows") for _ in range(3 if second < 20 else 0)]
            assert {answer.status_code for answer in answers} <= {200}
            if second == 5:
                over_burst = client.get("/api/flows")
        over_steady = client.get("/api/flows")
    assert (over_burst.status_code, over_burst.headers["Retry-After"]) == (429, "1")
    assert (over_steady.status_code, over_steady.headers["Retry-After"]) == (429, "1")


def test_two_clients_share_one_quota(limited: SandboxServer) -> None:
    with client_of(limited) as one, client_of(limited) as other:
        found = [client.get("/api/flows").status_code for client in (one, other) * 2]
    assert found == [200, 200, 200, 429]


def test_a_variant_has_a_quota_of_its_own(limited: SandboxServer) -> None:
    with client_of(limited) as client:
        profile = client.get("/api/profiles?page[size]=1").json()["data"][0]["id"]
        url = f"/api/profiles/{profile}"
        found = [
            client.get(url, params=query).status_code
            for query in (
                {"include": "lists"},
                {},
                {"include": "lists"},
                {},
                {"include": "segments"},
            )
        ]
    assert found == [200, 200, 429, 200, 200]


def test_other_refusals_count_and_say_what_is_left(limited: SandboxServer) -> None:
    with client_of(limited) as client:
        wrong = client.get("/api/accounts?sort=name")
        refused = client.get("/api/accounts")
    assert (wrong.status_code, wrong.headers["RateLimit-Remaining"]) == (400, "14")
    assert refused.status_code == 429
