"""Threads are added as long as they read more, and leave again when they do not."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.db import Database
from workbench.sandbox import SandboxServer, Shop
from workbench.sync import Asked, crew
from workbench.sync.crew import FIRST, Growth

from .conftest import Edited
from .streams import read_stream, select, stored, visible


def settled(rate_of: Callable[[int], float], *, most: int, judgements: int = 12) -> list[int]:
    """Counts of threads that were judged, where so many read at that rate."""
    growth = Growth(most)
    return [growth.judge(rate_of(growth.count)) for _ in range(judgements)]


def test_a_slow_network_gets_as_many_threads_as_are_allowed() -> None:
    assert settled(lambda count: count / 0.8, most=32)[:6] == [6, 9, 14, 21, 32, 32]


def test_threads_that_bring_nothing_leave_again() -> None:
    counts = settled(lambda count: min(count, 10) * 1.0, most=32)
    assert counts == [6, 9, 14, *[9] * 9]


def test_more_are_tried_again_later() -> None:
    growth = Growth(32)
    counts = [growth.judge(min(growth.count, FIRST) * 1.0) for _ in range(17)]
    assert counts[:2] == [6, FIRST]
    assert set(counts[2:]) == {FIRST}
    counts = [growth.judge(growth.count * 1.0) for _ in range(60)]
    assert counts[-1] == 32, "the network is slower now, and more of them read more"


def test_what_looked_like_a_gain_does_not_stay() -> None:
    growth = Growth(32)
    for rate in (10.0, 13.0, 17.0, 22.0, 29.0, 38.0):  # the machine came free meanwhile
        growth.judge(rate)
    assert growth.count == 32
    counts = [growth.judge(38.0) for _ in range(60)]
    assert counts[-1] == FIRST
    assert max(counts[counts.index(FIRST) :]) <= 6, "more are tried, and leave again"


@given(st.integers(1, 64), st.lists(st.floats(0, 1e6)))
def test_the_count_stays_within_its_bounds(most: int, rates: list[float]) -> None:
    growth = Growth(most)
    for rate in rates:
        assert min(FIRST, most) <= growth.judge(rate) <= most


class Fickle(Growth):
    """Changes the count without a reason."""

    def judge(self, rate: float) -> int:
        self.count = random.Random(rate).randint(1, self._most)
        return self.count


def test_rows_are_the_same_however_threads_come_and_go(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "_SECONDS", 0.001)
    monkeypatch.setattr(crew, "Growth", Fickle)
    threads: set[str] = set()

    def noted(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        threads.add(threading.current_thread().name)
        return response

    asked = Asked(since=None, connections=12)
    transport = Edited(noted)
    read_stream(
        embedded_database, sandbox, asked=asked, transport=transport, page=20, rows=60, days=3
    )
    assert stored(embedded_database) == visible(shop, shop.now)
    left = "select count(*) from ops.sync_window where status <> 'done'"
    assert select(embedded_database, left) == [(0,)]
    assert len([name for name in threads if name.startswith("events")]) > FIRST
