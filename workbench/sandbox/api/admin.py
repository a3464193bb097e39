"""What a test may do to a sandbox over the network: /sandbox, beside the API and never part of it.

    GET     /sandbox            which account this is, and its simulated instant
    GET     /sandbox/requests   what was asked so far
    GET     /sandbox/faults     the rules in force
    POST    /sandbox/faults     {"rules": ["500:share=0.1"]}  put more into force
    DELETE  /sandbox/faults     withdraw them all
    POST    /sandbox/clock      {"days": 1}  move the simulated clock

It takes the sandbox's own key, in the header that the API takes it in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import asdict

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from workbench.errors import InputInvalid
from workbench.sandbox.api.admission import Admission, Key
from workbench.sandbox.api.application import Api
from workbench.sandbox.api.jsonapi import Body, Refusal, error_body

__all__ = ["Admin"]

_MOST_DAYS = 10_000


class Admin:
    """The API with the folder /sandbox beside it.

    Args:
        api: answers everything else.
        key: opens the folder.
    """

    def __init__(self, api: Api, *, key: str) -> None:
        self._api = api
        self._admission = Admission([Key(key)])
        self._actions: Mapping[tuple[str, str], Callable[[Body], Body]] = {
            ("GET", "/sandbox"): self._account,
            ("GET", "/sandbox/requests"): self._requests,
            ("GET", "/sandbox/faults"): self._rules,
            ("POST", "/sandbox/faults"): self._add_rules,
            ("DELETE", "/sandbox/faults"): self._withdraw_rules,
            ("POST", "/sandbox/clock"): self._advance,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if not scope["path"].startswith("/sandbox"):
            await self._api(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            content, status = await self._done(request), 200
        except Refusal as refusal:
            content, status = error_body(refusal), refusal.status
        answer = Response(orjson.dumps(content), status, media_type="application/json")
        await answer(scope, receive, send)

    async def _done(self, request: Request) -> Body:
        """What an action says."""
        self._admission.key(request.headers)
        action = self._actions.get((request.method, request.scope["path"].removesuffix("/")))
        if action is None:
            raise Refusal.missing(f"{request.method} {request.scope['path']}")
        try:
            return action(_parsed(await request.body()))
        except InputInvalid as error:
            raise Refusal.invalid(str(error)) from None

    def _account(self, asked: Body) -> Body:
        now = dt.datetime.fromtimestamp(self._api.now, dt.UTC).isoformat()
        return {"account": self._api.shop.account.id, "now": now, "simulated": True}

    def _requests(self, asked: Body) -> Body:
        return {"requests": [asdict(each) for each in list(self._api.exchanges)]}

    def _rules(self, asked: Body) -> Body:
        return {"rules": [rule.text for rule in self._api.faults.rules]}

    def _add_rules(self, asked: Body) -> Body:
        rules = asked.get("rules")
        if not isinstance(rules, list) or not all(isinstance(each, str) for each in rules):
            raise Refusal.invalid('Say {"rules": ["500:share=0.1"]}.')
        self._api.faults.add(*rules)
        return self._rules(asked)

    def _withdraw_rules(self, asked: Body) -> Body:
        self._api.faults.withdraw()
        return self._rules(asked)

    def _advance(self, asked: Body) -> Body:
        days = asked.get("days", 1)
        if type(days) is not int or not 0 < days <= _MOST_DAYS:
            raise Refusal.invalid(f"days is a whole number from 1 to {_MOST_DAYS}.")
        self._api.advance(days=days)
        return self._account(asked)


def _parsed(body: bytes) -> Body:
    try:
        asked = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise Refusal.invalid(f"The body is no JSON: {error}.") from None
    if not isinstance(asked, dict):
        raise Refusal.invalid("The body is no JSON object.")
    return asked
