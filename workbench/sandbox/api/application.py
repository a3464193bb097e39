"""The Klaviyo API over a simulated account, as a web application."""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import format_datetime

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from workbench.periods import account_day, day_start
from workbench.sandbox.api.admission import Admission, Key, served_revision
from workbench.sandbox.api.answers import Answers
from workbench.sandbox.api.bodies_cache import BodiesCache
from workbench.sandbox.api.broken_answers import Dripping, Interruption, broken_body, interrupt
from workbench.sandbox.api.calls import Call, call_of, parameters_of
from workbench.sandbox.api.changed_answers import ChangedAnswers, Served
from workbench.sandbox.api.contract import ENDPOINTS, Endpoint, tier_of
from workbench.sandbox.api.cursors import Cursors
from workbench.sandbox.api.encodings import accepts_gzip, gzipped, is_worth_gzip
from workbench.sandbox.api.event_bodies import EventBodies
from workbench.sandbox.api.faults import Faults, Rule
from workbench.sandbox.api.jsonapi import Body, Refusal, error_body
from workbench.sandbox.api.limits import Limiter
from workbench.sandbox.api.queries import Query, cursor_parameter, parsed_query
from workbench.sandbox.api.resources import Resources
from workbench.sandbox.api.revisions import endpoint_at
from workbench.sandbox.api.routes import Routes
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.shop.build import Shop

__all__ = ["KEPT_BYTES", "Api", "Exchange"]

_MEDIA_TYPE = "application/vnd.api+json"
KEPT_BYTES = 256 * 2**20
_SERVED_YEARS = 2  # Klaviyo retires a revision after them


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request that was answered.

    Attributes:
        method: of the request.
        path: of the request.
        query: its query string, as it came.
        status: of the answer; 0 for a connection that was reset.
        key: private or app; none for a request that no key let in.
    """

    method: str
    path: str
    query: str
    status: int
    key: str


class Api:
    """Answers requests about one account at one simulated instant.

    Args:
        shop: the account.
        keys: what opens it.
        limiter: counts requests.
        cursors: stamps cursors.
        faults: what goes wrong.
        retired_before: ISO date; revisions older than it are retired. None for two years before the
            simulated instant.
        kept_bytes: of bodies that were written before.
    """

    def __init__(
        self,
        shop: Shop,
        *,
        keys: Sequence[Key],
        limiter: Limiter,
        cursors: Cursors,
        faults: Faults,
        retired_before: str | None = None,
        kept_bytes: int = KEPT_BYTES,
    ) -> None:
        self.shop, self.faults = shop, faults
        self._kept_bytes = kept_bytes
        self._limiter, self._cursors = limiter, cursors
        self._admission, self._routes = Admission(keys), Routes(ENDPOINTS)
        self._retired_before = retired_before
        self._written, self._changed = EventBodies(shop), ChangedAnswers(faults)
        self.exchanges: deque[Exchange] = deque(maxlen=100_000)
        self.count_answered = 0
        self.move_clock(shop.now)

    @property
    def now(self) -> int:
        """The simulated instant, UTC second."""
        return self._now

    def move_clock(self, now: int) -> None:
        """Show the account as it is at another instant."""
        self._now = now
        instant = dt.datetime.fromtimestamp(now, dt.UTC)
        self._date = format_datetime(instant, usegmt=True)
        two_years_ago = f"{instant.year - _SERVED_YEARS}{instant:-%m-%d}"
        self._served_from = self._retired_before or two_years_ago
        self._answers = Answers(Resources(Snapshot(self.shop, now=now), written=self._written))
        self._bodies = BodiesCache(most=self._kept_bytes)

    def advance(self, *, days: int) -> None:
        """Move the simulated clock to midnight of the account so many days on."""
        timezone = self.shop.account.timezone
        today = account_day(dt.datetime.fromtimestamp(self._now, dt.UTC), timezone)
        self.move_clock(int(day_start(today + dt.timedelta(days=days), timezone).timestamp()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        request = Request(scope, receive)
        response, status, key = await self._answered(request)
        response.headers["Date"] = self._date
        response.headers["X-Simulated"] = "true"
        query = scope["query_string"].decode("latin-1")
        kind = key.kind if key else "none"
        self.count_answered += 1
        self.exchanges.append(Exchange(request.method, scope["path"], query, status, kind))
        await response(scope, receive, send)

    async def _answered(self, request: Request) -> tuple[Response, int, Key | None]:
        """An answer, its status, and the key that the request was let in with."""
        key: Key | None = None
        counted: Mapping[str, str] = {}
        try:
            endpoint, resource_id = self._routes.found(request.method, request.scope["path"])
            key = self._admission.key(request.headers)
            parameters = parameters_of(request)
            hits = self.faults.hits(endpoint.path, parameters) if self.faults.rules else ()
            revision = served_revision(request.headers, retired_before=self._oldest_date(hits))
            self._admission.check_scopes(key, endpoint)
            interrupt(hits, faults=self.faults)
            counted = self._counted(endpoint, parameters, key, hits)
            asked = await request.body() if endpoint.method == "POST" else b""
            call = call_of(
                request,
                endpoint_at(endpoint, revision),
                resource_id=resource_id,
                parameters=parameters,
                revision=revision,
                body=asked,
            )
            response = self._served(call, hits, accepted=request.headers.get("Accept-Encoding", ""))
            response.headers.update(counted)
        except Refusal as refusal:
            response = _json(error_body(refusal), refusal.status)
            response.headers.update({**counted, **refusal.headers})
        except Interruption as interruption:
            return interruption.response, interruption.status, key
        return response, response.status_code, key

    def _oldest_date(self, hits: Sequence[Rule]) -> str:
        """ISO date; revisions older than it are retired."""
        retired = [rule.word("before") for rule in hits if rule.name == "retired-revision"]
        return max(self._served_from, *retired) if retired else self._served_from

    def _counted(
        self, endpoint: Endpoint, parameters: Mapping[str, str], key: Key, hits: Sequence[Rule]
    ) -> Mapping[str, str]:
        quota, tier = tier_of(endpoint, parameters)
        taken = max((rule.share for rule in hits if rule.name == "second-consumer"), default=0.0)
        allowance = self._limiter.allowance(key.quota_of(quota), tier=tier, taken=taken)
        if not allowance.is_granted:
            raise Refusal.throttled(int(allowance.headers["Retry-After"]))
        return allowance.headers

    def _served(self, call: Call, hits: Sequence[Rule], *, accepted: str) -> Response:
        """The answer to a call, compressed where the client accepts that."""
        known = (call.address, call.revision, call.body, self._cursors.age)
        body = self._bodies.get(known)
        if body is None:
            query = self._query(call)
            body = orjson.dumps(self._content(call, query))
            self._bodies.put(known, body)
        if self.faults.rules:
            body = self._with_changes(body, call, hits) if self._changed.is_needed else body
            body = broken_body(body, hits)
        headers = {"Vary": "Accept-Encoding"}
        if is_worth_gzip(body) and accepts_gzip(accepted):
            headers["Content-Encoding"] = "gzip"
            body = gzipped(body) if hits else self._compressed(known, body)
        response = Response(body, 200, headers, media_type=_MEDIA_TYPE)
        for rule in hits:
            if rule.name == "slow":
                return Dripping(response, seconds=rule.number("seconds"))
        return response

    def _compressed(self, known: tuple[object, ...], body: bytes) -> bytes:
        """A body that every client gets the same, compressed once."""
        if (packed := self._bodies.get((*known, "gzip"))) is None:
            packed = gzipped(body)
            self._bodies.put((*known, "gzip"), packed)
        return packed

    def _query(self, call: Call) -> Query:
        parameters, name = dict(call.parameters), cursor_parameter(call.endpoint)
        if given := parameters.get(name):
            parameters[name] = self._cursors.opened(given)
        return parsed_query(call.endpoint, parameters, path=call.path)

    def _content(self, call: Call, query: Query) -> Body:
        content = self._answers.content(
            call.endpoint,
            query,
            resource_id=call.resource_id,
            base=call.base,
            revision=call.revision,
            asked=self._asked(call.body) if call.body else None,
        )
        links: dict[str, str | None] = {"self": call.address}
        for direction, cursor in content.get("links", {}).items():
            following = None if cursor is None else call.linked(self._cursors.stamped(cursor))
            links[direction] = following
        return {**content, "links": links}

    def _asked(self, body: bytes) -> Body:
        """The body of a request, with its cursor as the reports know it."""
        try:
            asked = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Refusal.invalid(f"The body is no JSON: {error}.") from None
        if not isinstance(asked, dict):
            raise Refusal.invalid("The body is no JSON object.")
        match asked:
            case {"data": {"attributes": {"page_cursor": str(cursor)} as attributes}} if cursor:
                attributes["page_cursor"] = self._cursors.opened(cursor)
        return asked

    def _with_changes(self, body: bytes, call: Call, hits: Sequence[Rule]) -> bytes:
        """A body with the rows changed that rules hit; no rule ever reaches what is kept."""
        query, content = self._query(call), orjson.loads(body)
        served = Served(
            query,
            call.parameters,
            ask=lambda other: orjson.loads(orjson.dumps(self._content(call, other))),
            metrics={metric.id: metric.name for metric in self.shop.metrics},
        )
        self._changed.change(content, hits, served)
        return orjson.dumps(content)


def _json(content: Body, status: int) -> Response:
    return Response(orjson.dumps(content), status, media_type=_MEDIA_TYPE)
