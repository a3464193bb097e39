"""One account in the shapes of several revisions: the same facts, written differently."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from workbench.sandbox import SandboxServer, Shop
from workbench.sandbox.api.contract import ENDPOINTS
from workbench.sandbox.api.revisions import campaign_shapes, endpoint_at, flow_shapes

from .conftest import client_of, resources

Get = Callable[..., list[dict[str, Any]]]
OLD, NOW, OMNI = "2024-10-15", "2026-07-15", "2026-10-15"


@pytest.fixture(scope="module")
def at(server: SandboxServer) -> Iterator[Callable[[str], Get]]:
    """Reads every page of a collection in a revision."""
    with ExitStack() as opened:
        clients: dict[str, httpx.Client] = {}

        def reader(revision: str) -> Get:
            if revision not in clients:
                clients[revision] = opened.enter_context(client_of(server))
                clients[revision].headers["revision"] = revision
            return functools.partial(resources, clients[revision])

        yield reader


def one(client: httpx.Client, url: str, revision: str) -> dict[str, Any]:
    answer = client.get(url, headers={"revision": revision})
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["data"])


CAMPAIGN = {
    "name", "status", "archived", "audiences", "send_options", "tracking_options", "send_strategy",
    "created_at", "scheduled_at", "updated_at", "send_time",
}  # fmt: skip
MESSAGE = {"definition", "send_times", "created_at", "updated_at"}
OLDER_MESSAGE = {"label", "channel", "content", "render_options", "send_times"} | {
    "created_at",
    "updated_at",
}


@pytest.mark.parametrize(
    ("revision", "campaign", "message"),
    [
        (OLD, CAMPAIGN, OLDER_MESSAGE),
        ("2025-04-15", CAMPAIGN, OLDER_MESSAGE),
        (NOW, CAMPAIGN, MESSAGE),
        ("2026-08-01", CAMPAIGN, MESSAGE),
        (OMNI, {"created_at", "updated_at", "definition"}, {"created", "updated", "definition"}),
        (f"{OMNI}.pre", {"created_at", "updated_at", "definition"}, None),
    ],
)
def test_campaigns_are_written_as_the_revision_has_them(
    client: httpx.Client,
    shop: Shop,
    revision: str,
    campaign: set[str],
    message: set[str] | None,
) -> None:
    first = shop.catalogue.campaigns[0]
    body = one(client, f"/api/campaigns/{first.id}", revision)
    assert set(body["attributes"]) == campaign
    sent = shop.catalogue.messages[first.message]
    if message is not None:
        found = one(client, f"/api/campaign-messages/{sent.id}", revision)
        assert set(found["attributes"]) == message


OLDER_STEP = {
    "action_type", "status", "created", "updated", "settings", "tracking_options", "send_options",
    "render_options",
}  # fmt: skip


@pytest.mark.parametrize(
    ("revision", "step", "message"),
    [
        (OLD, OLDER_STEP, {"name", "channel", "content", "created", "updated"}),
        ("2025-07-15", OLDER_STEP, {"name", "channel", "content", "created", "updated"}),
        (
            "2025-10-15",
            {"created", "updated", "definition"},
            {"channel", "created", "updated", "definition"},
        ),
        (
            OMNI,
            {"created", "updated", "definition"},
            {"channel", "created", "updated", "definition"},
        ),
    ],
)
def test_flows_are_written_as_the_revision_has_them(
    at: Callable[[str], Get], revision: str, step: set[str], message: set[str]
) -> None:
    get, now = at(revision), at(NOW)
    for flow in get("/api/flows"):
        url = f"/api/flows/{flow['id']}/flow-actions"
        steps, today = get(url), now(url)
        assert [body["id"] for body in steps] == [body["id"] for body in today]
        for body in steps:
            assert set(body["attributes"]) == step
            for sent in get(f"/api/flow-actions/{body['id']}/flow-messages"):
                assert set(sent["attributes"]) == message


def test_the_older_words_say_what_the_newer_say(at: Callable[[str], Get]) -> None:
    words = {
        "time-delay": "TIME_DELAY",
        "conditional-split": "BOOLEAN_BRANCH",
        "ab-test": "AB_TEST",
        "send-email": "SEND_EMAIL",
        "send-sms": "SEND_SMS",
        "send-mobile-push": "SEND_PUSH_NOTIFICATION",
    }
    seen = set()
    for flow in at(NOW)("/api/flows"):
        url = f"/api/flows/{flow['id']}/flow-actions"
        for new, old in zip(at(NOW)(url), at(OLD)(url), strict=True):
            definition, attributes = new["attributes"]["definition"], old["attributes"]
            assert attributes["action_type"] == words[definition["type"]]
            assert attributes["status"] == flow["attributes"]["status"]
            seen.add(definition["type"])
            if definition["type"] == "time-delay":
                unit = {"minutes": 60, "hours": 3_600, "days": 86_400}[definition["data"]["unit"]]
                waits = definition["data"]["value"] * unit
                assert attributes["settings"]["delay_seconds"] == waits
    assert seen == set(words)


def test_the_campaign_model_of_2026_10_15_holds_the_same_facts(
    at: Callable[[str], Get], client: httpx.Client, shop: Shop
) -> None:
    get = at(OMNI)
    older = {
        body["id"]: body
        for channel in ("email", "sms", "mobile_push")
        for body in at(NOW)("/api/campaigns", filter=f"equals(messages.channel,'{channel}')")
    }
    newer = {body["id"]: body for body in get("/api/campaigns")}
    assert newer.keys() == older.keys()
    messages = {body["id"]: body for body in get("/api/campaign-messages")}
    assert len(messages) == len(newer)
    for body in messages.values():
        about = body["attributes"]["definition"]
        campaign = older[body["relationships"]["campaign"]["data"]["id"]]["attributes"]
        assert about["status"] == campaign["status"].lower()
        assert about["send_options"]["send_time"] == campaign["send_time"]
        tested = campaign["send_strategy"]["method"] == "ab_test_campaign"
        versions = body["relationships"]["campaign-variations"]["data"]
        assert len(versions) == (2 if tested else 1)
        assert (about["ab_test"] is not None) == tested
    for campaign_id in list(older)[::9]:
        (audience,) = get(f"/api/campaigns/{campaign_id}/campaign-audiences")
        said = older[campaign_id]["attributes"]["audiences"]
        assert audience["attributes"]["definition"]["included"] == said["included"] != []
        assert audience["attributes"]["definition"]["excluded"] == said["excluded"] != []
        back = one(client, f"/api/campaign-audiences/{audience['id']}/campaign", OMNI)
        assert back["id"] == campaign_id
    names = {group.id for group in shop.groups}
    assert {
        each for body in older.values() for each in body["attributes"]["audiences"]["included"]
    } <= names


def test_a_variation_has_its_own_words(
    at: Callable[[str], Get], client: httpx.Client, shop: Shop
) -> None:
    catalogue = shop.catalogue
    tested = [v for v in catalogue.variations if catalogue.messages[v.message].campaign >= 0]
    assert tested
    for version in tested:
        body = one(client, f"/api/campaign-variations/{version.id}", OMNI)
        assert body["attributes"]["definition"]["details"]["subject"] == version.subject
        message = body["relationships"]["campaign-message"]["data"]["id"]
        assert message == catalogue.messages[version.message].id
        owner = one(client, f"/api/campaign-variations/{version.id}/campaign-message", OMNI)
        assert owner["id"] == message
        versions = at(OMNI)(f"/api/campaign-messages/{message}/campaign-variations")
        assert [each["id"] for each in versions].count(version.id) == 1


def test_messages_of_2026_10_15_are_filtered_and_sorted(
    at: Callable[[str], Get], shop: Shop
) -> None:
    get = at(OMNI)
    every = get("/api/campaign-messages", sort="-created", **{"page[size]": "100"})
    created = [body["attributes"]["created"] for body in every]
    assert created == sorted(created, reverse=True)
    for status in ("draft", "scheduled", "sent"):
        wanted = {b["id"] for b in every if b["attributes"]["definition"]["status"] == status}
        found = get("/api/campaign-messages", filter=f"equals(status,'{status}')")
        assert {body["id"] for body in found} == wanted
    campaign = shop.catalogue.campaigns[3]
    (one_of,) = get("/api/campaign-messages", filter=f"equals(campaign_id,'{campaign.id}')")
    assert one_of["id"] == shop.catalogue.messages[campaign.message].id


@pytest.mark.parametrize("revision", [OLD, NOW])
def test_what_is_new_is_missing_before(client: httpx.Client, revision: str) -> None:
    answer = client.get("/api/campaign-messages", headers={"revision": revision})
    assert answer.status_code == 404
    assert "does not exist" in answer.json()["errors"][0]["detail"]


def test_the_channel_filter_belongs_to_the_older_model(client: httpx.Client) -> None:
    channel = {"filter": "equals(messages.channel,'email')"}
    for revision, bare, filtered in ((NOW, 400, 200), (OMNI, 200, 400)):
        headers = {"revision": revision}
        assert client.get("/api/campaigns", headers=headers).status_code == bare
        asked = client.get("/api/campaigns", headers=headers, params=channel)
        assert asked.status_code == filtered


def test_each_revision_gets_the_newest_shapes_not_younger_than_it() -> None:
    assert flow_shapes("2023-01-01") is flow_shapes(OLD) is flow_shapes("2025-10-14")
    assert flow_shapes("2025-10-15") is flow_shapes(OMNI) is not flow_shapes(OLD)
    assert campaign_shapes("2026-07-14") is campaign_shapes(OLD)
    assert campaign_shapes("2026-10-14") is campaign_shapes(NOW) is not campaign_shapes(OLD)
    assert campaign_shapes("2027-01-15.pre") is campaign_shapes(OMNI)
    for endpoint in ENDPOINTS:
        if not endpoint.since:
            assert endpoint_at(endpoint, NOW) == endpoint
