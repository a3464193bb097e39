"""The Klaviyo API over a simulated account, as a web application."""

from __future__ import annotations

import datetime as dt
import hmac
import re
from collections import OrderedDict, deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workbench.sandbox.api.answers import Answers
from workbench.sandbox.api.contract import ENDPOINTS, Endpoint, tier_of
from workbench.sandbox.api.event_bodies import EventBodies
from workbench.sandbox.api.jsonapi import Body, Refusal, error_body
from workbench.sandbox.api.limits import Limiter
from workbench.sandbox.api.queries import parsed_query
from workbench.sandbox.api.resources import Resources
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.shop.build import Shop

__all__ = ["Api", "Exchange"]

OLDEST_REVISION = "2024-10-15"
_OPT_OUT = "X-Klaviyo-Revision-Fall-Forward-Opt-Out"
_CACHED_BODIES = 64
_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request that was answered."""

    method: str
    path: str
    status: int


class Api:
    """Answers requests about one account at one simulated instant.

    Args:
        shop: the account.
        key: the private key that it accepts.
        limiter: counts requests.
    """

    def __init__(self, shop: Shop, *, key: str, limiter: Limiter) -> None:
        self._shop, self._key, self._limiter = shop, key, limiter
        self._written = EventBodies(shop)
        self.exchanges: deque[Exchange] = deque(maxlen=100_000)
        self.move_clock(shop.now)
        self.app = Starlette(
            routes=[
                Route(path, self._handler(endpoint), methods=[endpoint.method])
                for endpoint in ENDPOINTS
                for path in (endpoint.path, f"{endpoint.path}/")
            ],
            exception_handlers={HTTPException: self._unrouted},
        )

    @property
    def now(self) -> int:
        """The simulated instant, UTC second."""
        return self._now

    def move_clock(self, now: int) -> None:
        """Show the account as it is at another instant."""
        self._now = now
        self._date = format_datetime(dt.datetime.fromtimestamp(now, dt.UTC), usegmt=True)
        self._answers = Answers(Resources(Snapshot(self._shop, now=now), written=self._written))
        self._bodies: OrderedDict[tuple[str, str, bytes], bytes] = OrderedDict()

    def _handler(self, endpoint: Endpoint) -> _Handler:
        async def answered(request: Request) -> Response:
            headers: Mapping[str, str] = {}
            try:
                self._admit(request)
                headers = self._counted(endpoint, request)
                asked = await request.body() if endpoint.method == "POST" else b""
                body = self._body(endpoint, request, asked)
                return self._response(request, 200, body, headers)
            except Refusal as refusal:
                body = orjson.dumps(error_body(refusal))
                return self._response(request, refusal.status, body, {**headers, **refusal.headers})

        return answered

    def _admit(self, request: Request) -> None:
        """Refuse a request without the right key or with a revision that is not served."""
        given = request.headers.get("Authorization", "")
        if not given.startswith("Klaviyo-API-Key "):
            raise Refusal(
                401,
                code="not_authenticated",
                title="Authentication credentials were not provided.",
                detail="Missing or invalid authorization header.",
            )
        if not hmac.compare_digest(given.split(" ", 1)[1].encode(), self._key.encode()):
            raise Refusal(
                401,
                code="authentication_failed",
                title="Incorrect authentication credentials.",
                detail="Incorrect authentication credentials.",
            )
        revision = request.headers.get("revision", "")
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}(\.\w+)?", revision):
            raise Refusal.invalid("The 'revision' header is missing or no date.")
        if revision < OLDEST_REVISION and _OPT_OUT in request.headers:
            raise Refusal(
                410,
                code="revision_retired",
                title="Revision retired.",
                detail=f"Revision {revision} is no longer served.",
            )

    def _counted(self, endpoint: Endpoint, request: Request) -> Mapping[str, str]:
        quota, tier = tier_of(endpoint, request.query_params)
        allowance = self._limiter.allowance(quota, tier=tier)
        if not allowance.is_granted:
            wait = allowance.headers["Retry-After"]
            raise Refusal(
                429,
                code="throttled",
                title="Request was throttled.",
                detail=f"Request was throttled. Expected available in {wait} seconds.",
                headers=allowance.headers,
            )
        return allowance.headers

    def _body(self, endpoint: Endpoint, request: Request, asked: bytes) -> bytes:
        base = f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}"
        parameters = dict(request.query_params)
        address = f"{base}{request.url.path}"
        address += f"?{urlencode(parameters)}" if parameters else ""
        revision = request.headers["revision"]
        if (known := self._bodies.get((address, revision, asked))) is not None:
            self._bodies.move_to_end((address, revision, asked))
            return known
        query = parsed_query(endpoint, parameters, path=request.url.path.rstrip("/"))
        content = self._answers.content(
            endpoint,
            query,
            resource_id=request.path_params.get("id"),
            base=base,
            revision=revision,
            asked=_parsed(asked) if asked else None,
        )
        content["links"] = _links(address, parameters, content.get("links", {}))
        self._bodies[address, revision, asked] = body = orjson.dumps(content)
        if len(self._bodies) > _CACHED_BODIES:
            self._bodies.popitem(last=False)
        return body

    async def _unrouted(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        refusal = Refusal(
            error.status_code,
            code="method_not_allowed" if error.status_code == 405 else "not_found",
            title=error.detail,
            detail=f"{request.method} {request.url.path} is not served.",
        )
        return self._response(request, error.status_code, orjson.dumps(error_body(refusal)), {})

    def _response(
        self, request: Request, status: int, body: bytes, headers: Mapping[str, str]
    ) -> Response:
        self.exchanges.append(Exchange(request.method, request.url.path, status))
        simulated = {"Date": self._date, "X-Simulated": "true"}
        return Response(
            body, status, {**headers, **simulated}, media_type="application/vnd.api+json"
        )


def _parsed(asked: bytes) -> Body:
    try:
        content = orjson.loads(asked)
    except orjson.JSONDecodeError as error:
        raise Refusal.invalid(f"The body is no JSON: {error}.") from None
    if not isinstance(content, dict):
        raise Refusal.invalid("The body is no JSON object.")
    return content


def _links(
    address: str, parameters: Mapping[str, str], cursors: Mapping[str, str | None]
) -> dict[str, str | None]:
    """The address of this answer and, for a page, of those around it."""
    plain = address.split("?", 1)[0]
    links: dict[str, str | None] = {"self": address}
    for name, cursor in cursors.items():
        query = urlencode({**parameters, "page[cursor]": cursor})
        links[name] = None if cursor is None else f"{plain}?{query}"
    return links
