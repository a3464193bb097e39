"""The limiter against the sandbox's own count of requests, alone and beside another client."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import QuotaExhausted
from workbench.klaviyo.answers import Left
from workbench.klaviyo.limits import REPORT, XL, XS, L, Limit, Limiter, M, S
from workbench.sandbox.api.limits import Limiter as Klaviyo
from workbench.sandbox.api.limits import Tier

from .conftest import Clock

MINUTE = 60


class Met:
    """How requests to a quota were met, minute by minute of Klaviyo's clock."""

    def __init__(self) -> None:
        self.granted: Counter[int] = Counter()
        self.refused: Counter[int] = Counter()

    @property
    def refused_share(self) -> float:
        refused = self.refused.total()
        return refused / (refused + self.granted.total())


def asked_for(
    limit: Limit, *, minutes: int, latency: float, taken: Callable[[float], float], offset: float
) -> Met:
    """Ask as fast as the limiter lets, from some moment within a minute on.

    Args:
        limit: of the quota.
        minutes: to go on for.
        latency: seconds that a request takes.
        taken: part of each window that others use up, by the seconds since the beginning.
        offset: seconds into a minute of Klaviyo's at which it begins.
    """
    clock, met = Clock(), Met()
    clock.now = began = 600 * MINUTE + offset
    limiter = Limiter(clock=clock, sleep=clock.sleep)
    klaviyo, tier = Klaviyo(clock=clock), Tier(limit.burst, limit.steady)
    while clock.now < began + minutes * MINUTE:
        with limiter.room("/x", limit) as permit:
            clock.now += latency / 2
            told = klaviyo.allowance("/x", tier=tier, taken=taken(clock.now - began))
            minute = int(clock.now // MINUTE)
            clock.now += latency / 2
            if told.is_granted:
                names = ("Limit", "Remaining", "Reset")
                permit.left = Left(*(int(told.headers[f"RateLimit-{name}"]) for name in names))
                met.granted[minute] += 1
            else:
                permit.refused_for = float(told.headers["Retry-After"])
                met.refused[minute] += 1
    return met


def whole_minutes(met: Met) -> list[int]:
    """Requests granted in each minute but the first and the last."""
    return [met.granted[minute] for minute in sorted(met.granted)[1:-1]]


FAST = {XL: 0.003, L: 0.01, M: 0.05, S: 0.1, XS: 0.2}


@pytest.mark.parametrize("limit", FAST, ids=str)
@pytest.mark.parametrize("offset", [0.0, 17.3, 59.9])
def test_row_09_alone_the_whole_limit_is_used_and_nothing_refused(
    limit: Limit, offset: float
) -> None:
    met = asked_for(limit, minutes=4, latency=FAST[limit], taken=lambda _: 0.0, offset=offset)
    assert met.refused.total() == 0
    assert min(whole_minutes(met)) >= 0.95 * limit.steady


@pytest.mark.parametrize("limit", FAST, ids=str)
@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
def test_row_09_beside_another_client_what_is_left_is_used_and_little_refused(
    limit: Limit, share: float
) -> None:
    # long enough for 2 % to be a few requests
    minutes = max(6, 600 // limit.steady)
    met = asked_for(limit, minutes=minutes, latency=FAST[limit], taken=lambda _: share, offset=17.3)
    left = limit.steady - math.floor(limit.steady * share)
    assert met.refused_share < 0.02
    assert sum(whole_minutes(met)) >= 0.95 * left * len(whole_minutes(met))


@pytest.mark.parametrize("limit", [XL, L], ids=str)
def test_row_09_it_speeds_up_again_when_the_other_client_goes(limit: Limit) -> None:
    met = asked_for(
        limit,
        minutes=8,
        latency=FAST[limit],
        taken=lambda seconds: 0.5 if seconds < 4 * MINUTE else 0.0,
        offset=0.0,
    )
    whole = whole_minutes(met)
    assert whole[1] == limit.steady / 2
    assert whole[-1] >= 0.95 * limit.steady
    assert met.refused_share < 0.02


@settings(max_examples=60)
@given(
    limit=st.sampled_from([M, S, XS]),
    offset=st.floats(0, 60),
    latencies=st.lists(st.sampled_from([0.0, 0.01, 0.2, 0.5, 1.0, 3.7]), min_size=1, max_size=5),
)
def test_alone_it_is_never_refused_however_the_network_delays(
    limit: Limit, offset: float, latencies: list[float]
) -> None:
    for latency in latencies:
        met = asked_for(limit, minutes=2, latency=latency, taken=lambda _: 0.0, offset=offset)
        assert met.refused.total() == 0


def test_no_request_goes_before_retry_after_has_passed() -> None:
    clock = Clock()
    limiter = Limiter(clock=clock, sleep=clock.sleep)
    with limiter.room("/x", XL) as permit:
        permit.refused_for = 41.0
    with limiter.room("/x", XL):
        assert clock.now == 41.0


def test_the_limit_that_answers_tell_counts_in_place_of_the_tables() -> None:
    clock = Clock()
    limiter = Limiter(clock=clock, sleep=clock.sleep)
    with limiter.room("/x", L) as permit:
        permit.left = Left(limit=3, remaining=2, reset=60)
    clock.now = 61.0  # answers that tell nothing from here on
    for sent in range(4):
        with limiter.room("/x", L):
            assert (clock.now >= 121) == (sent >= 3)


def test_an_answer_that_is_late_does_not_tell_of_the_minute_that_has_begun() -> None:
    clock = Clock()
    limiter = Limiter(clock=clock, sleep=clock.sleep)
    with limiter.room("/x", L) as permit:
        permit.left = Left(750, 1, 10)
    with limiter.room("/x", L) as permit:
        clock.now = 11.0  # the next minute began at 10
        permit.left = Left(750, 0, 1)
    with limiter.room("/x", L):
        assert clock.now == 11.0


def test_the_calls_of_a_day_are_counted_by_klaviyos_day() -> None:
    clock = Clock()
    limiter = Limiter(clock=clock, sleep=clock.sleep)
    limit = Limit(1, 2, daily=2)
    evening = dt.datetime(2026, 11, 2, 23, 30, tzinfo=dt.UTC)
    for _ in range(2):
        with limiter.room("/x", limit, now=evening):
            pass
    slept = list(clock.slept)
    with (
        pytest.raises(QuotaExhausted, match=r"/x is closed for 0\.5 hours.*daily quota") as caught,
        limiter.room("/x", limit, now=evening),
    ):
        pass
    assert caught.value.retry_at == dt.datetime(2026, 11, 3, tzinfo=dt.UTC)
    assert clock.slept[: len(slept)] == slept
    with limiter.room("/y", limit, now=evening):
        pass
    with limiter.room("/x", limit, now=evening + dt.timedelta(hours=1)):
        pass


def test_who_comes_after_a_refusal_for_hours_is_told_at_once() -> None:
    clock = Clock()
    limiter = Limiter(clock=clock, sleep=clock.sleep)
    now = dt.datetime(2026, 11, 2, 5, tzinfo=dt.UTC)
    with limiter.room("/x", REPORT, now=now) as permit:
        permit.refused_for = 7200.0
    for _ in range(2):
        with pytest.raises(QuotaExhausted) as caught, limiter.room("/x", REPORT, now=now):
            pass
        assert caught.value.retry_at == now + dt.timedelta(hours=2)
    assert clock.slept == []
    clock.now = 7200.0
    with limiter.room("/x", REPORT, now=now):
        pass


def test_usage_tells_the_share_of_the_limit_and_the_wait() -> None:
    clock = Clock()
    limiter = Limiter(clock=clock, sleep=clock.sleep)
    for _ in range(3):
        with limiter.room("/x", S):
            pass
    usage = limiter.usage()["/x"]
    assert (usage.share, usage.waits) == (3 / 60, 1.0)
    limiter.close("/x", 30.0)
    assert limiter.usage()["/x"].waits == 30.0
    clock.now = 90.0
    assert limiter.usage()["/x"].share == 0.0
