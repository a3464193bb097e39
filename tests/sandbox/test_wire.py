"""What is on the wire whatever is asked: paths, methods, compression, the life of a cursor."""

from __future__ import annotations

import gzip
import math
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.sandbox import Limiter, SandboxServer, Shop
from workbench.sandbox.api.bodies_cache import BodiesCache
from workbench.sandbox.api.contract import ENDPOINTS
from workbench.sandbox.api.cursors import Cursors
from workbench.sandbox.api.jsonapi import Refusal
from workbench.sandbox.api.routes import Routes

from .conftest import client_of

HOUR = 3_600.0


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000_000_000.0 * 3.6)


@pytest.fixture
def hourly(shop: Shop, clock: Clock) -> Iterator[httpx.Client]:
    """A client of a server whose cursors are good for an hour."""
    server = SandboxServer(shop, cursor_seconds=HOUR, clock=clock, limiter=Limiter(scale=math.inf))
    with server, client_of(server) as client:
        yield client


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: f"{each.method} {each.path}")
def test_every_endpoint_is_found_with_and_without_a_slash(endpoint) -> None:  # type: ignore[no-untyped-def]
    routes, path = Routes(ENDPOINTS), endpoint.path.replace("{id}", "Ab-9")
    expected = (endpoint, "Ab-9" if "{id}" in endpoint.path else None)
    assert routes.found(endpoint.method, path) == expected
    assert routes.found(endpoint.method, f"{path}/") == expected


@pytest.mark.parametrize(
    "path", ["/", "/api", "/api/", "/api/events//", "//api/events", "/api/events/1/2/3/4", "/apis"]
)
def test_no_other_path_is_served(path: str) -> None:
    with pytest.raises(Refusal, match="is not served") as caught:
        Routes(ENDPOINTS).found("GET", path)
    assert caught.value.status == 404


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "POST"])
def test_an_endpoint_answers_its_method_alone(method: str, client: httpx.Client) -> None:
    answer = client.request(method, "/api/events")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET"
    assert client.request(method, "/api/nothing").status_code == 404


def test_json_is_accepted_under_its_plain_name(client: httpx.Client) -> None:
    answer = client.get("/api/events", headers={"Accept": "application/json"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/vnd.api+json"


def test_a_body_is_compressed_for_who_accepts_it(client: httpx.Client) -> None:
    plain = client.get("/api/events", headers={"Accept-Encoding": "identity"})
    packed = client.get("/api/events", headers={"Accept-Encoding": "br, gzip"})
    again = client.get("/api/events", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == again.headers["Content-Encoding"] == "gzip"
    assert packed.content == again.content == plain.content
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 4
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"


def test_what_is_sent_is_gzip(client: httpx.Client) -> None:
    plain = client.get("/api/events", headers={"Accept-Encoding": "identity"}).content
    with client.stream("GET", "/api/events", headers={"Accept-Encoding": "gzip"}) as answer:
        assert gzip.decompress(b"".join(answer.iter_raw())) == plain


def test_a_small_body_is_not_compressed(client: httpx.Client) -> None:
    answer = client.get("/api/accounts", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers


def test_a_cursor_grows_old(hourly: httpx.Client, clock: Clock) -> None:
    following = hourly.get("/api/events").json()["links"]["next"]
    clock.now += 0.9 * HOUR - 1
    assert hourly.get(following).status_code == 200
    clock.now += 0.1 * HOUR + 1
    refused = hourly.get(following)
    assert refused.status_code == 400
    (error,) = refused.json()["errors"]
    assert error.pop("id")
    assert error == {
        "status": 400,
        "code": "invalid",
        "title": "Invalid input.",
        "detail": "Invalid cursor provided.",
        "source": {"pointer": "/data/"},
        "links": {},
        "meta": {},
    }


def test_a_page_asked_for_again_has_a_young_cursor(hourly: httpx.Client, clock: Clock) -> None:
    for _ in range(5):
        following = hourly.get("/api/events").json()["links"]["next"]
        clock.now += 0.8 * HOUR
        assert hourly.get(following).status_code == 200


@given(
    seconds=st.floats(1, 1e6),
    began=st.floats(0, 2e9),
    waited=st.floats(0, 1.2),
    text=st.text(min_size=1),
)
def test_a_cursor_is_good_for_nine_tenths_of_its_life_and_never_longer(
    seconds: float, began: float, waited: float, text: str
) -> None:
    clock = Clock(began)
    cursors = Cursors(seconds=seconds, clock=clock)
    stamped = cursors.stamped(text)
    clock.now += waited * seconds
    if waited < 0.89:
        assert cursors.opened(stamped) == cursors.opened(f"={stamped}") == text
    elif waited > 1.01:
        with pytest.raises(Refusal, match=r"Invalid cursor provided\."):
            cursors.opened(stamped)


@pytest.mark.parametrize("text", ["abc", "0" * 10, "-00000001x", "ffffffffffx", "é" * 20])
def test_what_was_never_stamped_is_no_cursor(text: str, clock: Clock) -> None:
    with pytest.raises(Refusal, match=r"Invalid cursor provided\."):
        Cursors(seconds=HOUR, clock=clock).opened(text)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 40)), max_size=60))
def test_the_cache_keeps_what_was_asked_for_last(puts: list[tuple[int, int]]) -> None:
    cache, kept = BodiesCache(most=100), list[tuple[int, bytes]]()
    for key, size in puts:
        cache.put(key, bytes(size))
        kept = [each for each in kept if each[0] != key] + [(key, bytes(size))]
        while sum(len(body) for _, body in kept) > 100:
            del kept[0]
    assert {key: cache.get(key) for key in range(6) if cache.get(key) is not None} == dict(kept)
