"""What real clients send beside the official SDK, and what Klaviyo makes of it."""

from __future__ import annotations

import datetime as dt

import httpx
import pytest

from workbench.sandbox import SandboxServer

from .conftest import REVISION, resources, second

AIRBYTE = "2024-10-15"


@pytest.fixture(scope="module")
def middle(client: httpx.Client) -> dt.datetime:
    """An instant at which an event happened, with events on both sides."""
    found = resources(client, "/api/events", sort="datetime")
    return dt.datetime.fromtimestamp(found[len(found) // 2]["attributes"]["timestamp"], dt.UTC)


def _ids(client: httpx.Client, url: str, **parameters: str) -> list[str]:
    return [body["id"] for body in resources(client, url, **parameters)]


@pytest.mark.parametrize("accepted", ["application/json", "application/vnd.api+json", "*/*", None])
def test_any_accept_header_is_answered_in_json_api(
    client: httpx.Client, accepted: str | None
) -> None:
    headers = {} if accepted is None else {"accept": accepted}
    answer = client.get("/api/metrics", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/vnd.api+json")


@pytest.mark.parametrize(
    "path", ["/api/events", "/api/metrics", "/api/profiles", "/api/lists", "/api/flows"]
)
def test_a_trailing_slash_changes_nothing(client: httpx.Client, path: str) -> None:
    plain, slashed = (client.get(each).json() for each in (path, f"{path}/"))
    assert [body["id"] for body in plain["data"]] == [body["id"] for body in slashed["data"]]
    following = slashed["links"]["next"]
    if following is not None:
        assert client.get(following).status_code == 200


def test_members_are_found_with_a_trailing_slash(client: httpx.Client) -> None:
    for found in resources(client, "/api/lists"):
        path = f"/api/lists/{found['id']}/relationships/profiles"
        assert _ids(client, f"{path}/") == _ids(client, path)


@pytest.mark.parametrize(
    "spelling",
    [
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y-%m-%dT%H:%M:%S+00:00",
        "%Y-%m-%dT%H:%M:%S+0000",
        "%Y-%m-%d %H:%M:%S+00:00",
        "%Y-%m-%dT%H:%M:%S.000Z",
        "%Y-%m-%dT%H:%M:%S",
    ],
)
def test_an_instant_is_one_in_every_spelling(
    client: httpx.Client, middle: dt.datetime, spelling: str
) -> None:
    every = resources(client, "/api/events", sort="datetime")
    wanted = {
        body["id"] for body in every if second(body["attributes"]["datetime"]) > middle.timestamp()
    }
    bound = middle.strftime(spelling)
    assert 0 < len(wanted) < len(every)
    assert set(_ids(client, "/api/events", filter=f"greater-than(datetime,{bound})")) == wanted


def test_a_cursor_may_carry_the_sign_that_the_sdk_leaves_before_it(client: httpx.Client) -> None:
    first = client.get("/api/events", params={"page[size]": "50"}).json()
    following = httpx.URL(first["links"]["next"])
    cursor = following.params["page[cursor]"]
    plain = client.get("/api/events", params={"page[size]": "50", "page[cursor]": cursor}).json()
    signed = client.get(
        "/api/events", params={"page[size]": "50", "page[cursor]": f"={cursor}"}
    ).json()
    assert plain["data"] == signed["data"] == client.get(following).json()["data"]
    assert plain["data"] != first["data"]


def test_brackets_may_be_escaped_or_not(client: httpx.Client) -> None:
    asked = [
        client.get(f"/api/events?{name}=7").json()["data"]
        for name in ("page[size]", "page%5Bsize%5D", "page%5bsize%5d")
    ]
    assert [len(data) for data in asked] == [7, 7, 7]
    assert asked[0] == asked[1] == asked[2]


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/api/profiles", {"additional-fields[profile]": "predictive_analytics"}),
        ("/api/events", {"include": "attributions,metric", "sort": "datetime"}),
        ("/api/campaigns", {"filter": "equals(messages.channel,'email')", "sort": "updated_at"}),
        ("/api/flows", {"sort": "updated"}),
        ("/api/metrics", {}),
        ("/api/lists", {"sort": "updated"}),
    ],
)
def test_the_older_revision_of_airbyte_is_answered(
    server: SandboxServer, client: httpx.Client, path: str, parameters: dict[str, str]
) -> None:
    headers = {
        "Authorization": f"Klaviyo-API-Key {server.key}",
        "accept": "application/json",
        "revision": AIRBYTE,
    }
    with httpx.Client(base_url=server.url, headers=headers) as airbyte:
        assert _ids(airbyte, path, **parameters) == _ids(client, path, **parameters)


def test_links_lead_to_the_host_that_was_asked(server: SandboxServer) -> None:
    named = server.url.replace("127.0.0.1", "localhost")
    headers = {"Authorization": f"Klaviyo-API-Key {server.key}", "revision": REVISION}
    answer = httpx.get(f"{named}/api/events?page[size]=1", headers=headers).json()
    links = [answer["links"]["next"], answer["data"][0]["links"]["self"]]
    assert all(link.startswith(f"{named}/") for link in links)
