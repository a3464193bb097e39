"""Paging by key: whatever the page size and the sort, every row comes once."""

from __future__ import annotations

from dataclasses import replace

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.sandbox.api.contract import Endpoint
from workbench.sandbox.api.jsonapi import Refusal
from workbench.sandbox.api.limits import Tier
from workbench.sandbox.api.pages import Page, listing, page
from workbench.sandbox.api.queries import Query, parsed_query

from .conftest import resources


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
