"""A walk through everything that the sandbox serves, by the official SDK, page after page."""

from __future__ import annotations

import datetime as dt
import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from openapi_client import ApiException
from urllib3.exceptions import HTTPError

from workbench.sandbox.api.contract import ENDPOINTS, Endpoint
from workbench.sandbox.api.revisions import endpoint_at

from .official_sdk import Key, OfficialSdk


def promised(revision: str) -> tuple[Endpoint, ...]:
    """The contract's operations as a revision has them."""
    return tuple(endpoint_at(each, revision) for each in ENDPOINTS if each.since <= revision)


# version 24.0.0 of the SDK is of this revision, and knows nothing that came later
PROMISED = promised("2026-07-15")
CHANNELS = ("email", "sms", "mobile_push")
# jobs have the id of the campaign that they are about
ID_FROM = {"campaign-recipient-estimations": "campaigns", "campaign-send-jobs": "campaigns"}
UNLIKE = {
    "lists",
    "metrics",
    "segments",
}  # so different from each other that a few cannot stand for all
# additional fields whose text and numbers the SDK's own models take for objects: every answer with
# them fails, Klaviyo's too
BEYOND_THE_SDK = {"flow.definition", "metric-property.sample_values"}
# what the SDK raises at an answer that no model takes, pydantic's error among them, or at none
_REFUSED = (ValueError, HTTPError)
_MOST_IDS = 200_000  # of a type, more than are asked for one by one
_STATISTICS = {
    "campaign": ["opens", "open_rate", "conversion_value"],
    "flow": ["clicks", "click_rate", "conversions"],
    "form": ["viewed_form", "submit_rate"],
    "segment": ["total_members", "members_added"],
}


@dataclass
class Walked:
    """What a walk met.

    Attributes:
        resources: how many came, by method and path, those of every parent together.
        pages: how many pages of them, likewise.
        seconds: how long that took, likewise.
        members: how many came of one parent, by path and id.
        ids: what came, by folder, in the order of its coming.
        absent: how often a resource had no related one, by method and path.
        events_of_metric: how many events came, by id of the metric; "" without one.
        revenue_metric: id of the metric that is mapped to revenue.
    """

    resources: Counter[Key] = field(default_factory=Counter)
    pages: Counter[Key] = field(default_factory=Counter)
    seconds: dict[Key, float] = field(default_factory=lambda: defaultdict(float))
    members: Counter[Key] = field(default_factory=Counter)
    ids: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    absent: Counter[Key] = field(default_factory=Counter)
    events_of_metric: Counter[str] = field(default_factory=Counter)
    revenue_metric: str = ""


class Walk:
    """Pages through everything that the contract offers.

    Args:
        sdk: asks.
        until: the simulated instant, at which reports end.
        each: of how many resources of a type their own address and relations are asked for; those
            of types that hold fewer are asked for all.
        events: how many events to page through at most.
        failed: told an answer that the SDK does not take, after which the walk goes on; the error
            is raised without it.
        visited: told an operation when it is done with.
        contract: the operations to walk through.
    """

    def __init__(
        self,
        sdk: OfficialSdk,
        *,
        until: dt.datetime,
        each: int,
        events: float = math.inf,
        failed: Callable[[Key, Exception], None] | None = None,
        visited: Callable[[Key], None] = lambda key: None,
        contract: Sequence[Endpoint] = PROMISED,
    ) -> None:
        self._sdk, self._until, self._each, self._events = sdk, until, each, events
        self._failed, self._visited, self._contract = failed, visited, contract
        self.met = Walked()

    def everything(self) -> Walked:
        """Page through every collection, then what its resources lead to, then the reports."""
        waiting = [endpoint for endpoint in self._contract if endpoint.method == "GET"]
        while waiting:
            ready = [each for each in waiting if not self._parent(each) or self._ids(each)]
            if not ready:
                break
            for endpoint in ready:
                self._visit_all(endpoint)
            waiting = [each for each in waiting if each not in ready]
        for endpoint in self._contract:
            if endpoint.method == "POST":
                self._ask(endpoint)
        return self.met

    def _visit_all(self, endpoint: Endpoint) -> None:
        key, started = (endpoint.method, endpoint.path), time.perf_counter()
        for place in self._ids(endpoint) or [""]:
            self._visit(key, endpoint, place)
        self.met.seconds[key] = time.perf_counter() - started
        self._visited(key)

    def _visit(self, key: Key, endpoint: Endpoint, place: str) -> None:
        places = (place,) if place else ()
        for arguments in variants(endpoint):
            try:
                self._take(key, places, arguments, is_paged=_is_paged(endpoint))
            except ApiException as error:
                if error.status != 404 or not place:
                    self._fail(key, error)
                self.met.absent[key] += 1
            except _REFUSED as error:
                self._fail(key, error)

    def _ask(self, endpoint: Endpoint) -> None:
        key = (endpoint.method, endpoint.path)
        asked = report_query(endpoint.path, metric=self.met.revenue_metric, until=self._until)
        try:
            self._note(key, (), [self._sdk.query(key, asked).data])
        except (ApiException, *_REFUSED) as error:
            self._fail(key, error)
        self._visited(key)

    def _fail(self, key: Key, error: Exception) -> None:
        if self._failed is None:
            raise error
        self._failed(key, error)

    def _take(
        self, key: Key, places: tuple[str, ...], arguments: dict[str, Any], *, is_paged: bool
    ) -> None:
        if not is_paged:
            data = self._sdk.call(key, *places, **arguments).data
            self._note(key, places, [] if data is None else [data])
            return
        for page in self._sdk.pages(key, *places, **arguments):
            self._note(key, places, page.data)
            self.met.pages[key] += 1
            if key == ("GET", "/api/events") and self.met.resources[key] >= self._events:
                return

    def _note(self, key: Key, places: tuple[str, ...], data: list[Any]) -> None:
        self.met.resources[key] += len(data)
        if not data:
            self.met.absent[key] += 1
        for place in places:
            self.met.members[key[1], place] += len(data)
        for each in data:
            if key == ("GET", "/api/events"):
                metric = each.relationships.metric
                self.met.events_of_metric[metric.data.id if metric else ""] += 1
            if key == ("GET", "/api/mapped-metrics") and each.id == "revenue":
                self.met.revenue_metric = each.relationships.metric.data.id
            if key[0] == "GET" and len(known := self._known(each)) < _MOST_IDS:
                known.setdefault(each.id)

    def _known(self, each: Any) -> dict[str, None]:
        return self.met.ids[folder_of(each.type.value)]

    def _parent(self, endpoint: Endpoint) -> str:
        folder = endpoint.path.split("/")[2]
        return ID_FROM.get(folder, folder) if "{id}" in endpoint.path else ""

    def _ids(self, endpoint: Endpoint) -> list[str]:
        """A spread of the resources of an endpoint's type, over the whole listing."""
        known = list(self.met.ids.get(self._parent(endpoint), ()))
        if not known:
            return []
        if self._parent(endpoint) in UNLIKE:
            return known
        step = max(1, len(known) // self._each)
        return known[::step][: self._each + 1] + known[-1:] * (step > 1)


def report_query(path: str, *, metric: str, until: dt.datetime) -> dict[str, Any]:
    """The body that asks a report for the last seven days, or metric-aggregates for the same.

    Args:
        path: of the report.
        metric: whose events are conversions, or are added up.
        until: end of the days.
    """
    kind = path.removeprefix("/api/").removesuffix("s")
    since = until - dt.timedelta(days=7)
    if kind == "metric-aggregate":
        bounds = (
            f"greater-or-equal(datetime,{since:%Y-%m-%dT%H:%M:%S})",
            f"less-than(datetime,{until:%Y-%m-%dT%H:%M:%S})",
        )
        attributes: dict[str, Any] = {
            "metric_id": metric,
            "measurements": ["count", "sum_value", "unique"],
            "filter": list(bounds),
            "by": ["$attributed_channel"],
        }
        return {"data": {"type": kind, "attributes": attributes}}
    attributes = {
        "statistics": _STATISTICS[kind.split("-")[0]],
        "timeframe": {"key": "last_7_days"},
    }
    if kind.startswith(("campaign", "flow")):
        attributes["conversion_metric_id"] = metric
    if "series" in kind:
        attributes["interval"] = "daily"
    return {"data": {"type": kind, "attributes": attributes}}


def variants(endpoint: Endpoint) -> Iterator[dict[str, Any]]:
    """The arguments of the calls that show all of an endpoint: each channel, all it includes."""
    arguments: dict[str, Any] = {}
    if endpoint.size is not None and endpoint.size[0] != endpoint.size[1]:
        arguments["page_size"] = endpoint.size[1]
    if endpoint.includes:
        arguments["include"] = list(endpoint.includes)
    for name in sorted(set(endpoint.additional) - BEYOND_THE_SDK):
        kind, added = name.split(".")
        key = f"additional_fields_{kind.replace('-', '_')}"
        arguments[key] = [*arguments.get(key, ()), added]
    if not endpoint.is_filter_required:
        yield arguments
        return
    for channel in CHANNELS:
        yield arguments | {"filter": f"equals(messages.channel,'{channel}')"}


def folder_of(kind: str) -> str:
    """Where a type lives: metric-property in metric-properties."""
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"


def _is_paged(endpoint: Endpoint) -> bool:
    parts = endpoint.path.removeprefix("/api/").split("/")
    return len(parts) != 2 and not endpoint.is_single
