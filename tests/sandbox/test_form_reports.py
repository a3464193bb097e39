"""Reports of forms and of segments against plain loops."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import numpy as np
import pytest

from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, build_shop
from workbench.sandbox.shop.events import Kind

from .conftest import client_of, resources

Body = dict[str, Any]
FORM_STATISTICS = [
    *("viewed_form", "viewed_form_uniques", "viewed_form_step", "viewed_form_step_uniques"),
    *("submits", "submit_rate", "submitted_form_step", "submitted_form_step_uniques"),
    *("closed_form", "closed_form_uniques", "qualified_form", "qualified_form_uniques"),
]
SEGMENT_STATISTICS = ["total_members", "members_added", "members_removed", "net_members_changed"]
FIRST, LAST = (
    dt.date(2025, 9, 29),
    dt.date(2025, 11, 2),
)  # five weeks, the change of the clock within


@pytest.fixture(scope="module")
def shop() -> Shop:
    plan = ShopPlan(
        profiles=300,
        days=90,
        timezone="Europe/Berlin",
        until=dt.date(2025, 11, 16),
        fates_share=10.0,
    )
    return build_shop(plan)


@pytest.fixture(scope="module")
def client(shop: Shop) -> Iterator[httpx.Client]:
    with SandboxServer(shop, limiter=Limiter(scale=math.inf)) as server, client_of(server) as asks:
        yield asks


def _post(client: httpx.Client, kind: str, **attributes: Any) -> httpx.Response:
    usual = {"timeframe": {"start": f"{FIRST}T00:00:00", "end": f"{LAST}T23:59:59"}}
    body = {"data": {"type": kind, "attributes": {**usual, **attributes}}}
    return client.post(f"/api/{kind}s", json=body)


def _found(client: httpx.Client, kind: str, **attributes: Any) -> Body:
    answer = _post(client, kind, **attributes)
    assert answer.status_code == 200, answer.text
    found: Body = answer.json()["data"]["attributes"]
    return found


def _week(day: dt.date) -> str:
    return str(day - dt.timedelta(days=day.weekday()))


def _loop(
    client: httpx.Client, shop: Shop, key: str, *, weekly: bool
) -> dict[tuple[str, str], Body]:
    """By form (or version) and week: the statistics, from the served events."""
    steps = {version.id: len(version.steps) for version in shop.forms.versions}
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    people: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    names = {
        Kind.VIEWED_FORM: "viewed_form",
        Kind.SUBMITTED_FORM: "submits",
        Kind.CLOSED_FORM: "closed_form",
    }
    for kind, name in names.items():
        asked = {"page[size]": "1000", "filter": f'equals(metric_id,"{shop.metrics[kind].id}")'}
        for event in resources(client, "/api/events", **asked):
            said = event["attributes"]["event_properties"]
            instant = dt.datetime.fromisoformat(event["attributes"]["datetime"])
            day = instant.astimezone(ZoneInfo(shop.account.timezone)).date()
            if not FIRST <= day <= LAST:
                continue
            cell = str(said[key]), _week(day) if weekly else ""
            counts[cell][name] += 1
            if kind == Kind.SUBMITTED_FORM:
                counts[cell]["submitted_form_step"] += said["step_number"]
                counts[cell]["viewed_form_step"] += steps[str(said["form_version_id"])] - 1
            related = event["relationships"].get("profile", {}).get("data")
            people[*cell, name].add(related["id"] if related else event["id"])
    return {cell: _statistics(cell, count, people) for cell, count in counts.items()}


def _statistics(
    cell: tuple[str, str], count: Counter[str], people: dict[tuple[str, str, str], set[str]]
) -> Body:
    views, viewers = count["viewed_form"], len(people[*cell, "viewed_form"])
    return {
        "viewed_form": views,
        "viewed_form_uniques": viewers,
        "viewed_form_step": views + count["viewed_form_step"],
        "viewed_form_step_uniques": viewers,
        "qualified_form": views,
        "qualified_form_uniques": viewers,
        "submits": count["submits"],
        "submit_rate": count["submits"] / views if views else 0,
        "submitted_form_step": count["submitted_form_step"],
        "submitted_form_step_uniques": len(people[*cell, "submits"]),
        "closed_form": count["closed_form"],
        "closed_form_uniques": len(people[*cell, "closed_form"]),
    }


@pytest.mark.parametrize("groups", [None, ["form_id", "form_version_id"]])
def test_form_values_equal_the_loop(
    client: httpx.Client, shop: Shop, groups: list[str] | None
) -> None:
    found = _found(client, "form-values-report", statistics=FORM_STATISTICS, group_by=groups)
    key = groups[-1] if groups else "form_id"
    reported = {(each["groupings"][key], ""): each["statistics"] for each in found["results"]}
    assert reported == _loop(client, shop, key, weekly=False)
    assert all(list(each["groupings"]) == (groups or ["form_id"]) for each in found["results"])
    assert sum(each["submits"] for each in reported.values()) > 5


def test_form_series_equal_the_loop(client: httpx.Client, shop: Shop) -> None:
    found = _found(client, "form-series-report", statistics=FORM_STATISTICS, interval="weekly")
    weeks = [text[:10] for text in found["date_times"]]
    assert weeks == [str(FIRST + dt.timedelta(weeks=week)) for week in range(5)]
    reported = {
        (each["groupings"]["form_id"], week): {
            name: values[place] for name, values in each["statistics"].items()
        }
        for each in found["results"]
        for place, week in enumerate(weeks)
    }
    looped = _loop(client, shop, "form_id", weekly=True)
    nothing = dict.fromkeys(FORM_STATISTICS, 0)
    assert set(looped) <= set(reported)
    assert reported == {cell: looped.get(cell, nothing) for cell in reported}
    assert len(looped) > 8


def test_form_filters_keep_forms_and_versions(client: httpx.Client) -> None:
    asked: Body = {"statistics": ["submits"], "group_by": ["form_id", "form_version_id"]}
    whole = _found(client, "form-values-report", **asked)["results"]
    one, other = (each["groupings"] for each in (whole[0], whole[-1]))
    assert one["form_id"] != other["form_id"]
    for filters, keeps in (
        (f'equals(form_id,"{one["form_id"]}")', [one["form_id"]]),
        (f'any(form_id,["{one["form_id"]}","x"])', [one["form_id"]]),
        (f'equals(form_version_id,"{other["form_version_id"]}")', [other["form_id"]]),
        (f'and(equals(form_id,"{one["form_id"]}"),equals(form_version_id,"x"))', []),
    ):
        found = _found(client, "form-values-report", **asked, filter=filters)["results"]
        assert sorted({each["groupings"]["form_id"] for each in found}) == keeps
        assert all(each in whole for each in found)


def _members(shop: Shop, group: int, at: float) -> set[int]:
    """Who was in a group just before a second."""
    spells = shop.memberships
    rows = range(*spells.of(group).indices(len(spells)))
    return {
        int(spells.profile[row])
        for row in rows
        if spells.joined_at[row] < at <= spells.left_at[row]
    }


@pytest.mark.parametrize("interval", ["daily", "weekly", "monthly"])
def test_segment_series_equal_the_loop(client: httpx.Client, shop: Shop, interval: str) -> None:
    found = _found(
        client, "segment-series-report", statistics=SEGMENT_STATISTICS, interval=interval
    )
    here = ZoneInfo(shop.account.timezone)
    starts = [dt.datetime.fromisoformat(text).timestamp() for text in found["date_times"]]
    first = dt.datetime.combine(FIRST, dt.time(), here).timestamp()
    end = dt.datetime.combine(LAST + dt.timedelta(days=1), dt.time(), here).timestamp()
    edges = [max(starts[0], first), *starts[1:], end]
    rows = {group.id: row for row, group in enumerate(shop.groups)}
    for each in found["results"]:
        row, of = rows[each["groupings"]["segment_id"]], each["statistics"]
        assert of["total_members"] == [len(_members(shop, row, edge)) for edge in edges[1:]]
        changes = np.subtract(of["members_added"], of["members_removed"]).tolist()
        assert of["net_members_changed"] == changes
        totals = [len(_members(shop, row, edges[0])), *of["total_members"]]
        assert np.diff(totals).tolist() == changes
        spells = shop.memberships
        joined = spells.joined_at[spells.of(row)]
        assert of["members_added"] == np.histogram(joined, [*edges[:-1], edges[-1] - 1])[0].tolist()
    assert sum(sum(each["statistics"]["members_removed"]) for each in found["results"]) > 0


def test_segment_values_are_those_of_the_last_day(client: httpx.Client, shop: Shop) -> None:
    asked: Body = {"statistics": SEGMENT_STATISTICS}
    values = _found(client, "segment-values-report", **asked)["results"]
    series = _found(client, "segment-series-report", **asked, interval="daily")["results"]
    assert [each["groupings"] for each in values] == [each["groupings"] for each in series]
    for one, many in zip(values, series, strict=True):
        of, days = one["statistics"], many["statistics"]
        assert of["total_members"] == days["total_members"][-1]
        for name in SEGMENT_STATISTICS[1:]:
            assert of[name] == sum(days[name])
    shown = {body["id"] for body in resources(client, "/api/segments")}
    assert {each["groupings"]["segment_id"] for each in values} == shown
    only = values[0]["groupings"]["segment_id"]
    filtered = _found(
        client, "segment-values-report", **asked, filter=f'any(segment_id,["{only}"])'
    )
    assert filtered["results"] == values[:1]


def test_nothing_after_now_is_reported(client: httpx.Client, shop: Shop) -> None:
    until = {"timeframe": {"start": "2025-11-10", "end": "2025-12-20T23:00:00"}}
    asked: Body = {"statistics": SEGMENT_STATISTICS, "interval": "daily", **until}
    results = _found(client, "segment-series-report", **asked)["results"]
    for each in results:
        assert set(each["statistics"]["members_added"][7:]) == {0}
        assert len(set(each["statistics"]["total_members"][6:])) == 1


@pytest.mark.parametrize(
    ("kind", "change", "pointer"),
    [
        ("form-values-report", {"group_by": ["form_version_id"]}, "group_by"),
        ("form-values-report", {"statistics": ["opens"]}, "statistics"),
        ("form-values-report", {"filter": 'contains-any(form_id,["x"])'}, "filter"),
        ("form-series-report", {}, "interval"),
        ("form-series-report", {"interval": ["daily"]}, "interval"),
        ("segment-values-report", {"filter": 'equals(form_id,"x")'}, "filter"),
        (
            "segment-values-report",
            {"timeframe": {"start": "2023-05-31", "end": "2023-06-10"}},
            "timeframe",
        ),
    ],
)
def test_what_the_contract_does_not_offer_is_refused(
    client: httpx.Client, kind: str, change: Body, pointer: str
) -> None:
    statistics = FORM_STATISTICS if kind.startswith("form") else SEGMENT_STATISTICS
    answer = _post(client, kind, **{"statistics": statistics, **change})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["source"] == {"pointer": f"/data/attributes/{pointer}"}
