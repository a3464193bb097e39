"""Klaviyo's rate limits: fixed windows of a second and a minute, per account and endpoint.

Klaviyo counts a request at some moment between its sending and its answer. A request is therefore
only sent while all those in flight, and all those answered within the window before, leave room for
it: then no window of Klaviyo's can hold more than the limit, wherever its edges lie and however
unevenly the network delays.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["XL", "XS", "L", "Limit", "Limiter", "M", "S"]


@dataclass(frozen=True, slots=True)
class Limit:
    """Requests allowed in any second and in any minute."""

    burst: int
    steady: int


# Klaviyo's tiers, as the API's specification of 2026-07-15 names them per endpoint.
XS = Limit(1, 15)
S = Limit(3, 60)
M = Limit(10, 150)
L = Limit(75, 750)
XL = Limit(350, 3500)

_SECOND, _MINUTE = 1.0, 60.0


@dataclass(slots=True)
class _Endpoint:
    answered: deque[float] = field(default_factory=deque)
    in_flight: int = 0
    closed_until: float = 0.0


class Limiter:
    """Holds each request back until its endpoint has room.

    One limiter serves all threads that use one key, because private keys of an account share one
    quota.

    Args:
        clock: seconds that only go up.
        sleep: waits that many seconds.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._endpoints: dict[str, _Endpoint] = {}
        self._lock = threading.Lock()

    @contextmanager
    def room(self, endpoint: str, limit: Limit) -> Iterator[None]:
        """Wait until the endpoint has room for a request, and hold it while the block asks."""
        while (seconds := self._take(endpoint, limit)) > 0:
            self._sleep(seconds)
        try:
            yield
        finally:
            with self._lock:
                state = self._endpoints[endpoint]
                state.in_flight -= 1
                state.answered.append(self._clock())

    def close(self, endpoint: str, seconds: float) -> None:
        """Let nothing through to the endpoint for that long: what Retry-After asks for."""
        with self._lock:
            state = self._endpoints.setdefault(endpoint, _Endpoint())
            state.closed_until = max(state.closed_until, self._clock() + seconds)

    def _take(self, endpoint: str, limit: Limit) -> float:
        """0 when a request may go now, else the seconds until it is worth asking again."""
        with self._lock:
            now = self._clock()
            state = self._endpoints.setdefault(endpoint, _Endpoint())
            while state.answered and state.answered[0] <= now - _MINUTE:
                state.answered.popleft()
            wait = max(
                state.closed_until - now,
                _seconds_to_room(state, limit.steady, _MINUTE, now),
                _seconds_to_room(state, limit.burst, _SECOND, now),
            )
            if wait <= 0:
                state.in_flight += 1
            return wait


def _seconds_to_room(state: _Endpoint, limit: int, window: float, now: float) -> float:
    """Seconds until the answer that uses up the window has left it."""
    left = limit - state.in_flight
    if left <= 0:
        return window  # no answer yet to count from
    if len(state.answered) < left:
        return 0.0
    return state.answered[-left] + window - now
