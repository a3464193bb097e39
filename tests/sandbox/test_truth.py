"""Truth against served data: the same numbers from a plain loop over JSON."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from workbench.periods import DateRange, iso_week
from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, Truth, build_shop

from .conftest import client_of, every, money, resources

Event = dict[str, Any]
EMAIL_ANSWERS = {
    "Opened Email": "unique_opens",
    "Clicked Email": "unique_clicks",
    "Unsubscribed from Email Marketing": "unsubscribes",
    "Marked Email as Spam": "spam_complaints",
}


@dataclass
class Served:
    """Everything the API served of one account."""

    shop: Shop
    by_name: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    by_id: dict[str, Event] = field(default_factory=dict)
    credited: dict[str, str] = field(default_factory=dict)

    def is_own(self, event: Event) -> bool:
        """Whether its value is in the account's currency."""
        said = event["attributes"]["event_properties"]["$value_currency"]
        return bool(said == self.shop.account.currency)

    def day(self, event: Event) -> dt.date:
        instant = dt.datetime.fromisoformat(event["attributes"]["datetime"])
        return instant.astimezone(ZoneInfo(self.shop.account.timezone)).date()


@pytest.fixture(scope="module", params=["America/New_York", "Australia/Adelaide"])
def served(request: pytest.FixtureRequest) -> Served:
    shop = build_shop(ShopPlan(profiles=200, days=120, timezone=request.param))
    with (
        SandboxServer(shop, limiter=Limiter(scale=math.inf)) as server,
        client_of(server) as client,
    ):
        found = Served(shop)
        mapped = {body["id"]: body for body in resources(client, "/api/mapped-metrics")}
        revenue = mapped["revenue"]["relationships"]["metric"]["data"]["id"]
        names = {b["id"]: b["attributes"]["name"] for b in resources(client, "/api/metrics")}
        names = {each: name for each, name in names.items() if name != "Placed Order"}
        names[revenue] = "Placed Order"
        asked = {"page[size]": "1000", "include": "attributions"}
        for page in every(client, "/api/events", **asked):
            for event in page["data"]:
                found.by_id[event["id"]] = event
                metric = event["relationships"]["metric"]["data"]["id"]
                found.by_name[names.get(metric, "other")].append(event)
            for each in page["included"]:
                related = each["relationships"]
                order, touch = related["event"], related["attributed-event"]
                found.credited[order["data"]["id"]] = touch["data"]["id"]
    return found


def _profile(event: Event) -> str | None:
    """Whose it is; None when that profile was deleted."""
    related = event["relationships"].get("profile")
    return str(related["data"]["id"]) if related else None


def _known(events: list[Event]) -> list[Event]:
    return [event for event in events if _profile(event) is not None]


def _pair(event: Event) -> tuple[str, str | None]:
    return event["attributes"]["event_properties"]["$message"], _profile(event)


def _value(event: Event) -> Decimal:
    return money(event["attributes"]["event_properties"]["$value"])


def _send(event: Event) -> tuple[str, str | None]:
    return event["attributes"]["event_properties"]["$_cohort$message_send_cohort"], _profile(event)


def _loop_over_orders(served: Served, days: DateRange) -> dict[str, Any]:
    placed = [event for event in served.by_name["Placed Order"] if served.day(event) in days]
    orders = [event for event in placed if served.is_own(event)]
    credited = [event for event in orders if event["id"] in served.credited]
    first: dict[str | None, dt.date] = {}
    for event in _known(served.by_name["Placed Order"]):
        first.setdefault(_profile(event), served.day(event))
    revenue = sum((_value(event) for event in orders), Decimal(0))
    return {
        "revenue": revenue,
        "orders": len(orders),
        "orders_other_currency": len(placed) - len(orders),
        "average_order_value": revenue / len(orders),
        "attributed_revenue": sum((_value(event) for event in credited), Decimal(0)),
        "attributed_orders": len(credited),
        "customers": len({_profile(event) for event in _known(placed)}),
        "new_customers": sum(day in days for day in first.values()),
    }


def _loop_over_messages(served: Served, days: DateRange) -> dict[str, Any]:
    """What became of the sends of known profiles; who was deleted counts for nobody."""
    received = [e for e in _known(served.by_name["Received Email"]) if served.day(e) in days]
    sent_in_days = {_send(event) for event in received}
    delivered = {_pair(event) for event in received}
    bounced = {_pair(e) for e in _known(served.by_name["Bounced Email"]) if served.day(e) in days}
    numbers: dict[str, Any] = {
        "delivered": len(delivered),
        "bounced": len(bounced),
        "recipients": len(delivered) + len(bounced),
    }
    for name, number in EMAIL_ANSWERS.items():
        answers = [e for e in _known(served.by_name[name]) if _send(e) in sent_in_days]
        numbers[number] = len({_pair(event) for event in answers})
    numbers["message_revenue"] = Decimal(0)
    for order, touch in served.credited.items():
        if served.is_own(served.by_id[order]) and _send_of(served.by_id[touch]) in sent_in_days:
            numbers["message_revenue"] += _value(served.by_id[order])
    return numbers


def _send_of(touch: Event) -> tuple[str, str | None] | None:
    """The send that a touch answers; None when the touch is nobody's."""
    return _send(touch) if _known([touch]) else None


@pytest.mark.parametrize("week", ["2026-W40", "2026-W43", "2026-W44"])
def test_the_truth_equals_what_is_served(served: Served, week: str) -> None:
    days = iso_week(week)  # W40 and W44 hold the end of winter time in Adelaide and of summer time
    truth = Truth(served.shop).key_numbers(days)
    assert truth == {**_loop_over_orders(served, days), **_loop_over_messages(served, days)}
    assert min(truth[name] or 0 for name in ("orders", "delivered", "unique_opens")) > 0


def test_the_whole_history_too(served: Served) -> None:
    days = DateRange(dt.date(2026, 7, 5), dt.date(2026, 11, 1))
    truth = Truth(served.shop).key_numbers(days)
    assert truth == {**_loop_over_orders(served, days), **_loop_over_messages(served, days)}
    assert min(truth[name] or 0 for name in ("unsubscribes", "bounced", "message_revenue")) > 0


def test_daily_revenue_adds_up_day_by_day(served: Served) -> None:
    by_day: dict[dt.date, Decimal] = defaultdict(Decimal)
    for event in served.by_name["Placed Order"]:
        if served.is_own(event):
            by_day[served.day(event)] += _value(event)
    frame = Truth(served.shop).daily_revenue()
    assert {
        day: value for day, value in zip(frame["ds"], frame["revenue"], strict=True) if value
    } == by_day


def test_messages_add_up_to_the_key_numbers(served: Served) -> None:
    days = DateRange(dt.date(2026, 7, 1), dt.date(2026, 11, 1))
    truth = Truth(served.shop)
    campaigns, flows = truth.campaign_numbers(), truth.flow_numbers(days)
    email = campaigns[campaigns["channel"] == "email"]
    flows = flows[flows["channel"] == "email"]
    numbers = truth.key_numbers(days)
    for column, name in (
        ("delivered", "delivered"),
        ("unique_opens", "unique_opens"),
        ("unique_clicks", "unique_clicks"),
        ("revenue", "message_revenue"),
    ):
        assert email[column].sum() + flows[column].sum() == numbers[name]
    assert campaigns["campaign_id"].is_unique
    assert flows["message_id"].is_unique


def test_the_truth_follows_the_clock(shop: Shop) -> None:
    days = DateRange(dt.date(2026, 10, 26), dt.date(2026, 11, 8))
    today, later = Truth(shop), Truth(shop, now=shop.now + 7 * 86_400)
    assert later.key_numbers(days)["orders"] > today.key_numbers(days)["orders"]  # type: ignore[operator]
    quiet = DateRange(dt.date(2020, 1, 1), dt.date(2020, 1, 7))
    assert today.key_numbers(quiet)["average_order_value"] is None
