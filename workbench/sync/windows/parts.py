"""What the reading of a window needs of a page, whichever rows it holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import Any, Generic, Protocol, Self, TypeVar

import orjson

from workbench.klaviyo.loose_events import Unreadable
from workbench.klaviyo.pages import Page, pages
from workbench.klaviyo.times import instant
from workbench.sync.definition import Resource
from workbench.sync.findings import drift
from workbench.sync.merging import id_of, merge_items
from workbench.sync.run import Run, StreamCount
from workbench.sync.windows.planning import Window

__all__ = ["ITEMS", "Kind", "Part"]


class Part(Protocol):
    """Rows in the order received, of one page or several.

    Attributes:
        unreadable: what the page held beside them.
    """

    unreadable: list[Unreadable]

    @property
    def times(self) -> Sequence[dt.datetime]:
        """Of each row: what windows are cut by."""

    def where(self, is_kept: Sequence[bool]) -> Self:
        """Only the rows for which it is true."""

    def extend(self, other: Self) -> None:
        """Append the rows of another."""


P = TypeVar("P", bound=Part)


@dataclass(frozen=True, slots=True)
class Kind(Generic[P]):
    """How rows of one kind are fetched and stored.

    Attributes:
        empty: makes a part without rows.
        pages: the parts that a query gives, in turn.
        store: stores a part of a window in the cursor's transaction, and gives what was refused.
    """

    empty: Callable[[], P]
    pages: Callable[[Run, Resource, Mapping[str, str]], Iterator[P]]
    store: Callable[[Any, Run, Resource, Window, P], tuple[StreamCount, list[Unreadable]]]


@dataclass(slots=True)
class Items:
    """Items as the API gives them."""

    items: list[dict[str, Any]] = field(default_factory=list)
    times: list[dt.datetime] = field(default_factory=list)
    included: list[dict[str, Any]] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)

    def where(self, is_kept: Sequence[bool]) -> Items:
        """Only the items for which it is true."""
        items, times = list(compress(self.items, is_kept)), list(compress(self.times, is_kept))
        return Items(items, times, self.included)

    def extend(self, other: Items) -> None:
        """Append the items of another."""
        self.items += other.items
        self.times += other.times
        self.included += other.included


def _item_pages(run: Run, resource: Resource, query: Mapping[str, str]) -> Iterator[Items]:
    assert resource.cursor is not None
    for page in pages(run.client, resource.path, query):
        drift.watch(run, [*page.data, *page.included])
        part = Items(included=page.included)
        for item in page.data:
            try:
                at = instant(item["attributes"][resource.cursor.field])
            except (AttributeError, KeyError, TypeError, ValueError):
                reason = f"no {resource.cursor.field}"
                part.unreadable.append(Unreadable(id_of(item), reason, orjson.dumps(item)))
            else:
                part.items.append(item)
                part.times.append(at)
        yield part


def _store_items(
    cursor: Any, run: Run, resource: Resource, window: Window, part: Items
) -> tuple[StreamCount, list[Unreadable]]:
    return merge_items(cursor, run, resource, Page(part.items, part.included))


ITEMS = Kind(Items, _item_pages, _store_items)
