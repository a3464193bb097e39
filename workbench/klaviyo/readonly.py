"""The last gate before the network: nothing passes that could change the account."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

from workbench.errors import WriteForbidden
from workbench.klaviyo.endpoints import QUERIES, endpoint_of

__all__ = ["ReadOnly"]


class ReadOnly:
    """Looks at each request before httpx sends it, as an event hook of its client.

    Passed are GET, and POST to the endpoints whose body is a query.

    Args:
        url: where the API answers; nothing may be sent elsewhere.
    """

    def __init__(self, url: str) -> None:
        self._prefix = urlsplit(url).path.rstrip("/")
        self._origin = _origin(httpx.URL(url))

    def __call__(self, request: httpx.Request) -> None:
        """Let a request pass.

        Raises:
            WriteForbidden: it could change the account, or is not for the API; it is not sent.
        """
        if self._is_reading(request):
            return
        endpoint = endpoint_of(request.url.path.removeprefix(self._prefix))
        raise WriteForbidden(
            f"{request.method} {endpoint} was not sent: the workbench only reads Klaviyo",
            hint="only GET, and POST to reports and metric-aggregates, are allowed",
            endpoint=endpoint,
        )

    def _is_reading(self, request: httpx.Request) -> bool:
        path = request.url.path
        if _origin(request.url) != self._origin or not path.startswith(f"{self._prefix}/api/"):
            return False
        if request.method == "GET":
            return ".." not in path.split("/")
        return request.method == "POST" and path.removeprefix(self._prefix) in QUERIES


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
