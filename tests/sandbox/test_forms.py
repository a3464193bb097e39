"""Forms: who looks and signs up, versions that replace each other, days on which one breaks."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace

import httpx
import numpy as np
import pytest

from workbench.periods import DateRange
from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, Truth, build_shop
from workbench.sandbox.shop.consent import METHODS
from workbench.sandbox.shop.events import Flag, Kind
from workbench.sandbox.shop.forms import drawn_forms, is_broken
from workbench.sandbox.shop.seasons import black_friday

from .conftest import client_of, every, resources, second

POPUP = 0
KINDS = {
    "Viewed Form": "views",
    "Submitted Form": "submits",
    "Closed Form": "closes",
}


@pytest.fixture(scope="module")
def busy() -> Shop:
    """A shop in which a form breaks, and with visitors enough to tell two rates apart."""
    return build_shop(ShopPlan(profiles=9_000, days=400))


@pytest.fixture(scope="module")
def halfway(shop: Shop) -> Iterator[httpx.Client]:
    """The small shop before the versions were replaced."""
    before = shop.forms.versions[2].created_at - 1
    with (
        SandboxServer(replace(shop, now=before), limiter=Limiter(scale=math.inf)) as server,
        client_of(server) as connected,
    ):
        yield connected


def _visible(shop: Shop, kind: Kind) -> np.ndarray:
    rows = shop.events.rows(kind)
    return rows[shop.events.visible_at[rows] <= shop.now]


def test_who_joins_by_a_form_submits_it_at_that_moment(busy: Shop) -> None:
    people, events = busy.people, busy.events
    since = busy.days.starts[-1 - busy.plan.tail_days - busy.plan.days]
    joins = people.takes_email & (people.method == METHODS.index("FORM"))
    expected = {
        (row, int(people.created[row]))
        for row in range(len(people))
        if joins[row] and people.created[row] >= since
    }
    rows = events.rows(Kind.SUBMITTED_FORM)
    assert {(int(events.profile[row]), int(events.at[row])) for row in rows} == expected
    assert len(rows) == len(expected) > 1000


def test_every_submit_follows_a_view_of_the_same_version_within_a_minute(busy: Shop) -> None:
    events = busy.events
    views = defaultdict(list)
    for row in events.rows(Kind.VIEWED_FORM):
        views[int(events.profile[row]), int(events.ref[row])].append(int(events.at[row]))
    for row in events.rows(Kind.SUBMITTED_FORM):
        seen = views[int(events.profile[row]), int(events.ref[row])]
        assert any(0 < events.at[row] - at <= 60 for at in seen)


def test_only_a_form_of_two_steps_submits_the_second_with_a_consent_to_texts(busy: Shop) -> None:
    events, people = busy.events, busy.people
    for row in events.rows(Kind.SUBMITTED_FORM):
        version = busy.forms.versions[events.ref[row]]
        texts = people.sms_at[events.profile[row]] - people.created[events.profile[row]] <= 120
        expected = len(version.steps) == 2 and texts
        assert bool(events.flags[row] & Flag.SECOND_STEP) == expected


def test_versions_are_seen_only_while_they_are_live(busy: Shop) -> None:
    events = busy.events
    for number, version in enumerate(busy.forms.versions):
        rows = np.flatnonzero(
            np.isin(events.kind, [Kind.VIEWED_FORM, Kind.SUBMITTED_FORM]) & (events.ref == number)
        )
        assert (events.at[rows] >= version.created_at - 60).all()
        assert (events.at[rows] < version.ended_at).all()
        assert len(rows) > 0 or version.submit_rate == 0


def test_a_broken_form_is_viewed_and_submitted_by_nobody(busy: Shop) -> None:
    days = Truth(busy).form_days()
    popup = days[days["form_name"] == "Newsletter popup"]
    broken = popup[popup["is_broken"]]
    incident = next(each for each in busy.incidents if each.subject == "Newsletter popup")
    assert set(broken["ds"]) == set(DateRange(incident.first, incident.last))
    assert broken["submits"].sum() == 0
    assert broken["views"].sum() > 50
    others = days[days["ds"].isin(broken["ds"]) & (days["form_name"] != "Newsletter popup")]
    assert others["submits"].sum() > 0
    assert not days[days["form_name"] != "Newsletter popup"]["is_broken"].any()


def test_who_meets_a_broken_form_joins_at_the_checkout(busy: Shop) -> None:
    people = busy.people
    would = drawn_forms(busy.plan, len(people), block=0)
    stuck = (would == POPUP) & is_broken(busy.plan, would, people.created)
    assert stuck.sum() > 10
    assert not (people.method[stuck] == METHODS.index("FORM")).any()
    assert (people.method[stuck] == METHODS.index("CHECKOUT")).any()


def test_submits_come_at_the_known_rate(busy: Shop) -> None:
    days = Truth(busy).form_days()
    working = days[~days["is_broken"]]
    for _, version in working.groupby("form_version_id"):
        rate, views = version["submit_rate"].iloc[0], version["views"].sum()
        error = math.sqrt(views * rate * (1 - rate))
        assert abs(version["submits"].sum() - rate * views) < 3 * error


def test_views_follow_the_shop_s_season(busy: Shop) -> None:
    daily = Truth(busy).form_days().groupby("ds")["views"].sum()
    peak = black_friday(2025)
    autumn = daily.loc[dt.date(2025, 10, 1) : dt.date(2025, 11, 15)]
    assert daily[peak] > 1.8 * autumn.mean()


def test_most_visitors_have_no_profile(busy: Shop) -> None:
    views = busy.events.rows(Kind.VIEWED_FORM)
    assert 0.8 < (busy.events.profile[views] < 0).mean() < 0.95
    assert 2 < len(views) / len(busy.people) < 9


def test_a_draft_is_listed_as_one(client: httpx.Client) -> None:
    found = {body["attributes"]["name"]: body for body in resources(client, "/api/forms")}
    status = {name: body["attributes"]["status"] for name, body in found.items()}
    assert status == {
        "Newsletter popup": "live",
        "Exit offer": "live",
        "Footer": "live",
        "Spring banner": "draft",
    }
    assert {n for n, body in found.items() if body["attributes"]["ab_test"]} == {"Newsletter popup"}


def test_a_replaced_version_becomes_a_draft(
    client: httpx.Client, halfway: httpx.Client, shop: Shop
) -> None:
    form = shop.forms.forms[POPUP].id

    def versions(connected: httpx.Client) -> dict[str, str]:
        bodies = resources(connected, f"/api/forms/{form}/form-versions")
        return {body["id"]: body["attributes"]["status"] for body in bodies}

    first, old, new = (shop.forms.versions[row].id for row in range(3))
    assert versions(halfway) == {first: "live", old: "live"}
    assert versions(client) == {first: "live", old: "draft", new: "live"}
    assert halfway.get(f"/api/form-versions/{new}").status_code == 404
    after = client.get(f"/api/form-versions/{old}").json()["data"]["attributes"]
    assert second(after["updated_at"]) == shop.forms.versions[1].ended_at


def test_relationships_lead_to_and_fro(client: httpx.Client) -> None:
    for form in resources(client, "/api/forms"):
        ids = [each["id"] for each in form["relationships"]["form-versions"]["data"]]
        related = f"/api/forms/{form['id']}/form-versions"
        assert [body["id"] for body in resources(client, related)] == ids
        references = f"/api/forms/{form['id']}/relationships/form-versions"
        assert resources(client, references) == [{"type": "form-version", "id": i} for i in ids]
        for version in ids:
            back = client.get(f"/api/form-versions/{version}/form").json()["data"]
            assert back == form
            reference = client.get(f"/api/form-versions/{version}/relationships/form").json()
            assert reference["data"] == {"type": "form", "id": form["id"]}
            body = client.get(f"/api/form-versions/{version}?include=form").json()
            assert body["included"] == [form]


def test_a_form_asked_for_by_its_id_has_its_definition(client: httpx.Client, shop: Shop) -> None:
    form = shop.forms.forms[POPUP].id
    body = client.get(f"/api/forms/{form}").json()["data"]
    assert "relationships" not in body
    versions = body["attributes"]["definition"]["versions"]
    assert [str(each["id"]) for each in versions] == [v.id for v in shop.forms.versions[:3]]
    assert [len(each["steps"]) for each in versions] == [2, 2, 2]
    assert not any("definition" in each["attributes"] for each in resources(client, "/api/forms"))


def test_truth_is_what_a_loop_over_the_served_events_counts(
    client: httpx.Client, shop: Shop
) -> None:
    names = {m["id"]: m["attributes"]["name"] for m in resources(client, "/api/metrics")}
    counts: Counter[tuple[str, str]] = Counter()
    visitors = defaultdict(set)
    for body in resources(client, "/api/events", **{"page[size]": "1000"}):
        name = KINDS.get(names[body["relationships"]["metric"]["data"]["id"]])
        if name is None:
            continue
        said = body["attributes"]["event_properties"]
        version = str(said["form_version_id"])
        counts[version, name] += 1
        counts[version, "submitted_steps"] += said["step_number"] * (name == "submits")
        person = (body["relationships"].get("profile") or {}).get("data")
        visitors[version, name].add(person["id"] if person else body["id"])
    everything = DateRange(shop.plan.until - dt.timedelta(days=900), shop.plan.until)
    truth = Truth(shop).form_numbers(everything).set_index("form_version_id")
    assert len(truth) == 6
    uniques = {
        "views": "unique_viewers",
        "submits": "unique_submitters",
        "closes": "unique_closers",
    }
    for version, row in zip(truth.index, truth.to_dict("records"), strict=True):
        for name, unique in uniques.items():
            assert counts[version, name] == row[name]
            assert len(visitors[version, name]) == row[unique]
        assert counts[version, "submitted_steps"] == row["submitted_steps"]
    assert sum(n for (_, name), n in counts.items() if name == "views") == truth["views"].sum()


def test_events_say_which_form_it_was(client: httpx.Client, shop: Shop) -> None:
    submitted = shop.metrics[Kind.SUBMITTED_FORM].id
    page = every(client, "/api/events", filter=f"equals(metric_id,'{submitted}')")[0]
    rows = _visible(shop, Kind.SUBMITTED_FORM)[: len(page["data"])]
    assert len(rows) > 10
    for body, row in zip(page["data"], rows, strict=True):
        version = shop.forms.versions[shop.events.ref[row]]
        said = body["attributes"]["event_properties"]
        assert said["form_id"] == shop.forms.forms[version.form].id
        assert said["form_version_id"] == int(version.id)
        assert said["form_type"] == version.form_type
        assert said["step_name"] == version.steps[said["step_number"] - 1]


def test_days_add_up_to_the_whole(shop: Shop) -> None:
    truth = Truth(shop)
    everything = DateRange(shop.plan.until - dt.timedelta(days=900), shop.plan.until)
    names = ["views", "submits", "closes", "viewed_steps", "submitted_steps"]
    whole = truth.form_numbers(everything).set_index("form_version_id")[names]
    days = truth.form_days().groupby("form_version_id")[names].sum()
    assert days.sort_index().equals(whole.sort_index())
