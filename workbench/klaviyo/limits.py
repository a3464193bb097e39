"""Klaviyo's rate limits: fixed windows of a second and a minute, per account and endpoint.

Klaviyo counts in fixed windows. A client that never has more than the limit inside any sliding
window of the same length can never exceed a fixed one, wherever its edges lie.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
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
    sent: deque[float] = field(default_factory=deque)
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

    def wait(self, endpoint: str, limit: Limit) -> float:
        """Wait for room on the endpoint, take it, and return the seconds waited."""
        waited = 0.0
        while (seconds := self._take(endpoint, limit)) > 0:
            self._sleep(seconds)
            waited += seconds
        return waited

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
            while state.sent and state.sent[0] <= now - _MINUTE:
                state.sent.popleft()
            wait = max(
                state.closed_until - now,
                _seconds_to_room(state.sent, limit.steady, _MINUTE, now),
                _seconds_to_room(state.sent, limit.burst, _SECOND, now),
            )
            if wait <= 0:
                state.sent.append(now)
            return wait


def _seconds_to_room(sent: deque[float], allowed: int, window: float, now: float) -> float:
    """Seconds until the request that used up the window has left it."""
    if len(sent) < allowed:
        return 0.0
    return sent[-allowed] + window - now
