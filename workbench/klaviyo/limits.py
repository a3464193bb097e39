"""Klaviyo's rate limits: windows of a second, a minute and a day, per account and endpoint.

Klaviyo counts a request at some moment between its sending and its answer. Until its answers tell
where its windows lie, a request is only sent while all those in flight, and all those answered
within the window before, leave room for it: then no window of Klaviyo's can hold more than the
limit, wherever its edges lie and however unevenly the network delays. Once they tell, what they say
is left of the minute counts, because others may use the account too.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from workbench.errors import QuotaExhausted
from workbench.klaviyo.answers import Left
from workbench.klaviyo.windows import Windows

__all__ = [
    "LONGEST_WAIT",
    "REPORT",
    "XL",
    "XS",
    "L",
    "Limit",
    "Limiter",
    "M",
    "Permit",
    "S",
    "Usage",
]


@dataclass(frozen=True, slots=True)
class Limit:
    """Requests allowed in a second, in a minute and in a day; None for any number a day."""

    burst: int
    steady: int
    daily: int | None = None


# Klaviyo's tiers, as the API's specification of 2026-07-15 names them per endpoint.
XS = Limit(1, 15)
S = Limit(3, 60)
M = Limit(10, 150)
L = Limit(75, 750)
XL = Limit(350, 3500)
REPORT = Limit(1, 2, daily=225)
LONGEST_WAIT = 300.0
"""Seconds; who is asked to stay away for longer leaves it for the next sync."""


@dataclass(slots=True)
class Permit:
    """Leave to send one request; who sends it writes down what the answer said of the quota.

    Attributes:
        waited: seconds that it was held back.
        left: what Klaviyo says is left; None when it did not say.
        refused_for: seconds after which to come back, of a 429; None for any other answer.
    """

    waited: float
    left: Left | None = None
    refused_for: float | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a quota is in use.

    Attributes:
        share: of the minute's limit, what was sent in the last minute; 0 to 1.
        waits: seconds until the next request may go; 0 when it may go now.
    """

    share: float
    waits: float


class Limiter:
    """Holds each request back until its quota has room.

    One limiter serves all threads that use one account, because its private keys share one quota.

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
        self._quotas: dict[str, Windows] = {}
        self._days: dict[str, tuple[dt.date, int]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def room(self, quota: str, limit: Limit, *, now: dt.datetime | None = None) -> Iterator[Permit]:
        """Wait until the quota has room for a request, and hold it while the block asks.

        Args:
            quota: name of what the request counts against.
            limit: what Klaviyo allows on it.
            now: Klaviyo's clock, UTC, if that is known.

        Raises:
            QuotaExhausted: the calls of the day have been made, or Klaviyo says so.
        """
        waited = 0.0
        while (seconds := self._take(quota, limit, now)) > 0:
            if seconds > LONGEST_WAIT:
                raise _exhausted(quota, seconds, now or dt.datetime.now(dt.UTC))
            self._sleep(seconds)
            waited += seconds
        permit = Permit(waited)
        sent_at = self._clock()
        try:
            yield permit
        finally:
            with self._lock:
                self._quotas[quota].answered(
                    self._clock(), sent_at=sent_at, left=permit.left, refused_for=permit.refused_for
                )

    def close(self, quota: str, seconds: float) -> None:
        """Let nothing through for that long: what Retry-After asks for."""
        with self._lock:
            windows = self._quotas.setdefault(quota, Windows())
            windows.closed_until = max(windows.closed_until, self._clock() + seconds)

    def usage(self) -> dict[str, Usage]:
        """How much of each quota is in use now."""
        with self._lock:
            now = self._clock()
            return {
                name: Usage(windows.share(now), max(windows.wait(now), 0.0))
                for name, windows in self._quotas.items()
                if windows.steady
            }

    def _take(self, quota: str, limit: Limit, now: dt.datetime | None) -> float:
        """0 when a request may go now, else the seconds until it is worth asking again."""
        with self._lock:
            windows = self._quotas.setdefault(quota, Windows())
            windows.allow(limit.burst, limit.steady)
            wait = windows.wait(self._clock())
            if wait <= 0:
                if limit.daily is not None and now is not None:
                    wait = self._day_wait(quota, limit.daily, now)
                windows.in_flight += wait <= 0
            return wait

    def _day_wait(self, quota: str, daily: int, now: dt.datetime) -> float:
        """0 when the day has a call left, which is taken, else the seconds until the next one."""
        day, used = self._days.get(quota, (now.date(), 0))
        if day != now.date():
            used = 0
        if used >= daily:
            tomorrow = dt.datetime.combine(now.date() + dt.timedelta(days=1), dt.time(), dt.UTC)
            return (tomorrow - now).total_seconds()
        self._days[quota] = (now.date(), used + 1)
        return 0.0


def _exhausted(quota: str, seconds: float, now: dt.datetime) -> QuotaExhausted:
    return QuotaExhausted(
        f"{quota} is closed for {seconds / 3600:.1f} hours: its daily quota is used up",
        hint="sync again after that; what was read so far is kept",
        status=429,
        endpoint=quota,
        retry_at=now + dt.timedelta(seconds=seconds),
    )
