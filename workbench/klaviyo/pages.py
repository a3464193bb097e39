"""Pages of a collection, followed to the last one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from workbench.errors import KlaviyoUnavailable
from workbench.klaviyo.client import KlaviyoClient
from workbench.klaviyo.limits import Limit

__all__ = ["Page", "pages"]


@dataclass(frozen=True, slots=True)
class Page:
    """Resources of one answer, and those it included."""

    data: list[dict[str, Any]]
    included: list[dict[str, Any]]


def pages(
    client: KlaviyoClient, path: str, params: Mapping[str, str] | None = None, *, limit: Limit
) -> Iterator[Page]:
    """Each page of a collection in turn.

    Raises:
        KlaviyoUnavailable: an answer has no ``data``.
    """
    body = client.get(path, params, limit=limit)
    while True:
        yield _page(path, body)
        following = (body.get("links") or {}).get("next")
        if not following:
            return
        # only path and query: the key goes to the configured host, whatever a body says
        parts = urlsplit(following)
        body = client.get(f"{parts.path}?{parts.query}", limit=limit)


def _page(path: str, body: dict[str, Any]) -> Page:
    data = body.get("data")
    if data is None:
        raise KlaviyoUnavailable(
            f"{path} answered without data",
            hint="the next sync goes on from here; if it stays, please report this",
            endpoint=path,
        )
    return Page(data if isinstance(data, list) else [data], body.get("included") or [])
