"""Pages of a collection, followed to the last one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from workbench.errors import CursorExpired, KlaviyoUnavailable
from workbench.klaviyo.client import KlaviyoClient

__all__ = ["Page", "from_the_first", "next_path", "pages"]

T = TypeVar("T")

_STARTS = 5


@dataclass(frozen=True, slots=True)
class Page:
    """Resources of one answer, and those it included."""

    data: list[dict[str, Any]]
    included: list[dict[str, Any]]


def pages(
    client: KlaviyoClient, path: str, params: Mapping[str, str] | None = None
) -> Iterator[Page]:
    """Each page of a collection in turn.

    Raises:
        KlaviyoUnavailable: an answer has no ``data``, or a link that is none.
    """
    body = client.get(path, params)
    while True:
        yield _page(path, body)
        following = (body.get("links") or {}).get("next")
        if not following:
            return
        body = client.get(next_path(path, following))


def from_the_first(walk: Callable[[], Iterator[T]]) -> Iterator[T]:
    """What a walk over pages gives, begun again with its first page when a cursor has expired.

    What came before it expired comes twice.

    Args:
        walk: begins at the first page.

    Raises:
        CursorExpired: it expired each time.
    """
    for start in range(1, _STARTS + 1):
        try:
            yield from walk()
        except CursorExpired:
            if start == _STARTS:
                raise
        else:
            return


def next_path(path: str, link: str) -> str:
    """What to ask for next: only path and query, so that the key goes nowhere else.

    Args:
        path: of the collection.
        link: to the next page, as an answer gives it.

    Raises:
        KlaviyoUnavailable: it is no link.

    >>> next_path("/api/events", "https://elsewhere.test/api/events?page[cursor]=b")
    '/api/events?page[cursor]=b'
    """
    try:
        parts = urlsplit(link)
    except (ValueError, AttributeError):
        raise _unreadable(path, "with a link that is none") from None
    return f"{parts.path}?{parts.query}"


def _page(path: str, body: dict[str, Any]) -> Page:
    data = body.get("data")
    if data is None:
        raise _unreadable(path, "without data")
    return Page(data if isinstance(data, list) else [data], body.get("included") or [])


def _unreadable(path: str, how: str) -> KlaviyoUnavailable:
    return KlaviyoUnavailable(
        f"{path} answered {how}",
        hint="the next sync goes on from here; if it stays, please report this",
        endpoint=path,
    )
