"""One request on the wire: sent, answered or not, and told of."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import httpx

from workbench import __version__
from workbench.errors import KlaviyoRefused, KlaviyoUnavailable
from workbench.klaviyo.answers import left_of, pause_of, served_at_of
from workbench.klaviyo.endpoints import endpoint_of
from workbench.klaviyo.limits import LONGEST_WAIT, Permit
from workbench.klaviyo.problems import LATER, no_answer, problem_of
from workbench.klaviyo.readonly import ReadOnly
from workbench.klaviyo.requests import RequestRecord

__all__ = ["Asked", "Trouble", "Wire", "understood"]

T = TypeVar("T")

_MEDIA_TYPE = "application/vnd.api+json"
# one for each request in flight, however many these are: closing one costs the next a handshake;
# kept while a stream waits for the next minute
_CONNECTIONS = httpx.Limits(
    max_connections=None, max_keepalive_connections=None, keepalive_expiry=60.0
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for.

    Attributes:
        method: GET or POST.
        path: path, and for a next page its query too.
        params: query parameters; None when ``path`` holds them.
        content: body; None for a GET.
    """

    method: str
    path: str
    params: Mapping[str, str] | None = None
    content: bytes | None = None

    @property
    def endpoint(self) -> str:
        """The path with ids replaced."""
        return endpoint_of(self.path)


@dataclass(frozen=True, slots=True)
class Trouble:
    """No good answer.

    Attributes:
        problem: what it stands for.
        pause: seconds after which Klaviyo wants to be asked again; None when it did not say.
    """

    problem: KlaviyoUnavailable | KlaviyoRefused
    pause: float | None = None

    @property
    def failure(self) -> KlaviyoUnavailable | None:
        """What makes the endpoint look ill; None when it only refused, or was asked too often."""
        if self.is_throttled or isinstance(self.problem, KlaviyoRefused):
            return None
        return self.problem

    @property
    def is_throttled(self) -> bool:
        """Whether Klaviyo was asked too often."""
        return self.problem.status == 429

    @property
    def is_final(self) -> bool:
        """Whether asking again changes nothing, or not for long."""
        is_long = self.pause is not None and self.pause > LONGEST_WAIT and not self.is_throttled
        return isinstance(self.problem, KlaviyoRefused) or is_long


class Wire:
    """The connections to Klaviyo.

    Args:
        key: the private key; only ever sent as a header to ``url``.
        url: scheme, host and port of the API.
        revision: the API revision asked for.
        transport: httpx transport; the network when None.
        on_request: told of every request once it is over.

    Attributes:
        requests: those that were answered.
        is_simulated: whether an answer said that its data are simulated.
        served_at: Klaviyo's clock at its last answer, UTC; None before the first one.
        watchers: told of every request.
    """

    def __init__(
        self,
        *,
        key: str,
        url: str,
        revision: str,
        transport: httpx.BaseTransport | None,
        on_request: Callable[[RequestRecord], None] | None,
    ) -> None:
        self.url = url
        self.requests = 0
        self.is_simulated = False
        self.served_at: dt.datetime | None = None
        self.watchers = () if on_request is None else (on_request,)
        self._lock = threading.Lock()
        self._http = httpx.Client(
            base_url=url,
            transport=transport,
            limits=_CONNECTIONS,
            event_hooks={"request": [ReadOnly(url)]},
            timeout=httpx.Timeout(60.0, connect=10.0),
            headers={
                "Authorization": f"Klaviyo-API-Key {key}",
                "revision": revision,
                # a retired revision is otherwise silently served as the next older one
                "X-Klaviyo-Revision-Fall-Forward-Opt-Out": "1",
                "Accept": _MEDIA_TYPE,
                "User-Agent": f"klaviyo-workbench/{__version__}",
            },
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(
        self,
        asked: Asked,
        permit: Permit,
        *,
        attempt: int,
        waited: float,
    ) -> httpx.Response | Trouble:
        """The answer, whatever its status, or why there is none.

        Args:
            asked: what to send.
            permit: leave to send it; told what the answer says of the quota.
            attempt: 1 for the first try.
            waited: seconds that it was held back before the permit was asked for.
        """
        began = time.perf_counter()
        answer = self._sent(asked)
        milliseconds = (time.perf_counter() - began) * 1000
        if isinstance(answer, httpx.Response):
            self._note(answer, permit)
        if self.watchers:
            left = permit.left
            record = RequestRecord(
                at=self.served_at or dt.datetime.now(dt.UTC),
                method=asked.method,
                endpoint=asked.endpoint,
                status=answer.status_code if isinstance(answer, httpx.Response) else None,
                milliseconds=milliseconds,
                remaining=left.remaining if left else None,
                limit=left.limit if left else None,
                attempt=attempt,
                waited_seconds=waited + permit.waited,
            )
            for watcher in self.watchers:
                watcher(record)
        return answer

    def _sent(self, asked: Asked) -> httpx.Response | Trouble:
        headers = {} if asked.content is None else {"Content-Type": _MEDIA_TYPE}
        try:
            return self._http.request(
                asked.method,
                asked.path,
                params=asked.params,
                content=asked.content,
                headers=headers,
            )
        except httpx.RequestError as error:
            return Trouble(no_answer(asked.endpoint, self.url, error))

    def _note(self, response: httpx.Response, permit: Permit) -> None:
        """What the headers of an answer tell, whatever its status."""
        with self._lock:
            self.requests += 1
        self.served_at = served_at_of(response.headers) or self.served_at
        self.is_simulated = self.is_simulated or response.headers.get("X-Simulated") == "true"
        permit.left = left_of(response.headers)
        if response.status_code == 429:
            permit.refused_for = pause_of(response.headers)


def understood(
    asked: Asked, response: httpx.Response, *, read: Callable[[bytes], T]
) -> T | Trouble:
    """What ``read`` makes of an answer, or why there is nothing to read.

    Args:
        asked: what was asked for.
        response: the answer.
        read: makes something of its bytes; ValueError when they are broken.
    """
    endpoint = asked.endpoint
    if response.status_code != 200:
        return Trouble(problem_of(endpoint, response), pause_of(response.headers))
    try:
        return read(response.content)
    except ValueError:
        told = f"{endpoint} answered 200 without a JSON object"
        return Trouble(KlaviyoUnavailable(told, hint=LATER, status=200, endpoint=endpoint))
