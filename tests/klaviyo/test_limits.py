"""Klaviyo's windows, wherever their edges lie, never hold more than the limit."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from workbench.klaviyo.limits import XL, XS, L, Limit, Limiter, M, S

from .conftest import Clock

LIMITS = st.one_of(
    st.sampled_from([XS, S, M, L]),
    st.builds(lambda burst, more: Limit(burst, burst + more), st.integers(1, 5), st.integers(0, 9)),
)
# what passes before a request, until Klaviyo counts it, and until its answer is there
DELAYS = st.tuples(*[st.sampled_from([0.0, 0.001, 0.03, 0.2, 0.5, 0.99, 1.0, 3.7, 61.0])] * 3)


@given(limit=LIMITS, delays=st.lists(DELAYS, max_size=60))
def test_no_window_ever_holds_more_than_the_limit(
    limit: Limit, delays: list[tuple[float, float, float]]
) -> None:
    clock = Clock()
    limiter = Limiter(clock=clock, sleep=clock.sleep)
    counted: list[float] = []
    for before, until_counted, until_answered in delays:
        clock.now += before
        with limiter.room("/x", limit):
            clock.now += until_counted
            counted.append(clock.now)
            clock.now += until_answered
    for allowed, window in ((limit.burst, 1.0), (limit.steady, 60.0)):
        apart = [later - at for at, later in zip(counted, counted[allowed:], strict=False)]
        assert all(gap >= window - 1e-9 for gap in apart)


@given(limit=LIMITS, idle=st.lists(st.sampled_from([0.0, 0.1, 0.3, 1.0, 20.0]), max_size=60))
def test_nothing_waits_while_there_is_room(limit: Limit, idle: list[float]) -> None:
    clock = Clock()
    limiter = Limiter(clock=clock, sleep=clock.sleep)
    sent: list[float] = []
    for seconds in idle:
        clock.now += seconds
        asked = clock.now
        with limiter.room("/x", limit):
            pass
        if clock.now > asked:
            just_before = clock.now - 1e-6
            last_second = [at for at in sent if at > just_before - 1]
            last_minute = [at for at in sent if at > just_before - 60]
            assert len(last_second) >= limit.burst or len(last_minute) >= limit.steady
        sent.append(clock.now)


class Held(Exception):
    """Raised in place of a sleep."""


def held(seconds: float) -> None:
    raise Held


class SlowToRead(Limit):
    """Lets other threads go on between two looks at it, so that a race between them shows."""

    def __getattribute__(self, name: str) -> object:
        time.sleep(0.001)
        return super().__getattribute__(name)


def test_threads_share_one_quota() -> None:
    limiter, limit = Limiter(clock=lambda: 0.0, sleep=held), SlowToRead(100, 40)

    def is_let_through(_: int) -> bool:
        try:
            with limiter.room("/x", limit):
                return True
        except Held:
            return False

    with ThreadPoolExecutor(8) as pool:
        let_through = list(pool.map(is_let_through, range(100)))
    assert sum(let_through) == 40


def test_requests_in_flight_take_room_until_they_are_answered_and_a_window_after() -> None:
    clock = Clock()
    limiter = Limiter(clock=clock, sleep=clock.sleep)
    with limiter.room("/x", Limit(2, 9)), limiter.room("/x", Limit(2, 9)):
        clock.now = 5.0
    with limiter.room("/x", Limit(2, 9)):
        assert clock.now == 6.0


def test_a_failed_request_is_counted_too() -> None:
    clock = Clock()
    limiter = Limiter(clock=clock, sleep=clock.sleep)
    try:
        with limiter.room("/x", XS):
            raise ConnectionError
    except ConnectionError:
        pass
    with limiter.room("/x", XS):
        assert clock.now == 1.0


def test_endpoints_do_not_share_a_quota() -> None:
    clock = Clock()
    limiter = Limiter(clock=clock, sleep=clock.sleep)
    for endpoint in ("/x", "/y"):
        with limiter.room(endpoint, XS):
            assert clock.slept == []


def test_a_closed_endpoint_opens_after_its_time_and_others_stay_open() -> None:
    clock = Clock()
    limiter = Limiter(clock=clock, sleep=clock.sleep)
    limiter.close("/x", 30.0)
    limiter.close("/x", 7.0)  # the longer of two counts
    with limiter.room("/y", XL):
        assert clock.now == 0.0
    with limiter.room("/x", XL):
        assert clock.now == 30.0
