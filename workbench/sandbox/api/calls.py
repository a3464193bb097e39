"""A request that was let in, taken apart once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request

from workbench.sandbox.api.contract import Endpoint
from workbench.sandbox.api.queries import cursor_parameter

__all__ = ["Call", "call_of", "parameters_of"]


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in.

    Attributes:
        endpoint: what it asks, with the contract of its revision.
        resource_id: the id in its path, if there is one.
        path: its path, without the trailing slash.
        address: its own, as a client would ask it again.
        parameters: of its query string.
        base: scheme and host that the client used.
        revision: whose shapes the answer has.
        body: of a POST.
    """

    endpoint: Endpoint
    resource_id: str | None
    path: str
    address: str
    parameters: Mapping[str, str]
    base: str
    revision: str
    body: bytes

    def linked(self, cursor: str) -> str:
        """The address of another page of the same rows."""
        query = urlencode({**self.parameters, cursor_parameter(self.endpoint): cursor})
        return f"{self.address.partition('?')[0]}?{query}"


def parameters_of(request: Request) -> dict[str, str]:
    """The query string of a request; of a parameter that comes twice, the last value."""
    text = request.scope["query_string"].decode("latin-1")
    return dict(parse_qsl(text, keep_blank_values=True))


def call_of(
    request: Request,
    endpoint: Endpoint,
    *,
    resource_id: str | None,
    parameters: Mapping[str, str],
    revision: str,
    body: bytes,
) -> Call:
    """A request to an endpoint, with links to the host that the client asked."""
    scope = request.scope
    host = request.headers.get("host") or "{}:{}".format(*scope["server"])
    base = f"{scope['scheme']}://{host}"
    query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
    return Call(
        endpoint,
        resource_id,
        path=scope["path"].rstrip("/"),
        address=f"{base}{scope['raw_path'].decode('latin-1')}{query}",
        parameters=parameters,
        base=base,
        revision=revision,
        body=body,
    )
