"""Paging by key: whatever the page size and the sort, every row comes once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.sandbox import Limiter, SandboxServer, ShopPlan, build_shop
from workbench.sandbox.api.contract import ENDPOINTS, Endpoint
from workbench.sandbox.api.jsonapi import Refusal
from workbench.sandbox.api.limits import Tier
from workbench.sandbox.api.pages import Page, listing, page
from workbench.sandbox.api.queries import Query, parsed_query

from .conftest import REVISION, client_of, resources

Body = dict[str, Any]
PAGED = [each for each in ENDPOINTS if each.size and each.since <= REVISION]
ALWAYS = {"/api/campaigns": {"filter": "equals(messages.channel,'email')"}}
MOST_PAGES = 6  # of a walk, so that the test stays fast


def _query(size: int, sort: str, filtered: str = "") -> Query:
    endpoint = Endpoint(
        "/api/things", Tier(1, 1), filters={"name": ("equals",)}, sorts=("at",), size=(10, 1000)
    )
    parameters = {"page[size]": str(size), "sort": sort, "filter": filtered}
    return parsed_query(endpoint, parameters, path="/api/things")


def _walk(keys: np.ndarray, query: Query) -> tuple[list[list[int]], Page]:
    listed = listing(np.arange(len(keys)), keys)
    pages = [page(listed, query)]
    while pages[-1].next_cursor:
        pages.append(page(listed, replace(query, cursor=pages[-1].next_cursor)))
    return [each.rows.tolist() for each in pages], pages[-1]


@given(
    keys=st.lists(st.integers(0, 8), min_size=1, max_size=60),
    size=st.integers(1, 61),
    sort=st.sampled_from(["at", "-at"]),
)
def test_every_row_comes_once_in_order(keys: list[int], size: int, sort: str) -> None:
    pages, _ = _walk(np.array(keys), _query(size, sort))
    rows = [row for each in pages for row in each]
    expected = sorted(range(len(keys)), key=lambda row: (keys[row], row))
    assert rows == (expected[::-1] if sort.startswith("-") else expected)
    assert all(len(each) == size for each in pages[:-1])


@given(
    keys=st.lists(st.sampled_from(["", "a", "b"]), min_size=1, max_size=40),
    size=st.integers(1, 41),
    sort=st.sampled_from(["at", "-at"]),
)
def test_previous_leads_back_over_the_same_rows(keys: list[str], size: int, sort: str) -> None:
    query = _query(size, sort)
    forth, last = _walk(np.array(keys), query)
    listed = listing(np.arange(len(keys)), np.array(keys))
    back = [last]
    while back[-1].previous_cursor:
        back.append(page(listed, replace(query, cursor=back[-1].previous_cursor)))
    rows = [row for each in reversed(back) for row in each.rows.tolist()]
    assert rows == [row for each in forth for row in each]


@given(
    keys=st.lists(st.integers(0, 5), min_size=4, max_size=40),
    late=st.lists(st.integers(0, 5), max_size=5),
)
def test_rows_that_appear_meanwhile_disturb_no_other(keys: list[int], late: list[int]) -> None:
    query = _query(2, "at")
    first = page(listing(np.arange(len(keys)), np.array(keys)), query)
    assert first.next_cursor
    grown = listing(np.arange(len(keys) + len(late)), np.array([*keys, *late]))
    rows = first.rows.tolist()
    cursor: str | None = first.next_cursor
    while cursor:
        following = page(grown, replace(query, cursor=cursor))
        rows += following.rows.tolist()
        cursor = following.next_cursor
    old = [row for row in rows if row < len(keys)]
    assert sorted(old) == list(range(len(keys)))
    assert len(rows) == len(set(rows))


@pytest.mark.parametrize("cursor", ["nonsense", "W10", "!!", "WyJhIiwxLDIsM10"])
def test_a_foreign_cursor_is_refused(cursor: str) -> None:
    listed = listing(np.arange(3), np.arange(3))
    with pytest.raises(Refusal, match=r"Invalid cursor provided\."):
        page(listed, replace(_query(1, "at"), cursor=cursor))


def test_a_cursor_belongs_to_its_query() -> None:
    listed = listing(np.arange(3), np.arange(3))
    cursor = page(listed, _query(1, "at")).next_cursor
    assert cursor
    for other in (_query(1, "-at"), _query(1, "at", "equals(name,'x')")):
        with pytest.raises(Refusal, match=r"Invalid cursor provided\."):
            page(listed, replace(other, cursor=cursor))


@pytest.mark.parametrize("sort", ["datetime", "-datetime", "timestamp", "-timestamp"])
def test_served_events_come_once_under_any_size(client: httpx.Client, sort: str) -> None:
    def pages(size: int) -> list[tuple[str, int]]:
        found = resources(client, "/api/events", sort=sort, **{"page[size]": str(size)})
        return [(body["id"], body["attributes"]["timestamp"]) for body in found]

    large = pages(1000)
    assert large == pages(337)
    assert len({event_id for event_id, _ in large}) == len(large)
    seconds = [at for _, at in large]
    assert seconds == sorted(seconds, reverse=sort.startswith("-"))


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A shop small enough to be paged through many times."""
    shop = build_shop(ShopPlan(profiles=60, days=60))
    with (
        SandboxServer(shop, limiter=Limiter(scale=math.inf)) as server,
        client_of(server) as connected,
    ):
        yield connected


@pytest.fixture(scope="module")
def listed(client: httpx.Client) -> Callable[[str, str], tuple[str, list[Body]]]:
    """The address of a collection, with an id that has many relatives, and all its rows."""

    def rows(address: str, path: str, sort: str) -> list[Body]:
        size = next(each.size for each in PAGED if each.path == path)
        assert size is not None
        parameters = {"page[size]": str(size[1]), **ALWAYS.get(path, {})}
        return resources(client, address, **parameters, **({"sort": sort} if sort else {}))

    @cache
    def address(path: str) -> str:
        if "{id}" not in path:
            return path
        parent = path.split("/{id}/")[0]
        related = path.replace("{id}", "{}")
        if parent == "/api/flow-actions":
            parents = rows(address("/api/flows/{id}/flow-actions"), "/api/flows", "")
        else:
            parents = rows(parent, parent, "")
        return max(
            (related.format(each["id"]) for each in parents),
            key=lambda url: len(rows(url, path, "")),
        )

    @cache
    def found(path: str, sort: str) -> tuple[str, list[Body]]:
        return address(path), rows(address(path), path, sort)

    return found


def _ids(bodies: list[Body]) -> list[tuple[str, str]]:
    return [(body["type"], body["id"]) for body in bodies]


def _walked(client: httpx.Client, first: httpx.URL, link: str, *, by_hand: bool) -> list[Body]:
    """Every page from the first on, by its links or by their cursors in another spelling."""
    pages, url = [], first
    while True:
        answer = client.get(url)
        assert answer.status_code == 200, answer.text
        pages.append(answer.json())
        following = pages[-1]["links"][link]
        if following is None:
            return pages
        url = httpx.URL(following)
        if by_hand:  # as the official client does over http
            cursor = "=" + url.params["page[cursor]"]
            url = first.copy_with(path=f"{first.path.rstrip('/')}/")
            url = url.copy_set_param("page[cursor]", cursor)


@pytest.mark.parametrize("endpoint", PAGED, ids=lambda each: each.path)
@given(data=st.data())
@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_endpoint_pages_to_and_fro_over_every_row_once(
    client: httpx.Client,
    listed: Callable[[str, str], tuple[str, list[Body]]],
    endpoint: Endpoint,
    data: st.DataObject,
) -> None:
    sorts = ["", *endpoint.sorts, *(f"-{name}" for name in endpoint.sorts)]
    sort = data.draw(st.sampled_from(sorts), label="sort")
    address, whole = listed(endpoint.path, sort)
    assert endpoint.size is not None
    least = min(len(whole) // MOST_PAGES + 1, endpoint.size[1])
    size = data.draw(st.integers(least, endpoint.size[1]), label="size")
    by_hand = data.draw(st.booleans(), label="by hand")
    parameters = {"page[size]": str(size), **ALWAYS.get(endpoint.path, {})}
    parameters |= {"sort": sort} if sort else {}
    first = client.base_url.copy_with(path=address, params=parameters)
    forth = _walked(client, first, "next", by_hand=by_hand)
    assert _ids([body for page in forth for body in page["data"]]) == _ids(whole)
    assert len(set(_ids(whole))) == len(whole)
    assert all(len(page["data"]) == size for page in forth[:-1])
    last = httpx.URL(forth[-1]["links"]["self"])
    back = _walked(client, last, "prev", by_hand=False)
    returned = [body for page in reversed(back) for body in page["data"]]
    assert _ids(returned) == _ids(whole)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (each.path, name)
        for each in PAGED
        if "/relationships/" not in each.path
        for name in each.sorts
    ],
)
def test_rows_come_in_the_order_asked_for(
    listed: Callable[[str, str], tuple[str, list[Body]]], path: str, name: str
) -> None:
    for sort in (name, f"-{name}"):
        _, whole = listed(path, sort)
        keys = [key for body in whole if (key := _key(body, name)) is not None]
        assert keys or name.startswith("subscriptions.")
        assert keys == sorted(keys, reverse=sort.startswith("-"))


def _key(body: Body, name: str) -> str | float | None:
    if name == "id":
        return str(body["id"])
    said = {**body["attributes"].get("definition", {}), **body["attributes"]}
    if body["type"] == "flow-action":
        said |= {"action_type": said["type"], "status": said["data"].get("status")}
    found: str | float | None = said.get(name)
    return found
