"""Pages follow each other to the end, and never to another host."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from workbench.errors import CursorExpired, KlaviyoUnavailable
from workbench.klaviyo import pages
from workbench.klaviyo.pages import from_the_first

from .conftest import URL, client_of


def test_pages_come_in_order_with_what_they_include() -> None:
    asked: list[str] = []
    bodies: list[dict[str, Any]] = [
        {
            "data": [{"id": "1"}, {"id": "2"}],
            "links": {"next": f"{URL}/api/events?page%5Bcursor%5D=b"},
        },
        {"data": [], "included": [{"id": "x"}], "links": {"next": f"{URL}/api/events/?c=%3Dd&e=1"}},
        {"data": {"id": "3"}, "links": {"next": None}},
    ]

    def answered(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, json=bodies[len(asked) - 1])

    with client_of(answered) as client:
        found = list(pages(client, "/api/events", {"sort": "datetime"}))
    assert [[item["id"] for item in page.data] for page in found] == [["1", "2"], [], ["3"]]
    assert [page.included for page in found] == [[], [{"id": "x"}], []]
    assert asked == [
        f"{URL}/api/events?sort=datetime",
        f"{URL}/api/events?page%5Bcursor%5D=b",
        f"{URL}/api/events/?c=%3Dd&e=1",
    ]


@pytest.mark.parametrize(
    "following",
    [
        "https://elsewhere.test/api/events?page=2",
        "https://klaviyo.test@elsewhere.test/api/events?page=2",
        "http://klaviyo.test:81/api/events?page=2",
        f"{URL}//elsewhere.test/api/events?page=2",
        "//elsewhere.test/api/events?page=2",
    ],
)
def test_the_key_goes_to_the_configured_host_whatever_a_body_says(following: str) -> None:
    asked: list[httpx.URL] = []

    def answered(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        links = {"next": following if len(asked) == 1 else None}
        return httpx.Response(200, json={"data": [], "links": links})

    with client_of(answered) as client:
        list(pages(client, "/api/events"))
    assert len(asked) == 2
    assert {f"{url.scheme}://{url.netloc.decode()}" for url in asked} == {URL}


@pytest.mark.parametrize("body", [{}, {"data": None}])
def test_an_answer_without_data_is_no_empty_page(body: dict[str, Any]) -> None:
    with (
        client_of(lambda _: httpx.Response(200, json=body)) as client,
        pytest.raises(KlaviyoUnavailable, match="/api/events answered without data") as caught,
    ):
        list(pages(client, "/api/events"))
    assert caught.value.hint


@pytest.mark.parametrize("following", ["https://[", 7])
def test_a_next_link_that_is_none_is_told(following: object) -> None:
    body = {"data": [], "links": {"next": following}}
    with (
        client_of(lambda _: httpx.Response(200, json=body)) as client,
        pytest.raises(KlaviyoUnavailable, match="/api/events answered with a link that is none"),
    ):
        list(pages(client, "/api/events"))


@pytest.mark.parametrize(("expiries", "is_told"), [(4, False), (5, True)])
def test_row_07_a_walk_begins_again_with_its_first_page_but_not_for_ever(
    expiries: int, is_told: bool
) -> None:
    walks: list[list[int]] = []

    def walk() -> Iterator[int]:
        walks.append([])
        for page in range(3):
            if page == 2 and len(walks) <= expiries:
                raise CursorExpired("gone", hint="begin again")
            walks[-1].append(page)
            yield page

    found: list[int] = []
    if is_told:
        with pytest.raises(CursorExpired, match="gone"):
            found.extend(from_the_first(walk))
    else:
        found.extend(from_the_first(walk))
        assert walks[-1] == [0, 1, 2]
        assert found == [0, 1] * expiries + [0, 1, 2]
    assert len(walks) == 5
