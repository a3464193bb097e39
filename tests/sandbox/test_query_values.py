"""Include, sparse fields and additional fields: each endpoint takes its own values and no other."""

from __future__ import annotations

from functools import cache
from typing import Any

import httpx
import pytest

from workbench.sandbox.api.contract import ENDPOINTS, Endpoint
from workbench.sandbox.api.sparse_fields import FIELDS, reduced, types_of

from .conftest import REVISION, resources

Body = dict[str, Any]
# the shop maps no custom metric, and its messages have no images
NOWHERE = ("/api/mapped-metrics/{id}/custom-metric", "/api/campaign-messages/{id}/image")
READ = [
    each
    for each in ENDPOINTS
    if each.method == "GET" and each.since <= REVISION and each.path not in NOWHERE
]
OTHER_EDITORS = {"CODE", "HYBRID", "SIMPLE", "USER_DRAGGABLE"}
EMAIL = {"filter": "equals(messages.channel,'email')"}


class Addresses:
    """An address of each endpoint that answers with something."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.ids = cache(self._ids)
        self.of = cache(self._of)

    def get(self, path: str, **parameters: str) -> httpx.Response:
        if path == "/api/campaigns":
            parameters |= EMAIL
        return self.client.get(self.of(path), params=parameters)

    def _of(self, path: str) -> str:
        """The path with an id for which it answers."""
        if "{id}" not in path:
            return path
        folder = path.split("/")[2]
        return next(
            url
            for each in self.ids(folder)
            if self.client.get(url := path.replace("{id}", each)).status_code == 200
        )

    def _ids(self, folder: str) -> list[str]:
        """Ids of a folder, also of those that have no collection of their own."""
        parents = {
            "metric-properties": "metrics",
            "form-versions": "forms",
            "flow-actions": "flows",
            "flow-messages": "flow-actions",
            "campaign-messages": "campaigns",
        }
        if folder in parents:
            parent = parents[folder]
            lists = (
                resources(self.client, f"/api/{parent}/{each}/{folder}")
                for each in self.ids(parent)
            )
            return [body["id"] for bodies in lists for body in bodies][:40]
        if folder in {"campaign-send-jobs", "campaign-recipient-estimations"}:
            return self.ids("campaigns")
        parameters = EMAIL if folder == "campaigns" else {}
        found = self.client.get(f"/api/{folder}", params=parameters).json()["data"]
        return [body["id"] for body in found][-10:]


@pytest.fixture(scope="module")
def addresses(client: httpx.Client) -> Addresses:
    return Addresses(client)


@pytest.mark.parametrize("endpoint", READ, ids=lambda each: each.path)
def test_each_endpoint_answers(addresses: Addresses, endpoint: Endpoint) -> None:
    assert addresses.get(endpoint.path).status_code == 200


@pytest.mark.parametrize("path", NOWHERE)
def test_a_relationship_that_leads_nowhere_is_missing(addresses: Addresses, path: str) -> None:
    folder, name = path.split("/")[2], path.rsplit("/", 1)[1]
    ids = addresses.ids(folder)
    assert ids
    for each in ids:
        answer = addresses.client.get(path.replace("{id}", each))
        assert answer.status_code == 404
        references = f"/api/{folder}/{each}/relationships/{name}"
        assert addresses.client.get(references).json()["data"] is None


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [(each, name) for each in READ for name in each.includes],
    ids=lambda value: getattr(value, "path", value),
)
def test_an_include_of_its_own_is_taken(
    addresses: Addresses, endpoint: Endpoint, name: str
) -> None:
    answer = addresses.get(endpoint.path, include=name)
    assert answer.status_code == 200
    kinds = {body["type"] for body in answer.json()["included"]}
    served = types_of(endpoint)
    assert kinds <= served
    related = _all(answer.json()["data"])
    named = {
        (each["type"], each["id"])
        for body in related
        for each in _all(body.get("relationships", {}).get(name, {}).get("data") or [])
    }
    assert {(body["type"], body["id"]) for body in answer.json()["included"]} >= named


@pytest.mark.parametrize("endpoint", READ, ids=lambda each: each.path)
def test_an_include_of_another_is_refused(addresses: Addresses, endpoint: Endpoint) -> None:
    answer = addresses.get(endpoint.path, include="planets")
    assert answer.status_code == 400
    error = answer.json()["errors"][0]
    assert error["detail"] == "'planets' is not a valid value of include."
    assert error["source"] == {"parameter": "include"}


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [(each, name) for each in READ for name in each.additional],
    ids=lambda value: getattr(value, "path", value),
)
def test_an_additional_field_comes_when_it_is_asked_for(
    addresses: Addresses, endpoint: Endpoint, name: str
) -> None:
    kind, field = name.split(".")
    plain = _all(addresses.get(endpoint.path).json()["data"])
    answer = addresses.get(endpoint.path, **{f"additional-fields[{kind}]": field})
    more = _all(answer.json()["data"])
    assert answer.status_code == 200
    assert not any(body["attributes"].get(field) for body in plain)
    assert more
    # only templates made in the newest editor have a definition
    others = [body for body in more if body["attributes"].get("editor_type") not in OTHER_EDITORS]
    assert all(field in body["attributes"] for body in others)


@pytest.mark.parametrize("endpoint", READ, ids=lambda each: each.path)
def test_an_additional_field_of_another_is_refused(
    addresses: Addresses, endpoint: Endpoint
) -> None:
    answer = addresses.get(endpoint.path, **{"additional-fields[planet]": "mass"})
    assert answer.status_code == 400
    error = answer.json()["errors"][0]
    assert error["source"] == {"parameter": "additional-fields[planet]"}


@pytest.mark.parametrize("endpoint", READ, ids=lambda each: each.path)
def test_sparse_fields_leave_only_what_is_asked_for(
    addresses: Addresses, endpoint: Endpoint
) -> None:
    includes = {"include": ",".join(endpoint.includes)} if endpoint.includes else {}
    whole = addresses.get(endpoint.path, **includes).json()
    for kind in types_of(endpoint):
        bodies = [body for body in _everything(whole) if body["type"] == kind]
        names = sorted({name for body in bodies for name in body.get("attributes", {})})
        assert set(names) <= FIELDS[kind]
        for name in names[:3]:
            answer = addresses.get(endpoint.path, **includes, **{f"fields[{kind}]": name})
            slim = [body for body in _everything(answer.json()) if body["type"] == kind]
            expected = [reduced(body["attributes"], frozenset({name})) for body in bodies]
            assert [body["attributes"] for body in slim] == expected


@pytest.mark.parametrize("endpoint", READ, ids=lambda each: each.path)
def test_sparse_fields_of_another_are_refused(addresses: Addresses, endpoint: Endpoint) -> None:
    answer = addresses.get(endpoint.path, **{"fields[planet]": "mass"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["source"] == {"parameter": "fields[planet]"}
    for kind in types_of(endpoint):
        answer = addresses.get(endpoint.path, **{f"fields[{kind}]": "id,mass"})
        assert answer.status_code == 400
        detail = answer.json()["errors"][0]["detail"]
        assert detail == f"'mass' is not a valid field for the resource '{kind}'."


@pytest.mark.parametrize("endpoint", READ, ids=lambda each: each.path)
def test_a_sort_of_another_is_refused(addresses: Addresses, endpoint: Endpoint) -> None:
    answer = addresses.get(endpoint.path, sort="mass")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["source"] == {"parameter": "sort"}


def test_a_part_of_a_field_can_be_asked_for(client: httpx.Client) -> None:
    asked = {"fields[profile]": "location.city,location.zip,email", "page[size]": "5"}
    for body in client.get("/api/profiles", params=asked).json()["data"]:
        assert set(body["attributes"]) == {"email", "location"}
        assert set(body["attributes"]["location"]) == {"city", "zip"}


def _all(data: Body | list[Body] | None) -> list[Body]:
    return data if isinstance(data, list) else [data] if data else []


def _everything(answer: Body) -> list[Body]:
    return [*_all(answer["data"]), *answer.get("included", [])]
