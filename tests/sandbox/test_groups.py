"""Lists, segments and consent: what is served against plain loops over events and columns."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import InputInvalid
from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, Truth, build_shop
from workbench.sandbox.shop.days import DAY, HOUR, NEVER
from workbench.sandbox.shop.events import Kind
from workbench.sandbox.shop.groups import Basis, Group, membership_counts

from .conftest import client_of, resources, second

PLAN = ShopPlan(profiles=300, days=200)
SUBSCRIBED, GONE, NEVER_ASKED = "SUBSCRIBED", "UNSUBSCRIBED", "NEVER_SUBSCRIBED"


@pytest.fixture(scope="module")
def grouped() -> Shop:
    return build_shop(PLAN)


@pytest.fixture(scope="module")
def crowd() -> Shop:
    """Enough people that some leave and come back."""
    return build_shop(ShopPlan(profiles=4_000, days=400))


@pytest.fixture(scope="module")
def running(grouped: Shop) -> Iterator[SandboxServer]:
    with SandboxServer(grouped, limiter=Limiter(scale=math.inf)) as server:
        yield server


@pytest.fixture(scope="module")
def asked(running: SandboxServer) -> Iterator[httpx.Client]:
    with client_of(running) as client:
        yield client


def _folder(group: Group) -> str:
    return "lists" if group.is_list else "segments"


def _members_by_loop(shop: Shop, group: Group, now: int) -> set[int]:
    """Who meets the rule of a segment, from every visible event one by one."""
    events, people = shop.events, shop.people
    owner = people.fates.owner(now).tolist()
    wanted = {Kind.OPENED_EMAIL, Kind.CLICKED_EMAIL}
    if group.basis != Basis.OPENED:
        wanted = {Kind.PLACED_ORDER}
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    columns = zip(
        *(
            getattr(events, name).tolist()
            for name in ("kind", "at", "visible_at", "profile", "value", "currency")
        ),
        strict=True,
    )
    for kind, at, visible_at, profile, value, currency in columns:
        if kind in wanted and at <= now and visible_at <= now and profile >= 0:
            found[owner[profile]].append((at, 0 if currency else value))
    found.pop(-1, None)
    for row in np.flatnonzero(people.redacted_at <= now).tolist():
        found.pop(row, None)
    recent = now - group.amount * DAY
    return {
        profile
        for profile, acts in found.items()
        if {
            Basis.OPENED: any(at > recent for at, _ in acts),
            Basis.BOUGHT: any(at > recent for at, _ in acts),
            Basis.ORDERS: len(acts) >= group.amount,
            Basis.SPENT: sum(value for _, value in acts) >= group.amount,
            Basis.LAPSED: all(at <= recent for at, _ in acts),
            Basis.PERIOD: any(group.since <= at < group.until for at, _ in acts),
        }[group.basis]
    }


@settings(deadline=None, max_examples=25)
@given(moment=st.floats(0.02, 1.0), row=st.integers(4, 12))
def test_a_segment_holds_those_who_meet_its_rule(grouped: Shop, moment: float, row: int) -> None:
    group, first, end = grouped.groups[row], grouped.events.at[0], grouped.days.starts[-1] - 1
    now = int(first + moment * (end - first))
    found = Truth(grouped, now=now).group_members(group.id)
    if group.created_at > now:
        assert found.empty
        return
    rows = {grouped.people.row_of(each) for each in found["profile_id"]}
    if group.basis == Basis.HOLDOUT:
        owner = grouped.people.fates.owner(now)
        exists = (owner == np.arange(len(owner))) & (grouped.people.created <= now)
        exists &= grouped.people.redacted_at > now
        assert rows == set(np.flatnonzero(grouped.people.is_holdout & exists).tolist())
    elif now < group.closed_at:
        assert rows == _members_by_loop(grouped, group, now)
    else:
        assert rows <= _members_by_loop(grouped, group, now)


def test_every_segment_has_members_and_some_outside(crowd: Shop) -> None:
    truth = Truth(crowd)
    for group in crowd.groups:
        if group.created_at <= crowd.now:
            assert 0 < len(truth.group_members(group.id)) < len(crowd.people), group.name


def test_spells_of_a_profile_in_a_group_never_touch(crowd: Shop) -> None:
    spells = crowd.memberships
    order = np.lexsort((spells.joined_at, spells.profile, spells.group))
    group, profile = spells.group[order], spells.profile[order]
    joined_at, left_at = spells.joined_at[order], spells.left_at[order]
    same = (group[1:] == group[:-1]) & (profile[1:] == profile[:-1])
    assert same.any()
    assert (joined_at < left_at).all()
    assert (joined_at[1:][same] > left_at[:-1][same]).all()
    ends_at = crowd.people.fates.ends_at[profile]
    assert (left_at[ends_at < NEVER] <= ends_at[ends_at < NEVER]).all()


def test_lists_and_segments_are_served_as_they_are(grouped: Shop, asked: httpx.Client) -> None:
    for folder, kind in (("lists", "list"), ("segments", "segment")):
        bodies = resources(asked, f"/api/{folder}")
        made = [g for g in grouped.groups if _folder(g) == folder and g.created_at <= grouped.now]
        assert [(b["id"], b["attributes"]["name"]) for b in bodies] == [
            (g.id, g.name) for g in made
        ]
        for body in bodies:
            url = f"/api/{folder}/{body['id']}"
            one = asked.get(url, params={f"additional-fields[{kind}]": "profile_count"}).json()
            count = len(Truth(grouped).group_members(body["id"]))
            assert one["data"]["attributes"].pop("profile_count") == count
            assert one["data"] == body


def test_members_are_served_with_the_instant_they_joined(
    grouped: Shop, asked: httpx.Client
) -> None:
    for group in grouped.groups:
        if group.created_at > grouped.now:
            continue
        url = f"/api/{_folder(group)}/{group.id}/profiles"
        served = resources(asked, url, sort="joined_group_at", **{"page[size]": "100"})
        pairs = [(b["id"], second(b["attributes"]["joined_group_at"])) for b in served]
        truth = Truth(grouped).group_members(group.id)
        assert set(pairs) == set(zip(truth["profile_id"], truth["joined_at"], strict=True))
        instants = [at for _, at in pairs]
        assert instants == sorted(instants)
        references = f"/api/{_folder(group)}/{group.id}/relationships/profiles"
        assert {b["id"] for b in resources(asked, references)} == {each for each, _ in pairs}


def test_members_can_be_narrowed(grouped: Shop, asked: httpx.Client) -> None:
    url = f"/api/segments/{grouped.groups[6].id}/profiles"
    every = resources(asked, url)
    median = sorted(b["attributes"]["joined_group_at"] for b in every)[len(every) // 2]
    later = resources(asked, url, filter=f"greater-than(joined_group_at,{median})")
    assert {b["id"] for b in later} == {
        b["id"] for b in every if b["attributes"]["joined_group_at"] > median
    }
    email, profile_id = every[0]["attributes"]["email"], every[1]["id"]
    assert len(resources(asked, url, filter=f'any(email,["{email}"])')) == 1
    assert len(resources(asked, url, filter=f'any(profile_id,["{profile_id}"])')) == 1
    assert resources(asked, url, filter='equals(_kx,"abc")') == []


def test_a_profile_names_its_groups(grouped: Shop, asked: httpx.Client) -> None:
    truth = Truth(grouped)
    profile_id = truth.group_members(grouped.groups[7].id)["profile_id"].iloc[0]
    expected = {
        group.id
        for group in grouped.groups
        if profile_id in set(truth.group_members(group.id)["profile_id"])
    }
    one = asked.get(f"/api/profiles/{profile_id}", params={"include": "lists,segments"}).json()
    related = one["data"]["relationships"]
    named = {each["id"] for name in ("lists", "segments") for each in related[name]["data"]}
    apart = {
        body["id"]
        for name in ("lists", "segments")
        for body in resources(asked, f"/api/profiles/{profile_id}/{name}")
    }
    assert named == apart == {body["id"] for body in one["included"]} == expected


def test_a_push_token_leads_to_its_profile(grouped: Shop, asked: httpx.Client) -> None:
    tokens = resources(asked, "/api/push-tokens")
    assert len(tokens) == int(grouped.people.has_push[_there(grouped)].sum())
    for token in tokens[:3]:
        owner = token["relationships"]["profile"]["data"]["id"]
        mine = resources(asked, f"/api/profiles/{owner}/push-tokens")
        assert [each["id"] for each in mine] == [token["id"]]
        assert resources(asked, "/api/push-tokens", filter=f'equals(profile.id,"{owner}")') == mine


def _there(shop: Shop) -> np.ndarray[Any, np.dtype[np.bool_]]:
    people, owner = shop.people, shop.people.fates.owner(shop.now)
    exists = (owner == np.arange(len(owner))) & (people.created <= shop.now)
    return np.asarray(exists & (people.redacted_at > shop.now))


def test_the_clock_brings_new_groups_and_members(grouped: Shop) -> None:
    with (
        SandboxServer(grouped, limiter=Limiter(scale=math.inf)) as server,
        client_of(server) as client,
    ):
        before = {body["id"] for body in resources(client, "/api/segments")}
        server.advance(days=7)
        after = resources(client, "/api/segments")
        new = [body for body in after if body["id"] not in before]
        assert [body["attributes"]["name"] for body in new] == ["Buyers 60 days"]
        truth = Truth(grouped, now=server.now)
        for body in after:
            members = resources(client, f"/api/segments/{body['id']}/relationships/profiles")
            assert {b["id"] for b in members} == set(truth.group_members(body["id"])["profile_id"])


@settings(deadline=None, max_examples=30)
@given(
    row=st.integers(0, 12),
    cuts=st.lists(st.floats(-0.1, 1.1), min_size=2, max_size=9, unique=True),
)
def test_counts_of_joins_and_leaves(grouped: Shop, row: int, cuts: list[float]) -> None:
    first, end = int(grouped.days.starts[0]), int(grouped.days.starts[-1])
    edges = np.array(sorted(first + int(cut * (end - first)) for cut in cuts))
    spells = [
        (at, left)
        for group, at, left in zip(
            grouped.memberships.group,
            grouped.memberships.joined_at.tolist(),
            grouped.memberships.left_at.tolist(),
            strict=True,
        )
        if group == row
    ]
    added, removed, total = membership_counts(grouped.memberships, row, edges)
    for bucket, (since, until) in enumerate(pairwise(edges.tolist())):
        assert added[bucket] == sum(since <= at < until for at, _ in spells)
        assert removed[bucket] == sum(since <= left < until for _, left in spells)
        assert total[bucket] == sum(at < until <= left for at, left in spells)


def test_days_of_a_group_add_up(crowd: Shop) -> None:
    starts = crowd.days.starts
    for now in (crowd.now, crowd.now + 3 * HOUR, int(starts[-2])):
        truth = Truth(crowd, now=now)
        for row, group in enumerate(crowd.groups):
            days = truth.group_days(group.id)
            edges = np.minimum(starts[: len(days) + 1], now + 1)
            added, removed, total = membership_counts(crowd.memberships, row, edges)
            assert days["added"].tolist() == added.tolist()
            assert days["removed"].tolist() == removed.tolist()
            assert days["total"].tolist() == total.tolist()
            assert days["total"].iloc[-1] == len(truth.group_members(group.id))


def test_who_joins_at_midnight_is_there_at_midnight() -> None:
    shop = build_shop(ShopPlan(profiles=200, days=60, timezone="UTC"))
    made = shop.groups[-1]  # whoever qualifies joins when it is made
    assert made.created_at in shop.days.starts
    truth = Truth(shop, now=made.created_at)
    days, members = truth.group_days(made.id), truth.group_members(made.id)
    assert days["added"].iloc[-1] == days["total"].iloc[-1] == len(members) > 0


def test_a_group_that_is_not_there_is_refused(crowd: Shop) -> None:
    for asked in (Truth(crowd).group_days, Truth(crowd).group_members):
        with pytest.raises(InputInvalid, match="no list or segment 'nobody'"):
            asked("nobody")


def test_consent_is_what_the_events_say(grouped: Shop, asked: httpx.Client) -> None:
    profiles = resources(asked, "/api/profiles", **{"additional-fields[profile]": "subscriptions"})
    texts, mail = _last_words(grouped, asked)
    people, since = grouped.people, grouped.events.at[0]
    # a merge changes what is served as said, not what was agreed to; redaction suppresses
    apart = set(people.merged_into.tolist()) | set(np.flatnonzero(people.redacted_at < NEVER))
    seen = set()
    for body in profiles:
        row = people.row_of(body["id"])
        if row is None or row in apart:
            continue
        marketing = body["attributes"]["subscriptions"]["email"]["marketing"]
        assert marketing["consent"] == mail.get(
            body["id"], SUBSCRIBED if people.takes_email[row] else NEVER_ASKED
        )
        reasons = {each["reason"] for each in marketing["suppression"]}
        assert marketing["can_receive_email_marketing"] == (not reasons)
        assert (marketing["consent"] == GONE) == bool(reasons & {"UNSUBSCRIBE", "SPAM_COMPLAINT"})
        sms = body["attributes"]["subscriptions"]["sms"]["marketing"]
        before = SUBSCRIBED if people.sms_at[row] < since else NEVER_ASKED
        before = GONE if people.sms_leaves_at[row] < since else before
        assert sms["consent"] == texts.get(body["id"], before)
        seen |= {marketing["consent"], sms["consent"]}
    assert seen == {SUBSCRIBED, GONE, NEVER_ASKED}


def _last_words(shop: Shop, client: httpx.Client) -> tuple[dict[str, str], dict[str, str]]:
    """Of each profile, what its last event about texts and about e-mail says."""
    says = {
        Kind.SUBSCRIBED_SMS: (0, SUBSCRIBED),
        Kind.UNSUBSCRIBED_SMS: (0, GONE),
        Kind.SUBSCRIBED: (1, SUBSCRIBED),
        Kind.UNSUBSCRIBED: (1, GONE),
        Kind.MARKED_SPAM: (1, GONE),
    }
    kinds = {shop.metrics[kind].id: word for kind, word in says.items()}
    wanted = ",".join(f'"{each}"' for each in kinds)
    words: tuple[dict[str, str], dict[str, str]] = {}, {}
    for event in resources(
        client, "/api/events", filter=f"equals(metric_id,[{wanted}])", sort="datetime"
    ):
        related = event["relationships"]
        channel, word = kinds[related["metric"]["data"]["id"]]
        if "profile" in related:
            words[channel][related["profile"]["data"]["id"]] = word
    return words


def test_some_come_back_and_are_sent_e_mail_again(crowd: Shop) -> None:
    events = crowd.events
    left_at: dict[int, int] = {}
    back_at: dict[int, int] = {}
    again, between = set(), set()
    for kind, at, profile in zip(
        events.kind.tolist(), events.at.tolist(), events.profile.tolist(), strict=True
    ):
        if kind == Kind.UNSUBSCRIBED:
            left_at[profile] = at
        elif kind == Kind.SUBSCRIBED and profile in left_at:
            back_at[profile] = at
        elif kind == Kind.RECEIVED_EMAIL and profile in back_at:
            again.add(profile)
        elif kind == Kind.RECEIVED_EMAIL and profile in left_at and at > left_at[profile] + DAY:
            between.add(profile)
    assert len(back_at) > 5
    assert len(again) > 3
    assert not between


def test_lists_follow_the_events_of_joining_and_leaving(crowd: Shop) -> None:
    events, since = crowd.events, int(crowd.events.at[0])
    # a merge hands memberships on without an event
    apart = np.append(crowd.people.merged_into, -1)
    for row in range(4):
        spells = crowd.memberships.of(row)
        spans = zip(
            crowd.memberships.profile[spells].tolist(),
            crowd.memberships.joined_at[spells].tolist(),
            crowd.memberships.left_at[spells].tolist(),
            strict=True,
        )
        own = [span for span in spans if span[0] not in apart]
        joins, leaves = (
            {
                (int(events.profile[each]), int(events.at[each]))
                for each in events.rows(kind)
                if events.ref[each] == row and events.profile[each] not in apart
            }
            for kind in (Kind.SUBSCRIBED_TO_LIST, Kind.UNSUBSCRIBED_FROM_LIST)
        )
        assert joins == {(who, at) for who, at, _ in own if at >= since}
        # who is deleted or redacted leaves without an event
        ends_at, end = crowd.people.fates.ends_at, crowd.days.starts[-1]
        assert leaves == {
            (who, at) for who, _, at in own if since <= at < end and at != ends_at[who]
        }
    assert joins == set()  # everybody was imported before the history
    assert leaves


def test_the_held_out_never_receive_a_campaign(crowd: Shop) -> None:
    events = crowd.events
    campaign = np.array([message.campaign for message in crowd.catalogue.messages])
    sent = (events.message >= 0) & (campaign[events.message] >= 0)
    held = crowd.people.is_holdout[events.profile] & (events.profile >= 0)
    assert 0.03 < crowd.people.is_holdout.mean() < 0.07
    assert not (sent & held).any()
    assert (sent & ~held).any()
