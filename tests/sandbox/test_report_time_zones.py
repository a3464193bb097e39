"""Reports and aggregates against a plain loop over the served events, around changes of the clock.

Nothing here reads the columns of the shop: the loop sees what a client sees.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, build_shop

from .conftest import client_of, every, money, resources

Event = dict[str, Any]
Numbers = dict[str, Any]

# metric -> what it adds to: a number of events, and a number of profiles
ANSWERS = {
    "Opened Email": ("opens", "opens_unique"),
    "Opened Push": ("opens", "opens_unique"),
    "Clicked Email": ("clicks", "clicks_unique"),
    "Clicked SMS": ("clicks", "clicks_unique"),
    "Unsubscribed from Email Marketing": ("unsubscribes", "unsubscribe_uniques"),
    "Unsubscribed from SMS Marketing": ("unsubscribes", "unsubscribe_uniques"),
    "Marked Email as Spam": ("spam_complaints", ""),
}
SENDS = {
    "Received Email": ("email", "delivered"),
    "Received SMS": ("sms", "delivered"),
    "Received Text Message": ("sms", "delivered"),
    "Received Push": ("push-notification", "delivered"),
    "Bounced Email": ("email", "bounced"),
    "Failed to Deliver SMS": ("sms", "failed"),
}
STATISTICS = [
    *("delivered", "bounced", "failed", "opens", "opens_unique", "clicks", "clicks_unique"),
    *("unsubscribes", "unsubscribe_uniques", "spam_complaints"),
    *("conversions", "conversion_uniques", "conversion_value"),
]
# zone, day after the last one, and the day on which its clock changed
CHANGES = [
    ("Europe/Berlin", dt.date(2025, 11, 16), dt.date(2025, 10, 26)),
    ("Europe/Berlin", dt.date(2026, 4, 19), dt.date(2026, 3, 29)),
    ("America/New_York", dt.date(2025, 11, 23), dt.date(2025, 11, 2)),
    ("America/New_York", dt.date(2026, 3, 29), dt.date(2026, 3, 8)),
    ("Australia/Adelaide", dt.date(2025, 10, 26), dt.date(2025, 10, 5)),
    ("Australia/Adelaide", dt.date(2026, 4, 26), dt.date(2026, 4, 5)),
]


@dataclass
class Served:
    """Everything that the API served of one account, and the account itself to ask again."""

    shop: Shop
    changed_on: dt.date
    client: httpx.Client
    metrics: dict[str, str] = field(default_factory=dict)
    by_name: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    by_id: dict[str, Event] = field(default_factory=dict)
    credited: dict[str, str] = field(default_factory=dict)
    sent_at: dict[tuple[str, str | None], dt.datetime] = field(default_factory=dict)
    channel: dict[str, str] = field(default_factory=dict)

    def clock(self, event: Event) -> dt.datetime:
        instant = dt.datetime.fromisoformat(event["attributes"]["datetime"])
        return instant.astimezone(ZoneInfo(self.shop.account.timezone))

    def post(self, path: str, kind: str, **attributes: Any) -> dict[str, Any]:
        asked = {"data": {"type": kind, "attributes": attributes}}
        answer = self.client.post(f"/api/{path}", json=asked)
        assert answer.status_code == 200, answer.text
        assert answer.json()["links"]["next"] is None
        found: dict[str, Any] = answer.json()["data"]["attributes"]
        return found


@pytest.fixture(scope="module", params=CHANGES, ids=lambda each: f"{each[0]} {each[2]}")
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    timezone, until, changed_on = request.param
    # many profiles that were merged or deleted since
    plan = ShopPlan(profiles=150, days=60, timezone=timezone, until=until, fates_share=15.0)
    shop = build_shop(plan)
    with (
        SandboxServer(shop, limiter=Limiter(scale=math.inf)) as server,
        client_of(server) as client,
    ):
        found = Served(shop, changed_on, client)
        _read_events(found)
        yield found


def _read_events(found: Served) -> None:
    mapped = {body["id"]: body for body in resources(found.client, "/api/mapped-metrics")}
    revenue = mapped["revenue"]["relationships"]["metric"]["data"]["id"]
    for body in resources(found.client, "/api/metrics"):
        name = body["attributes"]["name"]
        found.metrics[body["id"]] = "other" if name == "Placed Order" else name
    found.metrics[revenue] = "Placed Order"
    asked = {"page[size]": "1000", "include": "attributions"}
    for page in every(found.client, "/api/events", **asked):
        for event in page["data"]:
            found.by_id[event["id"]] = event
            name = found.metrics[event["relationships"]["metric"]["data"]["id"]]
            found.by_name[name].append(event)
            if name in SENDS:
                found.sent_at[_send(event)] = found.clock(event)
                found.channel[_message(event)] = SENDS[name][0]
        for each in page["included"]:
            related = each["relationships"]
            touch = related["attributed-event"]["data"]["id"]
            found.credited[related["event"]["data"]["id"]] = touch


def _profile(event: Event) -> str | None:
    related = event["relationships"].get("profile", {}).get("data")
    return related["id"] if related else None


def _message(event: Event) -> str:
    return str(event["attributes"]["event_properties"]["$message"])


def _send(event: Event) -> tuple[str, str | None]:
    return event["attributes"]["event_properties"]["$_cohort$message_send_cohort"], _profile(event)


def _value(event: Event) -> Decimal:
    return money(event["attributes"]["event_properties"]["$value"])


def _loop(served: Served, bucket: Callable[[dt.datetime], Any]) -> dict[tuple[str, Any], Numbers]:
    """By message and bucket of the send: the numbers of a report. No bucket, not counted."""
    numbers: dict[tuple[str, Any], Numbers] = defaultdict(lambda: dict.fromkeys(STATISTICS, 0))
    people: dict[tuple[str, Any, str], set[str]] = defaultdict(set)

    def add(name: str, unique: str, send: Event, actor: Event, value: Any = 1) -> None:
        sent_at = served.sent_at.get(_send(send))
        if sent_at is None or bucket(sent_at) is None:
            return
        key = _message(send), bucket(sent_at)
        numbers[key][name or unique] += value if name else 0
        if unique and (profile := _profile(actor)) is not None:
            people[*key, unique].add(profile)

    for metric, (_, name) in SENDS.items():
        for event in served.by_name[metric]:
            add("", name, event, event)
    for metric, (name, unique) in ANSWERS.items():
        for event in served.by_name[metric]:
            if "$_cohort$message_send_cohort" in event["attributes"]["event_properties"]:
                add(name, unique, event, event)
    for event in served.by_name["Placed Order"]:
        if event["id"] in served.credited:
            touch = served.by_id[served.credited[event["id"]]]
            add("conversions", "conversion_uniques", touch, event)
            add("conversion_value", "", touch, event, _value(event))
    for (message, at, unique), profiles in people.items():
        numbers[message, at][unique] = len(profiles)
    return numbers


def _report(served: Served, owner: str, start: dt.datetime, end: dt.datetime) -> dict[str, Numbers]:
    """By message as events name it: the numbers of a values report, with the channel."""
    found = served.post(
        f"{owner}-values-reports",
        f"{owner}-values-report",
        statistics=STATISTICS,
        timeframe={"start": f"{start.isoformat()}Z", "end": f"{end.isoformat()}Z"},
        conversion_metric_id=_metric(served, "Placed Order"),
    )
    return {
        _name(result["groupings"], owner): {
            **{name: _exact(value) for name, value in result["statistics"].items()},
            "channel": result["groupings"]["send_channel"],
        }
        for result in found["results"]
    }


def _name(groupings: Numbers, owner: str) -> str:
    is_campaign_email = owner == "campaign" and groupings["send_channel"] == "email"
    return str(groupings["campaign_id" if is_campaign_email else f"{owner}_message_id"])


def _exact(value: float) -> int | Decimal:
    return money(value) if isinstance(value, float) else value


def _metric(served: Served, name: str) -> str:
    return next(each for each, known in served.metrics.items() if known == name)


def test_some_recipients_were_merged_or_deleted_since(served: Served) -> None:
    letters = served.by_name["Received Email"]
    assert {None} < {_profile(event) for event in letters}
    for metric in ("Received Email", "Opened Email"):
        people = {_profile(event) for event in served.by_name[metric]}
        assert people - {None} <= {body["id"] for body in resources(served.client, "/api/profiles")}


def _both(served: Served, start: dt.datetime, end: dt.datetime) -> dict[str, Numbers]:
    return _report(served, "campaign", start, end) | _report(served, "flow", start, end)


def _looped(served: Served, inside: Callable[[dt.datetime], bool]) -> dict[str, Numbers]:
    numbers = _loop(served, lambda sent_at: True if inside(sent_at) else None)
    return {
        message: {**each, "channel": served.channel[message]}
        for (message, _), each in numbers.items()
    }


def test_values_equal_the_loop_over_the_whole_history(served: Served) -> None:
    last = served.shop.plan.until - dt.timedelta(days=1)
    first = last - dt.timedelta(days=59)
    start, end = dt.datetime.combine(first, dt.time()), dt.datetime.combine(last, dt.time(23))
    reported = _both(served, start, end)
    assert reported == _looped(served, lambda sent_at: first <= sent_at.date() <= last)
    totals = {name: sum(each[name] for each in reported.values()) for name in STATISTICS}
    assert min(totals[name] for name in ("opens", "clicks_unique", "bounced", "conversions")) > 0
    assert len({each["channel"] for each in reported.values()}) >= 2


def test_values_equal_the_loop_day_by_day_around_the_change(served: Served) -> None:
    filled = 0
    for shift in range(-4, 5):
        day = served.changed_on + dt.timedelta(days=shift)
        start, end = dt.datetime.combine(day, dt.time()), dt.datetime.combine(day, dt.time(23, 59))
        reported = _both(served, start, end)
        assert reported == _looped(served, partial(_is_on, day)), day
        filled += bool(reported)
    assert filled >= 5


def _is_on(day: dt.date, clock: dt.datetime) -> bool:
    return clock.date() == day


@pytest.mark.parametrize("hour", [0, 1, 2, 3])
def test_the_end_of_a_timeframe_runs_to_the_end_of_its_hour(served: Served, hour: int) -> None:
    start = dt.datetime.combine(served.changed_on - dt.timedelta(days=3), dt.time(4))
    end = dt.datetime.combine(served.changed_on, dt.time(hour, 5))
    # a repeated hour is counted twice, a skipped one has nothing
    last = end.replace(minute=59, second=59)
    inside = _looped(served, lambda at: start <= at.replace(tzinfo=None) <= last)
    assert _both(served, start, end) == inside


@pytest.mark.parametrize("interval", ["hourly", "daily", "weekly", "monthly"])
def test_flow_series_equal_the_loop(served: Served, interval: str) -> None:
    days = 6 if interval == "hourly" else 40
    first = served.changed_on - dt.timedelta(days=min(days, 3 if days == 6 else 30))
    last = first + dt.timedelta(days=days)
    found = served.post(
        "flow-series-reports",
        "flow-series-report",
        statistics=STATISTICS,
        timeframe={"start": f"{first}T00:00:00+00:00", "end": f"{last}T23:59:59+00:00"},
        interval=interval,
        conversion_metric_id=_metric(served, "Placed Order"),
    )
    reported = {
        (result["groupings"]["flow_message_id"], dt.datetime.fromisoformat(at)): {
            name: _exact(values[place]) for name, values in result["statistics"].items()
        }
        for result in found["results"]
        for place, at in enumerate(found["date_times"])
    }
    flows = {message for message, _ in reported}
    unit = {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month"}[interval]

    def bucket(sent_at: dt.datetime) -> dt.datetime | None:
        return _beginning(sent_at, unit) if first <= sent_at.date() <= last else None

    looped = {key: each for key, each in _loop(served, bucket).items() if key[0] in flows}
    nothing = dict.fromkeys(STATISTICS, 0)
    assert set(looped) <= set(reported)
    assert reported == {key: looped.get(key, nothing) for key in reported}
    assert len(looped) >= 5


def _beginning(clock: dt.datetime, unit: str) -> dt.datetime:
    """The instant at which the hour, day, week or month of a clock began."""
    if unit == "hour":
        return clock.replace(minute=0, second=0).astimezone(dt.UTC)
    day = clock.date()
    if unit == "week":
        day -= dt.timedelta(days=day.weekday())
    if unit == "month":
        day = day.replace(day=1)
    return dt.datetime.combine(day, dt.time(), clock.tzinfo).astimezone(dt.UTC)


@pytest.mark.parametrize("interval", ["hour", "day", "week", "month"])
@pytest.mark.parametrize("metric", ["Opened Email", "Received Email", "Placed Order"])
def test_aggregates_equal_the_loop(served: Served, metric: str, interval: str) -> None:
    first, last = (served.changed_on + dt.timedelta(days=days) for days in (-10, 12))
    credit = metric == "Placed Order"
    found = served.post(
        "metric-aggregates",
        "metric-aggregate",
        metric_id=_metric(served, metric),
        measurements=["count", "sum_value", "unique"],
        filter=[f"greater-or-equal(datetime,{first}T00:00:00)", f"less-than(datetime,{last})"],
        by=["$attributed_message" if credit else "$message"],
        interval=interval,
        timezone=served.shop.account.timezone,
    )
    dates = [dt.datetime.fromisoformat(text) for text in found["dates"]]
    reported = {
        (row["dimensions"][0], date): tuple(
            _exact(row["measurements"][name][place]) for name in ("count", "sum_value", "unique")
        )
        for row in found["data"]
        for place, date in enumerate(dates)
    }
    looped: dict[tuple[str, dt.datetime], list[Event]] = defaultdict(list)
    for event in served.by_name[metric]:
        if first <= served.clock(event).date() < last:
            touch = served.credited.get(event["id"], "") if credit else event["id"]
            message = _message(served.by_id[touch]) if touch else ""
            looped[message, _beginning(served.clock(event), interval)].append(event)
    assert set(looped) <= set(reported)
    assert reported == {
        key: (
            len(looped[key]),
            sum((_value(event) for event in looped[key]), Decimal(0)) if credit else Decimal(0),
            len({_profile(event) for event in looped[key]} - {None}),
        )
        for key in reported
    }
    assert sum(map(len, looped.values())) > 10
