"""Metric aggregates: dimensions against served properties, order, pages, and what is refused."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, build_shop
from workbench.sandbox.api.aggregate_queries import parsed_aggregate
from workbench.sandbox.api.aggregates import aggregate_page
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.shop.events import Kind

from .conftest import client_of, resources

Body = dict[str, Any]
WHOLE = ["greater-or-equal(datetime,2026-05-01)", "less-than(datetime,2027-04-01)"]
PROPERTIES = {"$message_send_cohort": "$_cohort$message_send_cohort"}


def _asked(shop: Shop, kind: Kind, **more: Any) -> Body:
    attributes = {
        "metric_id": shop.metrics[kind].id,
        "measurements": ["count"],
        "filter": WHOLE,
        **more,
    }
    return {"data": {"type": "metric-aggregate", "attributes": attributes}}


def _post(client: httpx.Client, shop: Shop, kind: Kind, **more: Any) -> Body:
    answer = client.post("/api/metric-aggregates", json=_asked(shop, kind, **more))
    assert answer.status_code == 200, answer.text
    body: Body = answer.json()
    return body


def _rows(body: Body) -> list[Body]:
    rows: list[Body] = body["data"]["attributes"]["data"]
    return rows


@pytest.fixture(scope="module")
def served(client: httpx.Client, shop: Shop) -> dict[str, list[Body]]:
    """Every event by metric id."""
    found: dict[str, list[Body]] = defaultdict(list)
    for event in resources(client, "/api/events", **{"page[size]": "1000"}):
        found[event["relationships"]["metric"]["data"]["id"]].append(event)
    return found


def _label(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize(
    ("kind", "dimensions"),
    [
        (Kind.RECEIVED_EMAIL, ["$message", "Campaign Name", "Email Domain", "Inbox Provider"]),
        (Kind.RECEIVED_EMAIL, ["$variation", "Subject", "$message_send_cohort"]),
        (Kind.OPENED_EMAIL, ["$flow", "$message"]),
        (Kind.CLICKED_EMAIL, ["Bot Click", "URL"]),
        (Kind.BOUNCED_EMAIL, ["Bounce Type", "Email Domain"]),
        (Kind.RECEIVED_SMS, ["$message", "Inbox Provider", "Subject"]),
        (Kind.RECEIVED_PUSH, ["$message", "Campaign Name", "Email Domain"]),
        (Kind.PLACED_ORDER, ["$value_currency", "$message"]),
        (Kind.VIEWED_FORM, ["form_id"]),
        (Kind.SUBMITTED_FORM, ["form_id", "$flow"]),
        (Kind.VIEWED_PRODUCT, ["$value_currency", "form_id", "To Number"]),
    ],
)
def test_dimensions_are_what_the_events_say(
    client: httpx.Client,
    shop: Shop,
    served: dict[str, list[Body]],
    kind: Kind,
    dimensions: list[str],
) -> None:
    counted: Counter[tuple[str, ...]] = Counter()
    for event in served[shop.metrics[kind].id]:
        said = event["attributes"]["event_properties"]
        if event["attributes"]["datetime"] >= "2027-04-01":
            continue  # dated in the future by a clock that is wrong
        counted[tuple(_label(said.get(PROPERTIES.get(each, each), "")) for each in dimensions)] += 1
    found: dict[tuple[str, ...], int] = {}
    for row in _rows(_post(client, shop, kind, by=dimensions[:1])):
        found[tuple(row["dimensions"])] = sum(row["measurements"]["count"])
    assert found == Counter(dict(_summed(counted)))
    pages = _every_page(client, shop, kind, by=dimensions, page_size=500)
    by_all = {tuple(row["dimensions"]): sum(row["measurements"]["count"]) for row in pages}
    assert by_all == counted
    assert counted


def _summed(counted: Counter[tuple[str, ...]]) -> Iterator[tuple[tuple[str, ...], int]]:
    firsts: Counter[tuple[str, ...]] = Counter()
    for labels, count in counted.items():
        firsts[labels[:1]] += count
    yield from firsts.items()


def _every_page(client: httpx.Client, shop: Shop, kind: Kind, **more: Any) -> list[Body]:
    rows: list[Body] = []
    cursor: str | None = None
    while True:
        asked = {**more, "page_cursor": cursor} if cursor else more
        body = _post(client, shop, kind, **asked)
        rows += _rows(body)
        if body["links"]["next"] is None:
            return rows
        cursor = httpx.URL(body["links"]["next"]).params["page_cursor"]


def test_credit_goes_to_the_message_of_the_touch(client: httpx.Client, shop: Shop) -> None:
    by = ["$attributed_message", "$attributed_flow", "$attributed_channel", "$attributed_variation"]
    found = {
        tuple(row["dimensions"]): sum(row["measurements"]["count"])
        for row in _rows(_post(client, shop, Kind.PLACED_ORDER, by=by))
    }
    columns, catalogue = shop.events, shop.catalogue
    counted: Counter[tuple[str, ...]] = Counter()
    for row in columns.rows(Kind.PLACED_ORDER).tolist():
        if columns.visible_at[row] > shop.now:
            continue
        touch = int(columns.touch[row])
        if touch < 0:
            counted["", "", "", ""] += 1
            continue
        message = catalogue.messages[columns.message[touch]]
        is_letter = message.channel == "email" and message.campaign >= 0
        tested = int(columns.variation[touch])
        counted[
            catalogue.campaigns[message.campaign].id if is_letter else message.id,
            catalogue.flows[message.flow].id if message.flow >= 0 else "",
            {"email": "$email_channel", "sms": "$sms_channel"}.get(
                message.channel, "$push_channel"
            ),
            catalogue.variations[tested].id if tested >= 0 else "",
        ] += 1
    assert found == counted
    assert len(found) > 3


@pytest.mark.parametrize(
    ("kind", "filters"),
    [
        (Kind.CLICKED_EMAIL, ['equals(Bot Click,"true")']),
        (Kind.RECEIVED_EMAIL, ['any(Inbox Provider,["Gmail","Yahoo"])']),
        (Kind.RECEIVED_EMAIL, ['equals(Inbox Provider,"Gmail")', 'equals($flow,"")']),
        (Kind.PLACED_ORDER, ['equals($value_currency,"USD")']),
    ],
)
def test_filters_keep_the_events_that_say_so(
    client: httpx.Client,
    shop: Shop,
    served: dict[str, list[Body]],
    kind: Kind,
    filters: list[str],
) -> None:
    wanted = {
        "Bot Click": {"true"},
        "Inbox Provider": {"Gmail", "Yahoo"} if "Yahoo" in filters[0] else {"Gmail"},
        "$flow": {""},
        "$value_currency": {"USD"},
    }
    fields = [text.split("(")[1].split(",")[0] for text in filters]
    kept = [
        event
        for event in served[shop.metrics[kind].id]
        if all(
            _label(event["attributes"]["event_properties"].get(each, "")) in wanted[each]
            for each in fields
        )
    ]
    rows = _rows(_post(client, shop, kind, filter=[*WHOLE, *filters]))
    assert [row["dimensions"] for row in rows] == [[]]
    assert sum(rows[0]["measurements"]["count"]) == len(kept)
    assert 0 < len(kept) < len(served[shop.metrics[kind].id])


@pytest.mark.parametrize("size", [1, 3, 500])
def test_pages_hold_every_row_once(client: httpx.Client, shop: Shop, size: int) -> None:
    more: Body = {"by": ["Campaign Name"], "measurements": ["count", "unique"], "interval": "month"}
    kind = Kind.BOUNCED_EMAIL
    rows = _every_page(client, shop, kind, page_size=size, **more)
    assert rows == _rows(_post(client, shop, kind, **more))
    assert [row["dimensions"] for row in rows] == sorted(row["dimensions"] for row in rows)
    assert len(rows) > 3


@pytest.mark.parametrize("sort", ["count", "-count", "unique", "-Inbox Provider", "Inbox Provider"])
def test_rows_are_sorted(client: httpx.Client, shop: Shop, sort: str) -> None:
    field = sort.removeprefix("-")
    more = {"by": ["Inbox Provider"], "measurements": ["count", "unique"], "interval": "month"}
    rows = _rows(_post(client, shop, Kind.RECEIVED_EMAIL, sort=sort, **more))
    if field == "count":
        keys = [sum(row["measurements"]["count"]) for row in rows]
        assert keys == sorted(keys, reverse=sort.startswith("-"))
    if field == "Inbox Provider":
        labels = [row["dimensions"][0] for row in rows]
        assert labels == sorted(labels, reverse=sort.startswith("-"))
    assert len(rows) > 2


def test_the_cursor_of_another_query_is_refused(client: httpx.Client, shop: Shop) -> None:
    first = _post(client, shop, Kind.BOUNCED_EMAIL, by=["Campaign Name"], page_size=2)
    cursor = httpx.URL(first["links"]["next"]).params["page_cursor"]
    more = {"by": ["Email Domain"], "page_size": 2, "page_cursor": cursor}
    answer = client.post("/api/metric-aggregates", json=_asked(shop, Kind.BOUNCED_EMAIL, **more))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"] == "Invalid cursor provided."


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"metric_id": "nobody"}, "metric_id"),
        ({"measurements": []}, "measurements"),
        ({"measurements": ["median"]}, "measurements"),
        ({"interval": "minute"}, "interval"),
        ({"by": ["Favourite Colour"]}, "by"),
        ({"by": ["$message"], "sort": "$flow"}, "sort"),
        ({"sort": "unique"}, "sort"),
        ({"timezone": "america/new_york"}, "timezone"),
        ({"timezone": "Europe/Kyiv"}, "timezone"),
        ({"page_size": 0}, "page_size"),
        ({"page_size": 501}, "page_size"),
        ({"filter": []}, "filter"),
        ({"filter": WHOLE[:1]}, "filter"),
        ({"filter": [WHOLE[0], "less-or-equal(datetime,2027-04-01)"]}, "filter"),
        ({"filter": [WHOLE[0], "less-than(datetime,2027-05-02)"]}, "filter"),
        ({"filter": [WHOLE[0], "less-than(datetime,2026-05-01)"]}, "filter"),
        ({"filter": [WHOLE[0], "less-than(datetime,soon)"]}, "filter"),
        ({"filter": [*WHOLE, 'equals(Colour,"red")']}, "filter"),
        ({"filter": [*WHOLE, 'contains($message,"x")']}, "filter"),
        ({"filter": [*WHOLE, "equals($message"]}, "filter"),
    ],
)
def test_what_the_contract_does_not_offer_is_refused(
    client: httpx.Client, shop: Shop, change: Body, pointer: str
) -> None:
    answer = client.post("/api/metric-aggregates", json=_asked(shop, Kind.OPENED_EMAIL, **change))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["source"] == {"pointer": f"/data/attributes/{pointer}"}


@pytest.mark.parametrize("body", [{}, {"data": {"type": "event"}}, {"data": 3}, []])
def test_a_body_of_another_shape_is_refused(client: httpx.Client, body: Any) -> None:
    assert client.post("/api/metric-aggregates", json=body).status_code == 400


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    first=st.datetimes(dt.datetime(2026, 6, 1), dt.datetime(2026, 11, 1)),
    length=st.timedeltas(dt.timedelta(seconds=1), dt.timedelta(days=90)),
    timezone=st.sampled_from(["UTC", "Australia/Adelaide", "America/New_York", "Asia/Kathmandu"]),
    kind=st.sampled_from([Kind.OPENED_EMAIL, Kind.PLACED_ORDER, Kind.VIEWED_PRODUCT]),
)
def test_every_interval_adds_up_to_the_events_of_the_range(
    shop: Shop, first: dt.datetime, length: dt.timedelta, timezone: str, kind: Kind
) -> None:
    since, until = first.replace(microsecond=0), (first + length).replace(microsecond=0)
    snapshot = Snapshot(shop, now=shop.now)
    columns = shop.events
    seconds = [each.replace(tzinfo=dt.UTC).timestamp() for each in (since, until)]
    if seconds[0] == seconds[1]:
        return
    events = [
        row
        for row in columns.rows(kind).tolist()
        if seconds[0] <= columns.at[row] < seconds[1] and columns.visible_at[row] <= shop.now
    ]
    for interval in ("hour", "day", "week", "month"):
        asked = _asked(
            shop,
            kind,
            interval=interval,
            timezone=timezone,
            measurements=["count", "sum_value", "unique"],
            filter=[f"greater-or-equal(datetime,{since}Z)", f"less-than(datetime,{until}Z)"],
        )
        content, following = aggregate_page(snapshot, parsed_aggregate(asked, snapshot), offset=0)
        (row,) = content["data"]
        assert following is None
        assert sum(row["measurements"]["count"]) == len(events)
        cents = sum(round(value * 100) for value in row["measurements"]["sum_value"])
        assert cents == sum(columns.value[events].tolist())
        unique = row["measurements"]["unique"]
        assert all(few <= many for few, many in zip(unique, row["measurements"]["count"]))  # noqa: B905
        assert len(content["dates"]) == len(unique)


def test_an_event_without_a_profile_is_nobody_unique(client: httpx.Client, shop: Shop) -> None:
    more = {"measurements": ["count", "unique"], "interval": "month"}
    row = _rows(_post(client, shop, Kind.VIEWED_FORM, **more))[0]["measurements"]
    columns = shop.events
    shown = [
        each
        for each in columns.rows(Kind.VIEWED_FORM).tolist()
        if columns.visible_at[each] <= shop.now
    ]
    assert sum(row["count"]) == len(shown)
    assert sum(row["unique"]) <= sum(columns.profile[each] >= 0 for each in shown) < len(shown)


def test_merged_profiles_count_once_and_late_events_later() -> None:
    shop = build_shop(ShopPlan(profiles=200, days=60, fates_share=15.0))
    more = {"measurements": ["count", "unique"], "interval": "month"}
    deleted = 0
    with (
        SandboxServer(shop, limiter=Limiter(scale=math.inf)) as server,
        client_of(server) as client,
    ):
        for _ in range(2):
            for kind in (Kind.OPENED_EMAIL, Kind.RECEIVED_EMAIL):
                metric = shop.metrics[kind].id
                by_month: dict[str, set[str]] = defaultdict(set)
                count: Counter[str] = Counter()
                asked = {"page[size]": "1000", "filter": f'equals(metric_id,"{metric}")'}
                for event in resources(client, "/api/events", **asked):
                    month = event["attributes"]["datetime"][:7]
                    count[month] += 1
                    if (profile := event["relationships"].get("profile")) and profile.get("data"):
                        by_month[month].add(profile["data"]["id"])
                    else:
                        deleted += 1
                body = _post(client, shop, kind, **more)
                row = _rows(body)[0]["measurements"]
                months = [text[:7] for text in body["data"]["attributes"]["dates"]]
                assert dict(zip(months, row["count"], strict=True)) == {
                    month: count[month] for month in months
                }
                assert row["unique"] == [len(by_month[month]) for month in months]
            server.advance(days=10)
    assert deleted > 0
