"""Reports of campaigns and flows: statistics, groups, filters, pages, and what is refused."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import numpy as np
import pytest

from workbench.periods import DateRange
from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, Truth, build_shop
from workbench.sandbox.api.report_statistics import MESSAGE_STATISTICS
from workbench.sandbox.shop.events import Kind

from .conftest import client_of, second

Body = dict[str, Any]
KINDS = {"campaign": "campaign-values-report", "flow": "flow-values-report"}


@pytest.fixture(scope="module")
def year() -> Shop:
    """Few people and many messages."""
    return build_shop(ShopPlan(profiles=60, days=364, foreign_share=0.0, fates_share=0.0))


@pytest.fixture(scope="module")
def asking(year: Shop) -> Iterator[httpx.Client]:
    with SandboxServer(year, limiter=Limiter(scale=math.inf)) as server, client_of(server) as found:
        yield found


def _attributes(shop: Shop, **more: Any) -> Body:
    usual = {
        "statistics": list(MESSAGE_STATISTICS),
        "timeframe": {"key": "last_90_days"},
        "conversion_metric_id": shop.metrics[Kind.PLACED_ORDER].id,
    }
    return {name: value for name, value in {**usual, **more}.items() if value is not None}


def _post(client: httpx.Client, kind: str, attributes: Body, **query: str) -> httpx.Response:
    body = {"data": {"type": kind, "attributes": attributes}}
    return client.post(f"/api/{kind}s/", json=body, params=query)


def _results(client: httpx.Client, kind: str, attributes: Body) -> list[Body]:
    """The results of every page."""
    found: list[Body] = []
    query: dict[str, str] = {}
    while True:
        answer = _post(client, kind, attributes, **query)
        assert answer.status_code == 200, answer.text
        found += answer.json()["data"]["attributes"]["results"]
        following = answer.json()["links"]["next"]
        if following is None:
            return found
        query = dict(httpx.URL(following).params)


@pytest.mark.parametrize("owner", ["campaign", "flow"])
def test_rates_are_made_of_the_counts(asking: httpx.Client, year: Shop, owner: str) -> None:
    results = _results(asking, KINDS[owner], _attributes(year))
    for result in results:
        of = result["statistics"]
        sent = of["delivered"] + of["bounced"] + of["failed"]
        assert of["recipients"] == sent > 0
        assert of["bounced_or_failed"] == of["bounced"] + of["failed"]
        for rate, part, whole in (
            ("open_rate", "opens_unique", "delivered"),
            ("click_rate", "clicks_unique", "delivered"),
            ("click_to_open_rate", "clicks_unique", "opens_unique"),
            ("bounce_rate", "bounced", "recipients"),
            ("failed_rate", "failed", "recipients"),
            ("bounced_or_failed_rate", "bounced_or_failed", "recipients"),
            ("delivery_rate", "delivered", "recipients"),
            ("conversion_rate", "conversion_uniques", "delivered"),
            ("unsubscribe_rate", "unsubscribe_uniques", "delivered"),
            ("spam_complaint_rate", "spam_complaints", "delivered"),
            ("revenue_per_recipient", "conversion_value", "delivered"),
            ("average_order_value", "conversion_value", "conversions"),
        ):
            assert of[rate] == (of[part] / of[whole] if of[whole] else 0)
        assert of["opens_unique"] <= of["opens"]
        assert of["conversion_uniques"] <= of["conversions"]
        is_text = result["groupings"]["send_channel"] == "sms"
        assert (of["message_segment_count_sum"] > 0) == (is_text and of["delivered"] > 0)
        assert of["text_message_credit_usage_amount"] == of["message_segment_count_sum"]
        spent = None if of["message_segment_count_sum"] else 0
        assert of["text_message_spend"] == of["text_message_roi"] == spent
    assert len(MESSAGE_STATISTICS) == 31
    assert len(results) > 5


def test_reports_agree_with_the_truth(asking: httpx.Client, year: Shop) -> None:
    days = DateRange(dt.date(2026, 6, 1), dt.date(2026, 10, 31))
    asked = {"timeframe": {"start": f"{days.first}T00:00:00", "end": f"{days.last}T23:00:00"}}
    letters = [
        result["statistics"]
        for owner in ("campaign", "flow")
        for result in _results(asking, KINDS[owner], _attributes(year, **asked))
        if result["groupings"]["send_channel"] == "email"
    ]
    truth = Truth(year).key_numbers(days)
    for number, statistic in (
        ("recipients", "recipients"),
        ("delivered", "delivered"),
        ("bounced", "bounced"),
        ("unique_opens", "opens_unique"),
        ("unique_clicks", "clicks_unique"),
        ("unsubscribes", "unsubscribe_uniques"),
        ("spam_complaints", "spam_complaints"),
    ):
        assert sum(each[statistic] for each in letters) == truth[number], number
    value = sum(round(each["conversion_value"] * 100) for each in letters)
    assert value == (truth["message_revenue"] or 0) * 100 > 0


def test_an_order_is_counted_on_its_own_day_and_on_that_of_the_send(
    asking: httpx.Client, year: Shop
) -> None:
    columns, here = year.events, ZoneInfo(year.account.timezone)

    def day(row: int) -> dt.date:
        return dt.datetime.fromtimestamp(int(columns.at[row]), here).date()

    order, receipt = next(
        (row, receipt)
        for row in columns.rows(Kind.PLACED_ORDER).tolist()
        if (touch := int(columns.touch[row])) >= 0
        and columns.visible_at[row] <= year.now
        and columns.message[touch] >= 0
        and year.catalogue.messages[columns.message[touch]].campaign >= 0
        and day(receipt := int(columns.receipt[touch]) if columns.receipt[touch] >= 0 else touch)
        != day(row)
    )
    message = year.catalogue.messages[columns.message[receipt]]

    def reported(on: dt.date) -> int:
        at = {"start": f"{on}T00:00:00", "end": f"{on}T23:59:59"}
        asked = _attributes(
            year, timeframe=at, filter=f'equals(campaign_message_id,"{message.id}")'
        )
        results = _results(asking, KINDS["campaign"], asked)
        return sum(each["statistics"]["conversions"] for each in results)

    def aggregated(on: dt.date) -> int:
        is_letter = message.channel == "email"
        sender = year.catalogue.campaigns[message.campaign].id if is_letter else message.id
        asked = {
            "metric_id": year.metrics[Kind.PLACED_ORDER].id,
            "measurements": ["count"],
            "timezone": year.account.timezone,
            "filter": [
                f"greater-or-equal(datetime,{on})",
                f"less-than(datetime,{on + dt.timedelta(days=1)})",
                f'equals($attributed_message,"{sender}")',
            ],
        }
        rows = _post(asking, "metric-aggregate", asked).json()["data"]["attributes"]["data"]
        return sum(sum(row["measurements"]["count"]) for row in rows)

    assert aggregated(day(order)) >= 1
    assert reported(day(order)) == 0
    assert reported(day(receipt)) >= 1
    assert aggregated(day(receipt)) < reported(day(receipt))


def test_a_custom_metric_can_be_the_conversion(asking: httpx.Client, year: Shop) -> None:
    bodies = asking.get("/api/custom-metrics").json()["data"]
    ids = {body["attributes"]["name"]: body["id"] for body in bodies}
    span = {"timeframe": {"key": "last_365_days"}}

    def reported(metric: str | None) -> list[tuple[int, float]]:
        chosen = {"conversion_metric_id": metric} if metric else {}
        return [
            (result["statistics"]["conversions"], result["statistics"]["conversion_value"])
            for owner in ("campaign", "flow")
            for result in _results(asking, KINDS[owner], _attributes(year, **span, **chosen))
        ]

    everything, both = reported(None), reported(ids["Revenue of both shops"])
    assert everything == both  # the old shop's orders are credited to no message
    large = reported(ids["Large orders"])
    columns = year.events
    receipts = np.where(columns.receipt[columns.touch] >= 0, columns.receipt[columns.touch], -1)
    receipts = np.where(receipts >= 0, receipts, columns.touch)
    first = dt.datetime.combine(year.plan.until - dt.timedelta(days=365), dt.time())
    since = first.replace(tzinfo=ZoneInfo(year.account.timezone)).timestamp()
    counted = [
        row
        for row in columns.rows(Kind.PLACED_ORDER).tolist()
        if columns.touch[row] >= 0
        and columns.visible_at[row] <= year.now
        and since <= columns.at[receipts[row]] < year.now
        and columns.value[row] >= 100_00
    ]
    assert sum(count for count, _ in large) == len(counted) > 0
    cents = sum(round(value * 100) for _, value in large)
    assert cents == sum(columns.value[counted].tolist())
    assert sum(count for count, _ in large) < sum(count for count, _ in everything)


def test_pages_hold_every_result_once(asking: httpx.Client, year: Shop) -> None:
    attributes = _attributes(year, timeframe={"key": "last_365_days"})
    first = _post(asking, KINDS["campaign"], attributes).json()
    results = _results(asking, KINDS["campaign"], attributes)
    ids = [result["groupings"]["campaign_message_id"] for result in results]
    assert len(first["data"]["attributes"]["results"]) == 100 < len(ids) == len(set(ids))
    assert f"{first['links']['self']}?page_cursor=" in first["links"]["next"]
    named = first["data"]["relationships"]["campaigns"]["data"]
    assert [each["id"] for each in named] == [
        result["groupings"]["campaign_id"] for result in results[:100]
    ]
    cursor = httpx.URL(first["links"]["next"]).params["page_cursor"]
    for body, given in ((attributes, "nonsense"), (_attributes(year), cursor)):
        assert _post(asking, KINDS["campaign"], body, page_cursor=given).status_code == 400


@pytest.mark.parametrize(
    "groups",
    [
        ["campaign_id", "campaign_message_id"],
        ["campaign_id", "campaign_message_id", "campaign_message_name", "text_message_format"],
        ["campaign_message_id", "campaign_id", "group", "group_name", "send_channel"],
    ],
)
def test_groups_name_the_message(asking: httpx.Client, year: Shop, groups: list[str]) -> None:
    usual = _results(asking, KINDS["campaign"], _attributes(year))
    results = _results(asking, KINDS["campaign"], _attributes(year, group_by=groups))
    assert [list(each["groupings"]) for each in results] == [groups] * len(usual)
    assert [each["statistics"] for each in results] == [each["statistics"] for each in usual]
    by_id = {message.id: message for message in year.catalogue.messages}
    for each in results:
        message = by_id[each["groupings"]["campaign_message_id"]]
        assert each["groupings"].get("campaign_message_name", message.name) == message.name
        text = "SMS" if message.channel == "sms" else None
        assert each["groupings"].get("text_message_format", text) == text


def test_variations_add_up_to_their_message(asking: httpx.Client, year: Shop) -> None:
    span = {"timeframe": {"key": "last_365_days"}}
    groups = ["campaign_id", "campaign_message_id", "variation", "variation_name"]
    whole = _results(asking, KINDS["campaign"], _attributes(year, **span))
    parts = _results(asking, KINDS["campaign"], _attributes(year, **span, group_by=groups))
    tested: dict[str, list[Body]] = defaultdict(list)
    for part in parts:
        tested[part["groupings"]["campaign_message_id"]].append(part)
    names = {each.id: each.name for each in year.catalogue.variations}
    for result in whole:
        those = tested[result["groupings"]["campaign_message_id"]]
        for name in ("delivered", "opens", "clicks", "conversions"):
            total = sum(part["statistics"][name] for part in those)
            assert total == result["statistics"][name]
        for part in those:
            variation = part["groupings"]["variation"]
            assert part["groupings"]["variation_name"] == names.get(variation)
    assert sum(len(those) > 1 for those in tested.values()) > 3


def test_tags_stand_apart(asking: httpx.Client, year: Shop) -> None:
    groups = ["campaign_id", "campaign_message_id", "tag_id", "tag_name"]
    results = _results(asking, KINDS["campaign"], _attributes(year, group_by=groups))
    tags = {
        body["id"]: body["attributes"]["name"] for body in asking.get("/api/tags").json()["data"]
    }
    for result in results:
        assert tags[result["groupings"]["tag_id"]] == result["groupings"]["tag_name"]
    messages = {result["groupings"]["campaign_message_id"] for result in results}
    assert len(messages) < len(results)


@pytest.mark.parametrize(
    ("filters", "keeps"),
    [
        ('equals(send_channel,"sms")', lambda each: each["send_channel"] == "sms"),
        (
            'contains-any(send_channel,["sms","whatsapp"])',
            lambda each: each["send_channel"] == "sms",
        ),
        ('contains-any(tag_name,["offer","test"])', lambda each: each["tag_name"] != ["brand"]),
        (
            'contains-all(tag_name,["brand","test"])',
            lambda each: each["tag_name"] == ["brand", "test"],
        ),
        (
            'and(equals(send_channel,"email"),contains-any(tag_name,["offer"]))',
            lambda each: each["send_channel"] == "email" and "offer" in each["tag_name"],
        ),
        ('equals(campaign_id,"nobody")', lambda each: False),
    ],
)
def test_filters_keep_what_they_name(
    asking: httpx.Client, year: Shop, filters: str, keeps: Any
) -> None:
    span = {"timeframe": {"key": "last_365_days"}, "statistics": ["recipients"]}
    whole = _results(asking, KINDS["campaign"], _attributes(year, **span))
    groups = ["campaign_id", "campaign_message_id", "tag_name"]
    tags: dict[str, list[str]] = defaultdict(list)
    for each in _results(asking, KINDS["campaign"], _attributes(year, **span, group_by=groups)):
        tags[each["groupings"]["campaign_id"]].append(each["groupings"]["tag_name"])
    wanted = [
        each
        for each in whole
        if keeps({**each["groupings"], "tag_name": sorted(tags[each["groupings"]["campaign_id"]])})
    ]
    assert _results(asking, KINDS["campaign"], _attributes(year, **span, filter=filters)) == wanted
    assert len(wanted) < len(whole)
    assert wanted or "nobody" in filters


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"statistics": []}, "statistics"),
        ({"statistics": ["opens", "joy"]}, "statistics"),
        ({"timeframe": {"key": "for_ever"}}, "timeframe"),
        ({"conversion_metric_id": None}, "conversion_metric_id"),
        ({"conversion_metric_id": "nobody"}, "conversion_metric_id"),
        ({"group_by": ["campaign_id"]}, "group_by"),
        ({"group_by": ["campaign_id", "campaign_message_id", "flow_id"]}, "group_by"),
        ({"filter": 'contains(campaign_id,"x")'}, "filter"),
        ({"filter": 'equals(campaign_id,["x"])'}, "filter"),
        ({"filter": 'contains-any(campaign_id,"x")'}, "filter"),
        ({"filter": 'contains-all(campaign_id,["x"])'}, "filter"),
        ({"filter": 'equals(tag_name,"offer")'}, "filter"),
        ({"filter": 'equals(send_channel,"pigeon")'}, "filter"),
        ({"filter": 'equals(flow_id,"x")'}, "filter"),
        ({"filter": 'equals(campaign_id,"x"),equals(campaign_id,"y")'}, "filter"),
        ({"filter": f"contains-any(campaign_id,{['x'] * 101})".replace("'", '"')}, "filter"),
        ({"filter": "equals(campaign_id"}, "filter"),
    ],
)
def test_what_the_contract_does_not_offer_is_refused(
    asking: httpx.Client, year: Shop, change: Body, pointer: str
) -> None:
    answer = _post(asking, KINDS["campaign"], _attributes(year, **change))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["source"] == {"pointer": f"/data/attributes/{pointer}"}


@pytest.mark.parametrize(
    ("interval", "key", "days", "longest"),
    [
        ("hourly", "last_7_days", 8, "7 days"),
        ("daily", "last_30_days", 61, "60 days"),
        ("weekly", "last_90_days", 365, "52 weeks"),
        ("monthly", "last_90_days", 365, "52 weeks"),
    ],
)
def test_a_series_is_only_so_long(
    asking: httpx.Client, year: Shop, interval: str, key: str, days: int, longest: str
) -> None:
    kind = "flow-series-report"
    attributes = _attributes(year, interval=interval, timeframe={"key": key})
    answer = _post(asking, kind, attributes)
    assert answer.status_code == 200, answer.text
    start = year.plan.until - dt.timedelta(days=days)
    attributes["timeframe"] = {
        "start": f"{start}T00:00:00",
        "end": f"{year.plan.until - dt.timedelta(days=1)}T23:59:59",
    }
    refused = _post(asking, kind, attributes)
    assert refused.status_code == 400
    assert f"longer than {longest}" in refused.json()["errors"][0]["detail"]
    attributes["interval"] = "yearly"
    assert _post(asking, kind, attributes).status_code == 400


def test_a_series_adds_up_to_the_values(asking: httpx.Client, year: Shop) -> None:
    names = ["opens", "clicks", "unsubscribes", "conversions"]
    asked = _attributes(year, statistics=names, timeframe={"key": "last_30_days"})
    values = _results(asking, "flow-values-report", asked)
    body = _post(asking, "flow-series-report", {**asked, "interval": "daily"}).json()["data"]
    series = body["attributes"]["results"]
    assert [each["groupings"] for each in series] == [each["groupings"] for each in values]
    for many, one in zip(series, values, strict=True):
        assert {name: sum(many["statistics"][name]) for name in names} == one["statistics"]
        assert all(len(many["statistics"][name]) == 30 for name in names)
    days = [text[:10] for text in body["attributes"]["date_times"]]
    assert days == [str(year.plan.until + dt.timedelta(days=each)) for each in range(-30, 0)]
    here = ZoneInfo(year.account.timezone)
    assert all(
        dt.datetime.fromtimestamp(second(text), here).time() == dt.time()
        for text in body["attributes"]["date_times"]
    )
    related = body["relationships"]
    assert {each["id"] for each in related["flow-messages"]["data"]} == {
        each["groupings"]["flow_message_id"] for each in series
    }


def test_a_report_shows_what_is_known_by_now(year: Shop) -> None:
    attributes = _attributes(year, timeframe={"start": "2026-10-25", "end": "2026-11-10T23:00:00"})
    with SandboxServer(year, limiter=Limiter(scale=math.inf)) as server, client_of(server) as asks:
        before = _results(asks, KINDS["campaign"], attributes)
        server.advance(days=8)
        after = _results(asks, KINDS["campaign"], attributes)
    known = {each["groupings"]["campaign_id"]: each["statistics"] for each in after}
    assert len(before) < len(after)
    for each in before:
        later = known[each["groupings"]["campaign_id"]]
        assert each["statistics"]["opens"] <= later["opens"]


def test_only_the_fields_asked_for_are_served(asking: httpx.Client, year: Shop) -> None:
    sparse = {"fields[flow-series-report]": "date_times"}
    asked = _attributes(year, interval="weekly")
    body = _post(asking, "flow-series-report", asked, **sparse).json()
    assert list(body["data"]["attributes"]) == ["date_times"]
    again = _post(asking, "flow-series-report", asked).json()
    assert set(again["data"]["attributes"]) == {"date_times", "results"}
    assert again["data"]["id"] == body["data"]["id"]


def test_reports_are_asked_by_post(asking: httpx.Client) -> None:
    assert asking.get("/api/campaign-values-reports").status_code == 405
