"""Rate limits as Klaviyo keeps them: fixed windows of a second and a minute, by endpoint.

Windows begin at whole seconds and whole minutes of the real clock, so that twice the limit can pass
around an edge. All clients of an account share one quota.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["Allowance", "Limiter", "Tier"]


@dataclass(frozen=True, slots=True)
class Tier:
    """How many requests pass in a second and in a minute."""

    burst: int
    steady: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """Whether a request passes, and the headers that say so."""

    is_granted: bool
    headers: Mapping[str, str]


class Limiter:
    """Counts the requests of each endpoint.

    Args:
        scale: factor on every limit; math.inf lets everything pass.
        clock: real seconds since 1970.
    """

    def __init__(self, *, scale: float = 1.0, clock: Callable[[], float] = time.time) -> None:
        self._scale = scale
        self._clock = clock
        self._counts: dict[tuple[str, int], tuple[int, int]] = {}

    def allowance(self, endpoint: str, *, tier: Tier) -> Allowance:
        """Count one request, unless a window is full; a refused request is not counted."""
        now = self._clock()
        if math.isinf(self._scale):
            return Allowance(True, {})
        for length, limit in ((60, tier.steady), (1, tier.burst)):
            if self._used(endpoint, length, now) >= limit * self._scale:
                return Allowance(False, {"Retry-After": str(_seconds_left(now, length))})
        for length in (60, 1):
            used = self._used(endpoint, length, now)
            self._counts[endpoint, length] = (int(now // length), used + 1)
        steady = int(tier.steady * self._scale)
        return Allowance(
            True,
            {
                "RateLimit-Limit": str(steady),
                "RateLimit-Remaining": str(max(steady - self._used(endpoint, 60, now), 0)),
                "RateLimit-Reset": str(_seconds_left(now, 60)),
            },
        )

    def _used(self, endpoint: str, length: int, now: float) -> int:
        window, used = self._counts.get((endpoint, length), (-1, 0))
        return used if window == int(now // length) else 0


def _seconds_left(now: float, length: int) -> int:
    return max(math.ceil((now // length + 1) * length - now), 1)
