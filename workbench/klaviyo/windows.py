"""Klaviyo's windows of a second and a minute on one quota, as far as its answers tell of them."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from workbench.klaviyo.answers import Left

__all__ = ["Windows"]

_SECOND, _MINUTE = 1.0, 60.0
_LOOK_AGAIN = 0.05  # only requests in flight stand in the way, and one may be answered any time
_LONGEST_BURST_WAIT = 2.0  # a 429 that asks for more is about the minute or the day
_SLOWER, _FASTER = 0.7, 1.25
_PATIENCE = 15.0  # seconds between two attempts to go faster
_GOOD_FOR_BAD = 100  # answers that make good for one refusal, before it goes faster again


@dataclass(slots=True)
class Windows:
    """What was sent to one quota, and what may be.

    Attributes:
        burst: requests allowed in a second, by Klaviyo's tables.
        steady: requests allowed in a minute.
        in_flight: sent and not answered.
        closed_until: nothing goes before.
    """

    burst: int = 0
    steady: int = 0
    in_flight: int = 0
    closed_until: float = -math.inf
    _sent: deque[float] = field(default_factory=deque)  # when each was answered, a minute back
    _ends_at: float = -math.inf  # of the minute that answers told of; no later than that
    _remaining: int = 0  # of that minute
    _pace: float = 0.0  # requests a second that use up what is left of the minute, no faster
    _told: int | None = None  # the minute's limit, as answers tell it
    _slowed: int | None = None  # requests a second, below burst, since others use the second too
    _faster_at: float = 0.0
    _slowed_at: float = -math.inf
    _debt: int = 0  # answers still to come before it goes faster

    def allow(self, burst: int, steady: int) -> None:
        """What the tables allow; for the minute, answers know better."""
        self.burst, self.steady = burst, self._told or steady

    def share(self, now: float) -> float:
        """Of the minute's limit, what was sent in the last one."""
        self._forget(now)
        return min((len(self._sent) + self.in_flight) / self.steady, 1.0)

    def wait(self, now: float) -> float:
        """0 or less when a request may go now, else the seconds until it is worth asking again."""
        self._forget(now)
        if self._slowed and not self._debt and now >= self._faster_at:
            self._speed_up(now)
        steady = self._wait_told(now) if now < self._ends_at else self._wait_unknown(now)
        burst = self._room(self._slowed or self.burst, _SECOND, now)
        return max(self.closed_until - now, steady, burst)

    def answered(
        self, now: float, *, sent_at: float, left: Left | None, refused_for: float | None
    ) -> None:
        """One request is over.

        Args:
            now: seconds of the clock.
            sent_at: when it went.
            left: what its answer told of the minute.
            refused_for: seconds that a 429 asked for.
        """
        self.in_flight -= 1
        self._sent.append(now)
        self._debt = max(self._debt - 1, 0)
        if refused_for is not None:
            self.closed_until = max(self.closed_until, now + refused_for)
            if refused_for <= _LONGEST_BURST_WAIT:
                self._debt += _GOOD_FOR_BAD
                self._slow_down(now)
        elif left is None:
            self._remaining -= 1  # it may have been counted
        elif not sent_at < self._ends_at <= now:  # it may tell of the minute before
            self._learn(now, left)

    def _learn(self, now: float, left: Left) -> None:
        self._told = self.steady = max(left.limit, 1)
        ends_at = now + left.reset
        if now < self._ends_at:
            self._ends_at = min(self._ends_at, ends_at)
            self._remaining = min(self._remaining, left.remaining)
        else:
            self._ends_at, self._remaining = ends_at, left.remaining
            self._pace = left.remaining / max(left.reset, 1)

    def _wait_told(self, now: float) -> float:
        if self._remaining > self.in_flight:
            return 0.0
        return self._ends_at - now if self._remaining <= 0 else _LOOK_AGAIN

    def _wait_unknown(self, now: float) -> float:
        free = self.steady - self.in_flight
        begun_again = 0 < free <= len(self._sent) and self._sent[-free] < self._ends_at
        return 0.0 if begun_again else self._room(self.steady, _MINUTE, now)

    def _room(self, limit: int, window: float, now: float) -> float:
        """Seconds until the answer that uses up the window has left it."""
        free = limit - self.in_flight
        if free <= 0:
            return _LOOK_AGAIN
        if len(self._sent) < free:
            return 0.0
        return self._sent[-free] + window - now

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0] <= now - _MINUTE:
            self._sent.popleft()

    def _slow_down(self, now: float) -> None:
        """Send less a second, because others do; never less than the minute's rest needs."""
        if now < self._slowed_at + _SECOND:
            return  # refused together with the one that slowed it down
        in_last_second = sum(at > now - _SECOND for at in self._sent) + self.in_flight
        seen = min(self._slowed or self.burst, in_last_second)
        least = math.ceil(self._pace if now < self._ends_at else self.steady / _MINUTE)
        self._slowed = max(int(seen * _SLOWER), least, 1)
        self._slowed_at, self._faster_at = now, now + _PATIENCE

    def _speed_up(self, now: float) -> None:
        assert self._slowed is not None
        faster = int(self._slowed * _FASTER) + 1
        self._slowed = faster if faster < self.burst else None
        self._faster_at = now + _PATIENCE
