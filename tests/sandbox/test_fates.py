"""Merged, deleted and redacted profiles: what is served, and what the truth counts."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.periods import DateRange
from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, Truth, build_shop
from workbench.sandbox.api.predictions import alive_probability, expected_orders
from workbench.sandbox.shop.days import NEVER
from workbench.sandbox.shop.events import Kind
from workbench.sandbox.shop.fates import Fates, no_fates
from workbench.sandbox.shop.plan import Buying

from .conftest import client_of, resources, second


@pytest.fixture(scope="module")
def fated() -> Shop:
    return build_shop(ShopPlan(profiles=400, days=150, fates_share=4.0))


@pytest.fixture(scope="module")
def asked(fated: Shop) -> Iterator[httpx.Client]:
    with (
        SandboxServer(fated, limiter=Limiter(scale=math.inf)) as server,
        client_of(server) as client,
    ):
        yield client


def _rows(at: np.ndarray[Any, np.dtype[np.int64]], now: int) -> list[int]:
    return [int(row) for row in np.flatnonzero(at <= now)]


def _owner(people: Fates, row: int, now: int) -> int:
    """Who the events of a profile belong to, step by step."""
    while people.merged_at[row] <= now:
        row = int(people.merged_into[row])
    return -1 if people.deleted_at[row] <= now else row


@settings(max_examples=60)
@given(data=st.data())
def test_owners_and_holders_follow_every_merge(data: st.DataObject) -> None:
    fates = no_fates(6)
    instants = st.integers(1, 50) | st.just(NEVER)
    # rows 0 and 1 are merged, the first into the second or into one that stays
    middle = data.draw(st.sampled_from([1, 2, 3]))
    first_at, second_at = sorted(data.draw(st.tuples(instants, instants)))
    for row, into, at in (
        (0, middle, first_at),
        (1, data.draw(st.sampled_from([2, 3])), second_at),
    ):
        if at < NEVER:
            fates.merged_into[row], fates.merged_at[row] = into, at
    fates.deleted_at[4], fates.redacted_at[5] = data.draw(instants), data.draw(instants)
    now = data.draw(st.integers(0, 60))
    rows = np.arange(6)
    expected = [_owner(fates, row, now) for row in range(6)]
    assert fates.owner(now).tolist() == expected
    if fates.redacted_at[5] <= now:
        expected[5] = -1
    assert fates.holder(rows, np.full(6, now)).tolist() == expected
    assert fates.holder(np.array([-1]), np.array([now])).tolist() == [-1]


def test_a_shop_has_some_of_each_now_and_more_to_come(fated: Shop) -> None:
    for at in (fated.people.merged_at, fated.people.deleted_at, fated.people.redacted_at):
        assert (at <= fated.now).sum() >= 2
        assert ((at > fated.now) & (at < fated.days.starts[-1])).sum() >= 1
    into = fated.people.merged_into
    chained = np.flatnonzero((into >= 0) & (into[into] >= 0))
    assert len(chained)
    assert (fated.people.merged_at[chained] < fated.people.merged_at[into[chained]]).all()
    # a merge joins what was one person
    merged = np.flatnonzero(into >= 0)
    for column in (fated.people.first_name, fated.people.last_name, fated.people.is_holdout):
        assert (column[merged] == column[into[merged]]).all()


def test_a_plan_without_fates_has_none() -> None:
    people = build_shop(ShopPlan(profiles=200, days=60, fates_share=0.0)).people
    assert (people.fates.ends_at == NEVER).all()


def test_nothing_is_done_in_the_name_of_one_who_is_gone(fated: Shop) -> None:
    events = fated.events
    begins = np.minimum(events.at, events.visible_at)
    known = events.profile >= 0
    assert (begins[known] < fated.people.fates.ends_at[events.profile[known]]).all()


def test_merged_and_deleted_profiles_are_gone(fated: Shop, asked: httpx.Client) -> None:
    people, now = fated.people, fated.now
    listed = {body["id"] for body in resources(asked, "/api/profiles", **{"page[size]": "100"})}
    gone = _rows(people.merged_at, now) + _rows(people.deleted_at, now)
    created = _rows(people.created, now)
    assert listed == {people.id_of(row) for row in created} - {people.id_of(row) for row in gone}
    for row in gone:
        assert asked.get(f"/api/profiles/{people.id_of(row)}").status_code == 404
    for row in _rows(people.merged_at, now):
        owner = _owner(people.fates, row, now)
        body = asked.get(f"/api/profiles/{people.id_of(owner)}").json()
        assert second(body["data"]["attributes"]["updated"]) >= people.merged_at[row]


def test_a_redacted_profile_has_neither_name_nor_address(fated: Shop, asked: httpx.Client) -> None:
    for row in _rows(fated.people.redacted_at, fated.now):
        url = f"/api/profiles/{fated.people.id_of(row)}"
        wanted = {"additional-fields[profile]": "subscriptions"}
        attributes = asked.get(url, params=wanted).json()["data"]["attributes"]
        assert attributes["email"].startswith("redacted.")
        assert attributes["email"].endswith("@example.com")
        assert attributes["first_name"] is attributes["last_name"] is None
        assert attributes["phone_number"] is None
        marketing = attributes["subscriptions"]["email"]["marketing"]
        assert [each["reason"] for each in marketing["suppression"]] == ["USER_SUPPRESSED"]


def test_events_belong_to_whoever_the_profile_is_now(fated: Shop, asked: httpx.Client) -> None:
    events, now = fated.events, fated.now
    expected = Counter(
        _owner(fated.people.fates, int(profile), now) if profile >= 0 else -1
        for profile in events.profile[events.visible_at <= now]
    )
    served: Counter[int] = Counter()
    for body in resources(asked, "/api/events", **{"page[size]": "1000"}):
        related = body["relationships"].get("profile")
        row = fated.people.row_of(related["data"]["id"]) if related else -1
        served[-1 if row is None else row] += 1
    assert served == expected
    assert served[-1] > 0
    named = resources(asked, "/api/events", filter="has(profile)", **{"page[size]": "1000"})
    assert len(named) == sum(expected.values()) - expected[-1]
    for row in _rows(fated.people.merged_at, now):
        owner = _owner(fated.people.fates, row, now)
        for each, count in ((row, 0), (owner, expected[owner])):
            condition = f'equals(profile_id,"{fated.people.id_of(each)}")'
            found = resources(asked, "/api/events", filter=condition, **{"page[size]": "1000"})
            assert len(found) == count


def test_the_clock_merges_deletes_and_redacts(fated: Shop) -> None:
    people = fated.people
    with (
        SandboxServer(fated, limiter=Limiter(scale=math.inf)) as server,
        client_of(server) as client,
    ):
        then = server.now
        server.advance(days=13)
        for at, status in ((people.merged_at, 404), (people.deleted_at, 404)):
            for row in _rows(at, server.now):
                assert client.get(f"/api/profiles/{people.id_of(row)}").status_code == status
        truth = Truth(fated, now=server.now).fates()
        assert set(truth[truth["at"] > then]["fate"]) == {"merged", "deleted", "redacted"}
        assert len(truth) > len(Truth(fated).fates())


@pytest.mark.parametrize("days", [0, 13])
def test_the_truth_counts_people_as_they_are_now(fated: Shop, days: int) -> None:
    """Customers, new customers and openers against a plain loop over the served events."""
    with (
        SandboxServer(fated, limiter=Limiter(scale=math.inf)) as server,
        client_of(server) as client,
    ):
        if days:
            server.advance(days=days)
        last = fated.plan.until + dt.timedelta(days=days - 1)
        period = DateRange(last - dt.timedelta(days=100), last)
        since, until = (int(each.timestamp()) for each in period.instants(fated.plan.timezone))
        truth = Truth(fated, now=server.now).key_numbers(period)
        wanted = [Kind.PLACED_ORDER, Kind.RECEIVED_EMAIL, Kind.OPENED_EMAIL]
        kinds = {fated.metrics[kind].id: kind for kind in wanted}
        condition = ",".join(f'"{each}"' for each in kinds)
        events = resources(
            client,
            "/api/events",
            filter=f"equals(metric_id,[{condition}])",
            sort="datetime",
            **{"page[size]": "1000"},
        )
    customers, delivered, sends = set(), set(), set()
    first: dict[str, int] = {}
    opens = []
    for event in events:
        related = event["relationships"].get("profile")
        if related is None:
            continue
        who, at = related["data"]["id"], event["attributes"]["timestamp"]
        said = event["attributes"]["event_properties"]
        kind = kinds[event["relationships"]["metric"]["data"]["id"]]
        if kind == Kind.PLACED_ORDER:
            first.setdefault(who, at)
            customers |= {who} if since <= at < until else set()
        elif kind == Kind.OPENED_EMAIL:
            opens.append((said["$_cohort$message_send_cohort"], said["$message"], who))
        elif since <= at < until:
            delivered.add((said["$message"], who))
            sends.add((said["$_cohort$message_send_cohort"], who))
    assert truth["customers"] == len(customers)
    assert truth["new_customers"] == sum(since <= at < until for at in first.values())
    assert truth["delivered"] == len(delivered)
    opened = {(message, who) for cohort, message, who in opens if (cohort, who) in sends}
    assert truth["unique_opens"] == len(opened)


def test_expected_orders_are_those_of_the_paper() -> None:
    """The worked example of Fader, Hardie and Lee: customer 0001 of CDNOW, 39 weeks ahead."""
    cdnow = Buying(r=0.243, alpha=4.414, a=0.793, b=2.426)
    one = (np.array([2.0]), np.array([30.43]), np.array([38.86]))
    assert expected_orders(*one, t=39.0, of=cdnow)[0] == pytest.approx(1.226, abs=5e-4)
    assert alive_probability(np.zeros(1), np.zeros(1), np.ones(1), of=cdnow)[0] == 1.0


def test_predictions_are_served_to_an_account_that_is_eligible() -> None:
    shop = build_shop(ShopPlan(profiles=1_200, days=200))
    with (
        SandboxServer(shop, limiter=Limiter(scale=math.inf)) as server,
        client_of(server) as client,
    ):
        wanted = {"additional-fields[profile]": "predictive_analytics", "page[size]": "100"}
        profiles = resources(client, "/api/profiles", **wanted)
        metric = shop.metrics[Kind.PLACED_ORDER].id
        orders = resources(client, "/api/events", filter=f'equals(metric_id,"{metric}")')
    placed: Counter[str] = Counter()
    foreign = set()
    for order in orders:
        who = order["relationships"].get("profile", {}).get("data", {}).get("id")
        placed[who] += 1
        if order["attributes"]["event_properties"]["$value_currency"] != shop.account.currency:
            foreign.add(who)
    for body in profiles:
        said = body["attributes"]["predictive_analytics"]
        assert said["historic_number_of_orders"] == (placed[body["id"]] or None)
        if not placed[body["id"]]:
            assert set(said.values()) == {None}
            continue
        assert said["predicted_number_of_orders"] > 0
        assert 0 <= said["churn_probability"] < 1
        assert (said["average_days_between_orders"] is None) == (placed[body["id"]] == 1)
        assert (said["historic_clv"] is None) == (body["id"] in foreign)
        assert said["expected_date_of_next_order"] is not None


def test_a_small_account_gets_no_predictions(asked: httpx.Client) -> None:
    wanted = {"additional-fields[profile]": "predictive_analytics"}
    for body in resources(asked, "/api/profiles", **wanted)[:20]:
        assert set(body["attributes"]["predictive_analytics"].values()) == {None}
