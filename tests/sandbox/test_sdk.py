"""The official SDK, its response models on, pages through everything over TLS."""

from __future__ import annotations

import datetime as dt
import json
import math
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from pydantic import ValidationError

from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, build_shop
from workbench.sandbox.api.snapshot import Snapshot

from .conftest import REVISION
from .official_sdk import OfficialSdk, sdk_operations
from .sdk_walk import CHANNELS, PROMISED, Walk, Walked

# relations that no simulated resource has: messages have no picture of their own, metrics alone are
# mapped, and metrics alone trigger flows
WITHOUT_ANY = {
    ("GET", f"/api/{parent}/{{id}}/{between}{name}")
    for parent, name in (
        ("campaign-messages", "image"),
        ("lists", "flow-triggers"),
        ("mapped-metrics", "custom-metric"),
        ("segments", "flow-triggers"),
    )
    for between in ("", "relationships/")
}
EVENTS = "GetEventResponseCollectionCompoundDocument"


@pytest.fixture(scope="module")
def secure_shop() -> Shop:
    return build_shop(ShopPlan(profiles=150, days=130))


@pytest.fixture(scope="module")
def secure_server(secure_shop: Shop) -> Iterator[SandboxServer]:
    with SandboxServer(secure_shop, tls=True, limiter=Limiter(scale=math.inf)) as running:
        yield running


@pytest.fixture(scope="module")
def sdk(secure_server: SandboxServer) -> Iterator[OfficialSdk]:
    with OfficialSdk(
        secure_server.url, key=secure_server.key, certificate=str(secure_server.certificate)
    ) as connected:
        yield connected


@pytest.fixture(scope="module")
def walked(sdk: OfficialSdk, secure_server: SandboxServer) -> Walked:
    until = dt.datetime.fromtimestamp(secure_server.now, dt.UTC)
    return Walk(sdk, until=until, each=60).everything()


@pytest.fixture(scope="module")
def snapshot(secure_shop: Shop, secure_server: SandboxServer) -> Snapshot:
    return Snapshot(secure_shop, now=secure_server.now)


def test_the_sdk_has_every_operation_of_the_contract() -> None:
    assert {(each.method, each.path) for each in PROMISED} <= sdk_operations().keys()


def test_every_operation_of_the_contract_is_answered(walked: Walked) -> None:
    promised = {(each.method, each.path) for each in PROMISED}
    assert set(walked.resources) | set(walked.absent) == promised
    assert {key for key in promised if not walked.resources[key]} == WITHOUT_ANY


def test_row_30_the_official_sdk_reads_everything_unchanged(
    walked: Walked, secure_server: SandboxServer
) -> None:
    """The other clients are in benchmarks/real_clients.py: each needs an environment of its own."""
    assert secure_server.url.startswith("https://")
    refused = Counter(
        (each.path, each.status)
        for each in secure_server.requests
        if each.status != 200 and each.status != 404
    )
    assert refused == {}
    assert walked.pages["GET", "/api/events"] > 1


def test_events_are_those_of_the_columns(
    walked: Walked, secure_shop: Shop, snapshot: Snapshot
) -> None:
    is_visible = secure_shop.events.visible_at <= snapshot.now
    kinds = Counter(secure_shop.events.kind[is_visible].tolist())
    assert walked.events_of_metric == {
        secure_shop.metrics[kind].id: count for kind, count in kinds.items()
    }
    assert walked.pages["GET", "/api/events"] == math.ceil(kinds.total() / 1000)
    assert len(walked.ids["events"]) == kinds.total()


def test_profiles_are_those_that_exist(
    walked: Walked, secure_shop: Shop, snapshot: Snapshot
) -> None:
    people, now = secure_shop.people, snapshot.now
    gone = (people.merged_at <= now) | (people.deleted_at <= now)
    shown = np.flatnonzero((people.created <= now) & ~gone)
    assert set(walked.ids["profiles"]) == {people.id_of(row) for row in shown.tolist()}
    assert walked.resources["GET", "/api/profiles"] == len(shown)


def test_members_are_those_of_the_spells(
    walked: Walked, secure_shop: Shop, snapshot: Snapshot
) -> None:
    spells, people, now = secure_shop.memberships, secure_shop.people, snapshot.now
    for row, group in enumerate(secure_shop.groups):
        inside = (spells.group == row) & (spells.joined_at <= now) & (spells.left_at > now)
        gone = (people.merged_at <= now) | (people.deleted_at <= now)
        members = len(set(spells.profile[inside].tolist()) - set(np.flatnonzero(gone).tolist()))
        folder = "lists" if group.is_list else "segments"
        for path in (
            f"/api/{folder}/{{id}}/profiles",
            f"/api/{folder}/{{id}}/relationships/profiles",
        ):
            assert walked.members[path, group.id] == members, f"{path} of {group.name}"


@pytest.mark.parametrize("channel", CHANNELS)
def test_campaigns_are_those_of_the_catalogue(
    sdk: OfficialSdk, secure_shop: Shop, snapshot: Snapshot, channel: str
) -> None:
    catalogue = secure_shop.catalogue
    made = {
        campaign.id
        for campaign in catalogue.campaigns
        if campaign.created_at <= snapshot.now
        and catalogue.messages[campaign.message].channel == channel
    }
    asked = {"filter": f"equals(messages.channel,'{channel}')"}
    pages = sdk.pages(("GET", "/api/campaigns"), **asked)
    assert {campaign.id for page in pages for campaign in page.data} == made


def _groups(shop: Shop, *, is_list: bool) -> list[str]:
    return [
        group.id
        for group in shop.groups
        if group.is_list == is_list and group.created_at <= shop.now
    ]


@pytest.mark.parametrize(
    ("folder", "of"),
    [
        ("flows", lambda shop: [flow.id for flow in shop.catalogue.flows]),
        ("forms", lambda shop: [form.id for form in shop.forms.forms]),
        ("form-versions", lambda shop: [version.id for version in shop.forms.versions]),
        ("lists", lambda shop: [group.id for group in shop.groups if group.is_list]),
        (
            "segments",  # the last one is made later
            lambda shop: [
                group.id
                for group in shop.groups
                if not group.is_list and group.created_at <= shop.now
            ],
        ),
        ("accounts", lambda shop: [shop.account.id]),
    ],
)
def test_what_was_made_is_listed_once(
    walked: Walked, secure_shop: Shop, folder: str, of: Callable[[Shop], list[str]]
) -> None:
    assert set(walked.ids[folder]) == set(of(secure_shop))


def test_collections_repeat_nothing(walked: Walked) -> None:
    repeated = {
        folder: walked.resources["GET", f"/api/{folder}"]
        for folder in walked.ids
        if ("GET", f"/api/{folder}") in walked.resources
        and walked.resources["GET", f"/api/{folder}"] != len(walked.ids[folder])
    }
    assert repeated == {}


def _without_attributes(body: dict[str, Any]) -> None:
    del body["data"][0]["attributes"]


def _number_as_id(body: dict[str, Any]) -> None:
    body["data"][0]["id"] = 7


def _foreign_type(body: dict[str, Any]) -> None:
    body["data"][0]["type"] = "pigeon"


def _no_metric(body: dict[str, Any]) -> None:
    body["data"][0]["relationships"]["metric"]["data"]["id"] = None


@pytest.mark.parametrize("broken", [_without_attributes, _number_as_id, _foreign_type, _no_metric])
def test_the_sdk_refuses_a_broken_body(
    sdk: OfficialSdk, secure_server: SandboxServer, broken: Callable[[dict[str, Any]], None]
) -> None:
    """What all of the above rests on: the models are strict."""
    trusted = ssl.create_default_context(cafile=str(secure_server.certificate))
    headers = {"Authorization": f"Klaviyo-API-Key {secure_server.key}", "revision": REVISION}
    answer = httpx.get(
        f"{secure_server.url}/api/events?page[size]=5", headers=headers, verify=trusted
    )
    body = answer.json()
    assert sdk.read(json.dumps(body), EVENTS).data[0].id == body["data"][0]["id"]
    broken(body)
    with pytest.raises(ValidationError, match="validation error"):
        sdk.read(json.dumps(body), EVENTS)
