"""An ill endpoint rests, one request at a time tries it, and the others go on."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from workbench.errors import KlaviyoUnavailable
from workbench.klaviyo.breaker import Breaker

from .conftest import Clock

ILL = KlaviyoUnavailable("/x still answers 500", hint="later", status=500, endpoint="/x")
FAILURES = 5


def fail(breaker: Breaker, endpoint: str = "/x") -> float:
    """One request that fails; the seconds that it rested before."""
    with breaker.turn(endpoint) as turn:
        turn.failure = ILL
    return turn.rested


def test_rests_grow_and_end_with_the_first_good_answer() -> None:
    clock = Clock()
    breaker = Breaker(sleep=clock.sleep)
    assert [fail(breaker) for _ in range(FAILURES + 2)] == [0, 0, 0, 0, 0, 5, 15]
    with breaker.turn("/x") as turn:
        assert turn.is_probe
    assert clock.slept == [5, 15, 45]
    assert [fail(breaker) for _ in range(FAILURES + 1)] == [0, 0, 0, 0, 0, 5]


def test_a_good_answer_between_failures_starts_the_count_again() -> None:
    breaker = Breaker(sleep=Clock().sleep)
    for _ in range(3):
        assert [fail(breaker) for _ in range(FAILURES - 1)] == [0] * (FAILURES - 1)
        with breaker.turn("/x"):
            pass


def test_other_endpoints_go_on() -> None:
    clock = Clock()
    breaker = Breaker(sleep=clock.sleep)
    for _ in range(FAILURES):
        fail(breaker)
    assert fail(breaker, "/y") == 0
    assert clock.slept == []


def test_a_probe_that_is_interrupted_lets_the_next_one_try() -> None:
    breaker = Breaker(sleep=Clock().sleep)
    for _ in range(FAILURES):
        fail(breaker)
    with pytest.raises(KeyboardInterrupt), breaker.turn("/x"):
        raise KeyboardInterrupt
    assert not breaker.has_given_up("/x")
    with breaker.turn("/x"):
        pass


@pytest.mark.parametrize("is_well_again", [True, False])
def test_row_25_one_thread_tries_a_resting_endpoint_while_the_others_wait(
    is_well_again: bool,
) -> None:
    resting, may_go = threading.Event(), threading.Event()
    asked: list[str] = []

    def rest(seconds: float) -> None:
        resting.set()
        assert may_go.wait(10)

    breaker = Breaker(sleep=rest)
    for _ in range(FAILURES):
        fail(breaker)

    def ask(_: int) -> None:
        with breaker.turn("/x") as turn:
            asked.append("probe" if turn.is_probe else "other")
            turn.failure = None if is_well_again else ILL

    with ThreadPoolExecutor(4) as pool:
        done = pool.map(ask, range(4))
        assert resting.wait(10)
        assert asked == []  # all wait for the one that rests
        may_go.set()
        list(done)
    if is_well_again:
        assert asked == ["probe", "other", "other", "other"]
    else:
        assert asked == ["probe"] * 4  # one after another, each after a longer rest
    assert breaker.has_given_up("/x") == (not is_well_again)


def test_who_waits_when_it_is_given_up_is_told_and_who_comes_later_tries_once() -> None:
    clock = Clock()
    in_last_rest, may_go = threading.Event(), threading.Event()

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if seconds == 90:
            in_last_rest.set()
            assert may_go.wait(10)

    breaker = Breaker(sleep=sleep)
    for _ in range(FAILURES + 3):
        fail(breaker)
    with ThreadPoolExecutor(2) as pool:
        last = pool.submit(fail, breaker)
        assert in_last_rest.wait(10)
        waiting = pool.submit(fail, breaker)
        while not breaker._changed._waiters:  # type: ignore[attr-defined]
            pass
        may_go.set()
        assert last.result() == 90
        with pytest.raises(KlaviyoUnavailable, match="still answers 500") as caught:
            waiting.result()
        assert (caught.value.status, caught.value.hint) == (500, "later")
    assert fail(breaker) == 0
    assert breaker.has_given_up("/x")
    with breaker.turn("/x"):
        pass
    assert not breaker.has_given_up("/x")
