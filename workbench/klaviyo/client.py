"""One read-only client for one private key: authorised, limited, retried, never chatty.

``problems`` says what is asked again and what is not, ``breaker`` when an endpoint is left to rest.
"""

from __future__ import annotations

import datetime as dt
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import orjson

from workbench.errors import CursorExpired, KeyRejected, KlaviyoUnavailable
from workbench.klaviyo.answers import json_object
from workbench.klaviyo.breaker import Breaker
from workbench.klaviyo.endpoints import Quota, quota_of
from workbench.klaviyo.limits import Limiter
from workbench.klaviyo.requests import RequestRecord
from workbench.klaviyo.wire import Asked, Trouble, Wire, understood

__all__ = ["KlaviyoClient"]

T = TypeVar("T")

_TRIES = 6
_TRIES_UNANSWERED = 3  # an address that never answered is more likely wrong than down
_TRIES_CURSOR = 3  # beginning again with the first page may cost hundreds of requests
_TRIES_THROTTLED = 60  # others may take what Retry-After promised, again and again


@dataclass(slots=True)
class _Tries:
    """What one call has tried so far.

    Attributes:
        attempt: requests sent.
        failed: those that count against the call's patience.
        throttled: those answered with 429.
        cursors: those whose cursor was refused.
        waited: seconds slept since the last one.
    """

    attempt: int = 0
    failed: int = 0
    throttled: int = 0
    cursors: int = 0
    waited: float = 0.0

    def add(self, told: Trouble, *, is_probe: bool) -> None:
        """Count one that brought no good answer; a resting endpoint's probes have their own end."""
        self.throttled += told.is_throttled
        self.cursors += isinstance(told.problem, CursorExpired)
        self.failed += not is_probe and not (told.is_throttled and told.pause is not None)


class KlaviyoClient:
    """Reads Klaviyo's API with one private key.

    Args:
        key: the private key; only ever sent as a header to ``url``.
        url: scheme, host and port of the API.
        revision: the API revision asked for; Klaviyo is told not to serve another in its place.
        limiter: shared by everything that uses the same account.
        transport: httpx transport; the network when None.
        sleep: waits that many seconds between tries; when None, until then or ``close``.
        on_request: told of every request once it is over, in the thread that made it.

    Raises:
        KeyRejected: the key holds what no key can hold.
    """

    def __init__(
        self,
        *,
        key: str,
        url: str,
        revision: str,
        limiter: Limiter | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] | None = None,
        on_request: Callable[[RequestRecord], None] | None = None,
    ) -> None:
        if not (key.isascii() and key.isprintable()):
            raise KeyRejected(
                "the Klaviyo key holds a character that no key has",
                hint="copy the key again, whole, and set KLAVIYO_API_KEY to it",
            )
        self.url = url
        self.revision = revision
        self.limiter = limiter or Limiter(sleep=self._doze)
        self._sleep = sleep or self._doze
        self._closed = threading.Event()
        self._breaker = Breaker(sleep=self._sleep)
        self._wire = Wire(
            key=key, url=url, revision=revision, transport=transport, on_request=on_request
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"KlaviyoClient({self.url})"

    @property
    def requests(self) -> int:
        """Requests that were answered."""
        return self._wire.requests

    @property
    def is_simulated(self) -> bool:
        """Whether an answer said that its data are simulated."""
        return self._wire.is_simulated

    @property
    def served_at(self) -> dt.datetime:
        """Klaviyo's clock at its last answer, UTC: windows must not trust the local one."""
        if self._wire.served_at is None:
            raise KlaviyoUnavailable("Klaviyo's clock is not known before its first answer")
        return self._wire.served_at

    def watch(self, on_request: Callable[[RequestRecord], None]) -> None:
        """Tell this too of every request from now on, in the thread that made it."""
        self._wire.watchers = (*self._wire.watchers, on_request)

    def close(self) -> None:
        """Close the connections, and wake whoever waits to use one."""
        self._closed.set()
        self._breaker.close()
        self._wire.close()

    def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON body of one GET.

        Args:
            path: path, and for a next page its query too.
            params: query parameters; none when ``path`` holds them.

        Raises:
            KlaviyoRefused: the answer will not change (wrong key, missing scope, bad filter, ...).
            QuotaExhausted: the calls of the day are used up.
            KlaviyoUnavailable: still no good answer after the last try.
        """
        return self.fetch(path, params, read=json_object)

    def fetch(
        self, path: str, params: Mapping[str, str] | None = None, *, read: Callable[[bytes], T]
    ) -> T:
        """What ``read`` makes of the body of one GET.

        Args:
            path: path, and for a next page its query too.
            params: query parameters; none when ``path`` holds them.
            read: makes something of the bytes; its ValueError says that they came broken, and then
                they are asked for again.

        Raises:
            KlaviyoError: as for ``get``.
        """
        return self._ask(Asked("GET", path, params), read)

    def post(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        params: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The JSON answer to a query that is too long for an address.

        Args:
            path: one of ``endpoints.QUERIES``.
            body: the query.
            params: query parameters.

        Raises:
            WriteForbidden: the endpoint takes no query; nothing was sent.
            KlaviyoError: as for ``get``.
        """
        return self._ask(Asked("POST", path, params, orjson.dumps(body)), json_object)

    def _ask(self, asked: Asked, read: Callable[[bytes], T]) -> T:
        """Ask until there is a good answer, or no hope for one."""
        tries, quota = _Tries(), quota_of(asked.path, asked.params)
        while True:
            tries.attempt += 1
            with self._breaker.turn(asked.endpoint) as turn:
                tries.waited += turn.rested
                told = self._answer(asked, quota, read, tries)
                if not isinstance(told, Trouble):
                    return told
                turn.failure = told.failure
            tries.add(told, is_probe=turn.is_probe)
            if self._is_hopeless(asked, told, tries):
                raise told.problem
            self._pause(quota, told, tries, is_probe=turn.is_probe)

    def _answer(
        self, asked: Asked, quota: Quota, read: Callable[[bytes], T], tries: _Tries
    ) -> T | Trouble:
        with self.limiter.room(quota.name, quota.limit, now=self._wire.served_at) as permit:
            answer = self._wire.send(asked, permit, attempt=tries.attempt, waited=tries.waited)
        return answer if isinstance(answer, Trouble) else understood(asked, answer, read=read)

    def _is_hopeless(self, asked: Asked, told: Trouble, tries: _Tries) -> bool:
        most = _TRIES if self._wire.served_at else _TRIES_UNANSWERED
        is_tired = tries.failed >= most or tries.throttled >= _TRIES_THROTTLED
        is_final = told.is_final
        if isinstance(told.problem, CursorExpired):
            is_final = tries.cursors >= _TRIES_CURSOR
        return is_final or is_tired or self._breaker.has_given_up(asked.endpoint)

    def _pause(self, quota: Quota, told: Trouble, tries: _Tries, *, is_probe: bool) -> None:
        """Wait before the next try: as long as Klaviyo says, else longer each time."""
        tries.waited = 0.0
        if told.pause is not None:
            self.limiter.close(quota.name, told.pause)
        elif not is_probe:  # the breaker has a rest for it
            tries.waited = random.uniform(0.0, 2.0 ** (max(tries.failed, 1) - 1))
            self._sleep(tries.waited)

    def _doze(self, seconds: float) -> None:
        if self._closed.wait(seconds):
            raise KlaviyoUnavailable(
                "closed while it waited", hint="the next sync goes on from here"
            )
