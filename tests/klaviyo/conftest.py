"""A clock that only its sleepers move, and a client that talks to a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from workbench.klaviyo import KlaviyoClient, Limiter
from workbench.klaviyo.requests import RequestRecord

KEY = "pk_0123456789abcdef0123456789abcdef01"
URL = "https://klaviyo.test"
REVISION = "2026-07-15"
SERVED = "Mon, 02 Nov 2026 05:00:00 GMT"


class Clock:
    """Seconds that pass while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@contextmanager
def client_of(
    answer: Callable[[httpx.Request], httpx.Response],
    clock: Clock | None = None,
    *,
    key: str = KEY,
    sleep: Callable[[float], None] | None = None,
    on_request: Callable[[RequestRecord], None] | None = None,
) -> Iterator[KlaviyoClient]:
    clock = clock or Clock()
    with KlaviyoClient(
        key=key,
        url=URL,
        revision=REVISION,
        limiter=Limiter(clock=clock, sleep=clock.sleep),
        transport=httpx.MockTransport(answer),
        sleep=sleep or clock.sleep,
        on_request=on_request,
    ) as client:
        yield client
