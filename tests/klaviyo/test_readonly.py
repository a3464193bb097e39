"""What could change the account is refused before anything is sent."""

from __future__ import annotations

import httpx
import pytest

from workbench.errors import WriteForbidden
from workbench.klaviyo.endpoints import QUERIES
from workbench.klaviyo.readonly import ReadOnly

from .conftest import URL, client_of


class Sent(httpx.BaseTransport):
    """Keeps what reaches it."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(200, json={})


@pytest.mark.parametrize(
    ("method", "url"),
    [
        *[(method, f"{URL}/api/profiles") for method in ("POST", "PUT", "PATCH", "DELETE")],
        ("POST", f"{URL}/api/events"),
        ("POST", f"{URL}/api/profile-merge"),
        ("POST", f"{URL}/api/data-privacy-deletion-jobs"),
        ("POST", f"{URL}/api/metric-aggregates/AbC"),
        ("PATCH", f"{URL}/api/metric-aggregates"),
        ("OPTIONS", f"{URL}/api/events"),
        ("GET", f"{URL}/client/subscriptions"),
        ("GET", f"{URL}/api/../client/subscriptions"),
        ("GET", "https://elsewhere.test/api/events"),
        ("GET", "http://klaviyo.test/api/events"),
        ("GET", "https://klaviyo.test:8443/api/events"),
    ],
)
def test_row_28_what_does_not_only_read_is_never_sent(method: str, url: str) -> None:
    sent = Sent()
    with (
        httpx.Client(transport=sent, event_hooks={"request": [ReadOnly(URL)]}) as http,
        pytest.raises(WriteForbidden, match=rf"^{method} .* was not sent.*only reads") as caught,
    ):
        http.request(method, url)
    assert sent.requests == []
    assert caught.value.hint


@pytest.mark.parametrize("path", sorted(QUERIES))
def test_queries_pass_and_so_does_an_api_behind_a_prefix(path: str) -> None:
    sent = Sent()
    gate = ReadOnly(f"{URL}/proxy/")
    with httpx.Client(transport=sent, event_hooks={"request": [gate]}) as http:
        http.post(f"{URL}/proxy{path}", json={})
        http.get(f"{URL}/proxy/api/events")
        with pytest.raises(WriteForbidden):
            http.post(f"{URL}{path}", json={})
    assert [request.method for request in sent.requests] == ["POST", "GET"]


def test_the_client_posts_queries_only() -> None:
    sent: list[httpx.Request] = []

    def answered(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={"data": request.url.params["page_cursor"]})

    with client_of(answered) as client:
        with pytest.raises(WriteForbidden, match="POST /api/profiles was not sent"):
            client.post("/api/profiles", {"data": {}})
        assert sent == []
        told = client.post("/api/flow-values-reports", {"a": 1}, params={"page_cursor": "x"})
    assert told == {"data": "x"}
    (request,) = sent
    assert (request.method, request.content) == ("POST", b'{"a":1}')
    assert request.headers["Content-Type"] == "application/vnd.api+json"
