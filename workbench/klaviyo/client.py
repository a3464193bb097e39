"""One read-only HTTP client for one private key: authorised, limited, retried, never chatty.

What is asked again and what is not:

    429                              again after Retry-After, unless that is hours (a daily quota)
    500 502 503 504 524, no answer,  again with growing, jittered pauses
    a body that is no JSON
    403 that is not JSON             again: an edge challenge, not a missing scope
    400 401 403 404 405 409 410 415  never: the answer would be the same
"""

from __future__ import annotations

import datetime as dt
import email.utils
import random
import re
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
import orjson

from workbench import __version__
from workbench.errors import (
    KeyRejected,
    KlaviyoError,
    KlaviyoRefused,
    KlaviyoUnavailable,
    RevisionRetired,
    ScopeMissing,
)
from workbench.klaviyo.limits import Limit, Limiter

__all__ = ["KlaviyoClient"]

_TRIES = 6
_TRIES_UNANSWERED = 3  # an address that never answered is more likely wrong than down
_LONGEST_WAIT = 300.0
_AGAIN = {429, 500, 502, 503, 504, 524}
_LATER = "Klaviyo has trouble; the next sync goes on from here"
# NUL, and the half of a surrogate pair that a shop leaves when it cuts text inside an emoji: JSON
# spells both, PostgreSQL stores neither. The first alternatives step over what only looks like one.
_NO_CHARACTER = re.compile(
    rb"\\[^u]|\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(?P<found>\\u(?:0000|[dD][89a-fA-F]..))"
)


class KlaviyoClient:
    """Reads Klaviyo's API with one private key.

    Args:
        key: the private key; only ever sent as a header to ``url``.
        url: scheme, host and port of the API.
        revision: the API revision asked for; Klaviyo is told not to serve another in its place.
        limiter: shared by everything that uses the same account.
        transport: httpx transport; the network when None.
        sleep: waits that many seconds between tries; when None, until then or ``close``.

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
    ) -> None:
        if not (key.isascii() and key.isprintable()):
            raise KeyRejected(
                "the Klaviyo key holds a character that no key has",
                hint="copy the key again, whole, and set KLAVIYO_API_KEY to it",
            )
        self.url = url
        self.limiter = limiter or Limiter(sleep=self._doze)
        self.requests = 0
        self.is_simulated = False
        self._served_at: dt.datetime | None = None
        self._sleep = sleep or self._doze
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._http = httpx.Client(
            base_url=url,
            transport=transport,
            timeout=httpx.Timeout(60.0, connect=10.0),
            headers={
                "Authorization": f"Klaviyo-API-Key {key}",
                "revision": revision,
                # a retired revision is otherwise silently served as the next older one
                "X-Klaviyo-Revision-Fall-Forward-Opt-Out": "1",
                "Accept": "application/vnd.api+json",
                "User-Agent": f"klaviyo-workbench/{__version__}",
            },
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
    def served_at(self) -> dt.datetime:
        """Klaviyo's clock at its last answer, UTC: windows must not trust the local one."""
        if self._served_at is None:
            raise KlaviyoUnavailable("Klaviyo's clock is not known before its first answer")
        return self._served_at

    def close(self) -> None:
        """Close the connections, and wake whoever waits to use one."""
        self._closed.set()
        self._http.close()

    def get(
        self, path: str, params: Mapping[str, str] | None = None, *, limit: Limit
    ) -> dict[str, Any]:
        """The JSON body of one GET.

        Args:
            path: path, and for a next page its query too.
            params: query parameters; none when ``path`` holds them.
            limit: what Klaviyo allows on this endpoint.

        Raises:
            KlaviyoRefused: the answer will not change (wrong key, missing scope, bad filter, ...).
            KlaviyoUnavailable: still no good answer after the last try.
        """
        endpoint = _endpoint(path)
        attempt = 0
        while True:
            attempt += 1
            with self.limiter.room(endpoint, limit):
                answer = self._answer(endpoint, path, params)
            if isinstance(answer, dict):
                return answer
            problem, pause = answer
            tries = _TRIES if self._served_at else _TRIES_UNANSWERED
            if isinstance(problem, KlaviyoRefused) or attempt >= tries:
                raise problem
            self._pause(endpoint, pause, attempt=attempt)

    def _answer(
        self, endpoint: str, path: str, params: Mapping[str, str] | None
    ) -> dict[str, Any] | tuple[KlaviyoError, float | None]:
        """A body, or what went wrong and how long Klaviyo wants to be left alone."""
        try:
            response = self._http.get(path, params=params)
        except httpx.TransportError as error:
            return self._unreachable(endpoint, error), None
        with self._lock:
            self.requests += 1
        self._note(response)
        if response.status_code != 200:
            return _problem(endpoint, response), _retry_after(response)
        body = _body(response.content)
        if body is None:
            told = f"{endpoint} answered 200 without a JSON object"
            return KlaviyoUnavailable(told, hint=_LATER, status=200, endpoint=endpoint), None
        return body

    def _note(self, response: httpx.Response) -> None:
        served = response.headers.get("Date")
        if served:
            self._served_at = email.utils.parsedate_to_datetime(served).astimezone(dt.UTC)
        self.is_simulated = self.is_simulated or response.headers.get("X-Simulated") == "true"

    def _doze(self, seconds: float) -> None:
        if self._closed.wait(seconds):
            raise KlaviyoUnavailable(
                "closed while it waited", hint="the next sync goes on from here"
            )

    def _pause(self, endpoint: str, pause: float | None, *, attempt: int) -> None:
        if pause is None:
            self._sleep(2.0 ** (attempt - 1) * random.uniform(0.5, 1.0))
        elif pause <= _LONGEST_WAIT:
            self.limiter.close(endpoint, pause)
        else:
            raise KlaviyoUnavailable(
                f"{endpoint} is closed for {pause / 3600:.1f} hours: its daily quota is used up",
                hint="sync again after that; what was read so far is kept",
                status=429,
                endpoint=endpoint,
            )

    def _unreachable(self, endpoint: str, error: httpx.TransportError) -> KlaviyoUnavailable:
        return KlaviyoUnavailable(
            f"no answer from {self.url}{endpoint}: {type(error).__name__}",
            hint="check the network, or WORKBENCH_KLAVIYO_URL; the next sync goes on from here",
            endpoint=endpoint,
        )


def _endpoint(path: str) -> str:
    """The path with ids replaced, because all of them share one limit.

    >>> _endpoint("/api/flows/Xy12Zz/flow-actions/?page[size]=50")
    '/api/flows/{id}/flow-actions'
    """
    parts = urlsplit(path).path.strip("/").split("/")
    return "/" + "/".join("{id}" if place == 2 else part for place, part in enumerate(parts))


def _retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None


def _problem(endpoint: str, response: httpx.Response) -> KlaviyoError:
    """The error that an answer other than 200 stands for."""
    status = response.status_code
    detail = _detail(response)
    place: dict[str, Any] = {"status": status, "endpoint": endpoint}
    if status in _AGAIN or (status == 403 and detail is None):
        return KlaviyoUnavailable(f"{endpoint} still answers {status}", hint=_LATER, **place)
    told = f"{endpoint} answered {status}: {detail or 'no reason given'}"
    if status == 401:
        return KeyRejected(
            f"Klaviyo does not accept the key: {detail or 'no reason given'}",
            hint="set KLAVIYO_API_KEY to a private key of the account (Settings > API keys)",
            **place,
        )
    if status == 403:
        return ScopeMissing(told, hint="give the key that scope, or sync without it", **place)
    if status == 410:
        return RevisionRetired(told, hint="update the workbench: its revision is retired", **place)
    return KlaviyoRefused(told, hint="please report this: the request was wrong", **place)


def _body(content: bytes) -> dict[str, Any] | None:
    """The JSON object of an answer, or None; what is no character becomes U+FFFD."""
    if b"\\u0000" in content:
        content = _mended(content)
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        try:
            body = orjson.loads(_mended(content))
        except orjson.JSONDecodeError:
            return None
    return body if isinstance(body, dict) else None


def _mended(content: bytes) -> bytes:
    return _NO_CHARACTER.sub(lambda m: rb"\ufffd" if m["found"] else m[0], content)


def _detail(response: httpx.Response) -> str | None:
    """What the first JSON:API error says; None when the body is not one."""
    try:
        errors = orjson.loads(response.content)["errors"]
        return str(errors[0].get("detail") or errors[0].get("title"))
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, AttributeError):
        return None
