"""What is read from Klaviyo: one entry a stream.

Two kinds: a snapshot is small and read whole at every sync; a windowed stream is long, ordered by
a time, and read in windows of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from workbench.klaviyo.client import KlaviyoClient
from workbench.klaviyo.limits import XL, L, Limit, M, S
from workbench.klaviyo.pages import Page, pages
from workbench.klaviyo.records import (
    Rows,
    campaign_rows,
    event_rows,
    flow_rows,
    mapped_metric_rows,
    metric_rows,
    profile_rows,
)

__all__ = ["SNAPSHOTS", "WINDOWED", "Snapshot", "Source", "Windowed"]


@dataclass(frozen=True, slots=True)
class Source:
    """The account that rows belong to, and what rows inherit from it."""

    account_id: str
    timezone: str
    currency: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A stream read whole: its pages, and the rows of a page."""

    name: str
    read: Callable[[KlaviyoClient], Iterator[Page]]
    rows: Callable[[Page, Source], Rows]


@dataclass(frozen=True, slots=True)
class Windowed:
    """A stream read in windows of time.

    Attributes:
        path: the collection.
        params: query parameters of every request.
        field: time that windows are cut by; ascending order of it is asked for.
        at_least: filter operator of a window's lower bound; greater-than reaches back a second.
        days: length of a window when the whole history is read.
    """

    name: str
    path: str
    params: dict[str, str]
    field: str
    at_least: str
    days: int
    limit: Limit
    rows: Callable[[Page, Source], Rows]

    def query(self, since: dt.datetime, until: dt.datetime | None) -> dict[str, str]:
        """Parameters that ask for [since, until), or for all from since on."""
        first = since - dt.timedelta(seconds=1) if self.at_least == "greater-than" else since
        bounds = [f"{self.at_least}({self.field},{_instant(first)})"]
        if until is not None:
            bounds.append(f"less-than({self.field},{_instant(until)})")
        return {**self.params, "sort": self.field, "filter": ",".join(bounds)}

    def first_query(self) -> dict[str, str]:
        """Parameters that ask for the oldest row only, if rows can be asked for one by one."""
        return {**self.params, "sort": self.field, "page[size]": "1"}


def _instant(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _metrics(client: KlaviyoClient) -> Iterator[Page]:
    return pages(client, "/api/metrics", limit=M)


def _mapped_metrics(client: KlaviyoClient) -> Iterator[Page]:
    # without include the relationships are links only, and the metric stays unknown
    return pages(client, "/api/mapped-metrics", {"include": "metric,custom-metric"}, limit=S)


def _campaigns(client: KlaviyoClient) -> Iterator[Page]:
    """Every channel, live and archived: the API serves one channel at a time."""
    for channel in ("email", "sms", "mobile_push"):
        for archived in ("false", "true"):
            wanted = f"equals(messages.channel,'{channel}'),equals(archived,{archived})"
            query = {"filter": wanted, "include": "campaign-messages", "sort": "created_at"}
            yield from pages(client, "/api/campaigns", query, limit=M)


def _flows(client: KlaviyoClient) -> Iterator[Page]:
    """Each flow with its definition, which holds every message, in one request a flow."""
    for archived in ("false", "true"):
        query = {"filter": f"equals(archived,{archived})"}
        for page in pages(client, "/api/flows", query, limit=S):
            for flow in page.data:
                path = f"/api/flows/{flow['id']}"
                whole = {"additional-fields[flow]": "definition"}
                yield from pages(client, path, whole, limit=S)


SNAPSHOTS = (
    Snapshot("metrics", _metrics, lambda page, of: metric_rows(page, account_id=of.account_id)),
    Snapshot(
        "mapped_metrics",
        _mapped_metrics,
        lambda page, of: mapped_metric_rows(page, account_id=of.account_id),
    ),
    Snapshot(
        "campaigns", _campaigns, lambda page, of: campaign_rows(page, account_id=of.account_id)
    ),
    Snapshot("flows", _flows, lambda page, of: flow_rows(page, account_id=of.account_id)),
)

WINDOWED = (
    Windowed(
        name="profiles",
        path="/api/profiles",
        params={"page[size]": "100", "additional-fields[profile]": "subscriptions"},
        field="updated",
        at_least="greater-than",
        days=90,
        limit=L,
        rows=lambda page, of: profile_rows(page, account_id=of.account_id),
    ),
    Windowed(
        name="events",
        path="/api/events",
        params={"page[size]": "1000", "include": "attributions"},
        field="datetime",
        at_least="greater-or-equal",
        days=14,
        limit=XL,
        rows=lambda page, of: event_rows(page, account_id=of.account_id, currency=of.currency),
    ),
)
