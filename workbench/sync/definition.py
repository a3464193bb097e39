"""What a resource is to the sync: one frozen object says where and how it is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from workbench.klaviyo.pages import Page
from workbench.klaviyo.records import Rows
from workbench.sync.run import Run, Source

__all__ = ["Cursor", "Resource"]


@dataclass(frozen=True, slots=True)
class Cursor:
    """The time that a long stream is cut into windows by.

    Attributes:
        field: attribute that windows are cut by; ascending order of it is asked for.
        at_least: filter operator of a window's lower bound; greater-than reaches back a second.
        days: length of a window when the whole history is read.
        tail: whether rows become visible late, so that the end is read again.
        rows: held by each connection and stored in one transaction; a denser window is cut.
    """

    field: str
    at_least: str
    days: int
    tail: bool = False
    rows: int = 1_000


@dataclass(frozen=True, slots=True)
class Resource:
    """One stream; ``klaviyo.endpoints`` knows what Klaviyo allows on its path.

    Attributes:
        name: as on the command line and in ops.sync_window.
        path: the collection; ``{id}`` is filled with each id that ``parents`` lists.
        read: how it is read: ``read(run, resource)``, which counts its rows with ``run.add``.
        rows: rows of a page, each table's beside its name; the first table's are counted.
        scopes: what the key must be allowed.
        params: query parameters of every request: page size, include, additional fields, sort.
        filters: asked one after another, where one request cannot ask for all; see ``query``.
        cursor: of a stream that is read in windows; None for one that is read whole.
        parents: statement under sql/reads that lists ids for ``{id}``: one row an id, of
            %(account_id)s.
        after: names of streams that must be stored before this one is read.
        gone: table whose rows a whole read did not meet are marked as deleted; "" for none.
    """

    name: str
    path: str
    read: Callable[[Run, Resource], None]
    rows: Callable[[Page, Source], Rows]
    scopes: str
    params: Mapping[str, str] = field(default_factory=dict)
    filters: tuple[str, ...] = ("",)
    cursor: Cursor | None = None
    parents: str = ""
    after: tuple[str, ...] = ()
    gone: str = ""

    def query(self, wanted: str = "") -> dict[str, str]:
        """Parameters of a first page, with one of ``filters``."""
        return {**self.params, **({"filter": wanted} if wanted else {})}

    def window_query(self, since: dt.datetime, until: dt.datetime | None) -> dict[str, str]:
        """Parameters that ask for [since, until), or for all from since on, in order of time."""
        assert self.cursor is not None
        field, at_least = self.cursor.field, self.cursor.at_least
        first = since - dt.timedelta(seconds=1) if at_least == "greater-than" else since
        bounds = [f"{at_least}({field},{_instant(first)})"]
        if until is not None:
            bounds.append(f"less-than({field},{_instant(until)})")
        return {**self.params, "sort": field, "filter": ",".join(bounds)}


def _instant(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
