"""Faults in the answer as a whole: refused for no reason, cut off, slow, or never given."""

from __future__ import annotations

import asyncio
import math
import socket
import struct
from collections.abc import Iterable

from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from workbench.sandbox.api.cursors import refuse_cursor
from workbench.sandbox.api.faults import Faults, Rule
from workbench.sandbox.api.jsonapi import Refusal

__all__ = ["Dripping", "Interruption", "broken_body", "interrupt"]

_DROPS = 10
_AT_ONCE = struct.pack("ii", 1, 0)  # linger for no second: closing sends a reset
_ERRORS = {"500": "Internal server error.", "503": "Service unavailable."}
_GATEWAYS = {"502": "Bad gateway", "504": "Gateway time-out", "524": "A timeout occurred"}


class Interruption(Exception):
    """A request that is answered by something before the API.

    Args:
        response: the answer.
        status: its status; 0 for none.
    """

    def __init__(self, response: Response, *, status: int) -> None:
        super().__init__(status)
        self.response, self.status = response, status


class Dripping(Response):
    """An answer whose body takes its time.

    Args:
        response: the answer.
        seconds: until its last byte.
    """

    def __init__(self, response: Response, *, seconds: float) -> None:
        super().__init__(response.body, response.status_code, dict(response.headers))
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the body in drops."""
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        body = bytes(self.body)
        size = max(math.ceil(len(body) / _DROPS), 1)
        for start in range(0, len(body), size):
            await asyncio.sleep(self._seconds / _DROPS)
            drop = body[start : start + size]
            await send({"type": "http.response.body", "body": drop, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


class _Reset(Response):
    """No answer: the connection is reset."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = scope["state"]["transport"]
        connected = transport.get_extra_info("socket")
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass


def interrupt(rules: Iterable[Rule], *, faults: Faults) -> None:
    """Let a request pass, unless a rule that hits it answers in place of the API.

    Raises:
        Refusal: with the error of the API that a rule asks for.
        Interruption: with an answer that the API would not give.
    """
    for rule in rules:
        if rule.name in {"429", "429-storm"}:
            _throttle(rule, faults)
        elif rule.name in _ERRORS:
            title = _ERRORS[rule.name]
            raise Refusal(int(rule.name), code="error", title=title, detail=f"{title} (simulated)")
        elif rule.name in _GATEWAYS:
            _interrupt_with_page(int(rule.name), _GATEWAYS[rule.name])
        elif rule.name == "html-403":
            _interrupt_with_page(403, "Attention required")
        elif rule.name == "reset":
            raise Interruption(_Reset(), status=0)
        elif rule.name == "expired-cursor":
            refuse_cursor()


def broken_body(body: bytes, rules: Iterable[Rule]) -> bytes:
    """A body as the rules that hit it leave it."""
    for rule in rules:
        if rule.name == "truncated":
            body = body[: len(body) // 2]
        elif rule.name == "invalid-json":
            body = b"simulated: this is no JSON"
    return body


def _throttle(rule: Rule, faults: Faults) -> None:
    wait = faults.storm_left(rule) if rule.name == "429-storm" else rule.number("wait")
    if wait > 0:
        raise Refusal.throttled(max(math.ceil(wait), 1))


def _interrupt_with_page(status: int, title: str) -> None:
    page = f"<html><head><title>{title} (simulated)</title></head><body>{title}</body></html>"
    raise Interruption(HTMLResponse(page, status), status=status)
