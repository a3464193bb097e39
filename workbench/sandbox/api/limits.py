"""Rate limits as Klaviyo keeps them: fixed windows of a second, a minute and a day, by endpoint.

Windows begin at whole seconds, minutes and UTC days of the real clock, so that twice the limit can
pass around an edge. All private keys of an account share one quota.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["Allowance", "Limiter", "Tier"]

SECOND, MINUTE, DAY = 1, 60, 86_400


@dataclass(frozen=True, slots=True)
class Tier:
    """How many requests pass in a second, in a minute and in a day; None for any number a day."""

    burst: int
    steady: int
    daily: int | None = None

    @property
    def windows(self) -> tuple[tuple[int, int], ...]:
        """Length in seconds and limit of each window, the longest first."""
        short = ((MINUTE, self.steady), (SECOND, self.burst))
        return short if self.daily is None else ((DAY, self.daily), *short)


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

    def allowance(self, quota: str, *, tier: Tier, taken: float = 0.0) -> Allowance:
        """Count one request, unless a window is full; a refused request is not counted.

        Args:
            quota: what it counts against.
            tier: the limits.
            taken: part of each window that others have used up from its beginning.
        """
        now = self._clock()
        if math.isinf(self._scale):
            return Allowance(True, {})
        for length, limit in tier.windows:
            if self._used(quota, length, now) >= self._left(limit, taken):
                return Allowance(False, {"Retry-After": str(_seconds_left(now, length))})
        for length, _ in tier.windows:
            used = self._used(quota, length, now)
            self._counts[quota, length] = (int(now // length), used + 1)
        left = int(self._left(tier.steady, taken)) - self._used(quota, MINUTE, now)
        return Allowance(
            True,
            {
                "RateLimit-Limit": str(int(tier.steady * self._scale)),
                "RateLimit-Remaining": str(max(left, 0)),
                "RateLimit-Reset": str(_seconds_left(now, MINUTE)),
            },
        )

    def _left(self, limit: int, taken: float) -> float:
        """What of a limit others have not used up."""
        whole = limit * self._scale
        return whole - math.floor(whole * taken)

    def _used(self, quota: str, length: int, now: float) -> int:
        window, used = self._counts.get((quota, length), (-1, 0))
        return used if window == int(now // length) else 0


def _seconds_left(now: float, length: int) -> int:
    return max(math.ceil((now // length + 1) * length - now), 1)
