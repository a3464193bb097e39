"""Who is let in: keys and what they are allowed, and in whose shapes the answers come."""

from __future__ import annotations

import math
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import InputInvalid
from workbench.sandbox import Key, Limiter, SandboxServer, Shop, allowed_scopes
from workbench.sandbox.api.admission import REVISIONS, served_revision
from workbench.sandbox.api.contract import ENDPOINTS
from workbench.sandbox.api.jsonapi import Refusal

from .conftest import REVISION, client_of

READER = Key("pk_reader", frozenset({"metrics:read", "events:read"}))
APP = Key("token_of_an_app", frozenset({"accounts:read"}), is_app=True)
OPT_OUT = {"X-Klaviyo-Revision-Fall-Forward-Opt-Out": "1"}


@pytest.fixture(scope="module")
def shared(shop: Shop) -> Iterator[SandboxServer]:
    """An account with a key for everything but forms, a reader of metrics, and an app."""
    allowed = allowed_scopes(without=["forms:read"])
    with SandboxServer(
        shop, scopes=allowed, keys=[READER, APP], limiter=Limiter(scale=math.inf)
    ) as running:
        yield running


def _asked(server: SandboxServer, url: str, authorization: str, **headers: str) -> httpx.Response:
    told = {"Authorization": authorization, "revision": REVISION, **headers}
    sent = {name.encode(): value.encode() for name, value in told.items()}
    return httpx.get(f"{server.url}{url}", headers=sent)


def test_every_endpoint_asks_for_a_scope() -> None:
    assert [endpoint.path for endpoint in ENDPOINTS if not endpoint.scopes] == []
    words = {scope for endpoint in ENDPOINTS for scope in endpoint.scopes}
    assert all(scope.endswith(":read") for scope in words)


@pytest.mark.parametrize(
    ("authorization", "url", "lacking"),
    [
        ("Klaviyo-API-Key pk_sandbox", "/api/metrics", None),
        ("Klaviyo-API-Key pk_sandbox", "/api/forms", "forms:read"),
        ("Klaviyo-API-Key pk_reader", "/api/metrics", None),
        ("Klaviyo-API-Key pk_reader", "/api/accounts", "accounts:read"),
        ("Klaviyo-API-Key pk_reader", "/api/events/x/profile", "profiles:read"),
        ("Bearer token_of_an_app", "/api/accounts", None),
        ("Bearer token_of_an_app", "/api/lists/x/profiles", "lists:read, profiles:read"),
    ],
)
def test_a_key_is_allowed_its_scopes(
    authorization: str, url: str, lacking: str | None, shared: SandboxServer
) -> None:
    answer = _asked(shared, url, authorization)
    if lacking is None:
        assert answer.status_code == 200
        return
    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == "application/vnd.api+json"
    error = answer.json()["errors"][0]
    assert error["code"] == "permission_denied"
    assert error["detail"].endswith(f": {lacking}")


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer pk_reader",
        "Klaviyo-API-Key token_of_an_app",
        "Klaviyo-API-Key",
        "klaviyo-api-key pk_reader",
        "Klaviyo-API-Key pk_reader ü",
    ],
)
def test_no_other_key_opens(authorization: str, shared: SandboxServer) -> None:
    answer = _asked(shared, "/api/metrics", authorization)
    assert answer.status_code == 401
    assert "pk_reader" not in answer.text


def test_keys_share_a_quota_and_an_app_has_its_own(shop: Shop) -> None:
    limiter = Limiter(clock=lambda: 1_000_000_200.0)
    second = Key("pk_second")
    with SandboxServer(shop, keys=[second, APP], limiter=limiter) as server:
        found = [
            _asked(server, "/api/accounts", authorization).status_code
            for authorization in (
                "Klaviyo-API-Key pk_sandbox",
                "Klaviyo-API-Key pk_second",
                "Bearer token_of_an_app",
                "Bearer token_of_an_app",
            )
        ]
        kinds = [exchange.key for exchange in server.requests]
    assert found == [200, 429, 200, 429]
    assert kinds == ["private", "private", "app", "app"]


def test_a_secret_is_not_shown() -> None:
    assert "pk_reader" not in repr(READER)


def test_scopes_are_named_as_the_contract_does() -> None:
    assert allowed_scopes() is None
    forms = allowed_scopes(only=["forms:read", "lists:read"], without=["lists:read"])
    assert forms == frozenset({"forms:read"})
    assert "forms:read" not in (allowed_scopes(without=["forms:read"]) or ())
    with pytest.raises(InputInvalid, match="no endpoint asks for the scope 'forms:write'"):
        allowed_scopes(only=["forms:write"])


@pytest.mark.parametrize(
    ("given", "retired_before", "served"),
    [
        ("2026-07-15", "2024-11-02", "2026-07-15"),
        ("2026-07-15.pre", "2024-11-02", "2026-07-15"),
        ("2026-09-01", "2024-11-02", "2026-07-15"),
        ("2027-09-01", "2024-11-02", "2026-10-15"),
        ("2024-10-15", "2024-10-15", "2024-10-15"),
        ("2024-10-15", "2024-10-16", "2025-01-15"),
        ("2020-01-01", "2024-11-02", "2025-01-15"),
        ("2025-04-15", "2026-01-15", "2026-01-15"),
        ("2026-07-15", "2030-01-01", "2026-10-15"),
    ],
)
def test_a_revision_is_served_as_one_that_exists(
    given: str, retired_before: str, served: str
) -> None:
    headers = {"revision": given}
    assert served_revision(headers, retired_before=retired_before) == served


@pytest.mark.parametrize("given", ["", "latest", "2026-13-01", "2026-07-15.beta", "20260715", "0"])
def test_a_revision_that_is_no_date_is_refused(given: str) -> None:
    with pytest.raises(Refusal, match="header is missing or no date") as caught:
        served_revision({"revision": given}, retired_before="2024-11-02")
    assert caught.value.status == 400


@given(given=st.dates().map(str), retired_before=st.dates().map(str))
def test_falling_forward_is_refused_exactly_where_it_would_happen(
    given: str, retired_before: str
) -> None:
    served = served_revision({"revision": given}, retired_before=retired_before)
    assert served in REVISIONS
    assert served >= retired_before or served == REVISIONS[-1]
    if served <= given:
        opted_out = served_revision({"revision": given, **OPT_OUT}, retired_before=retired_before)
        assert opted_out == served
        return
    with pytest.raises(Refusal, match=f"Revision {given} is no longer served") as caught:
        served_revision({"revision": given, **OPT_OUT}, retired_before=retired_before)
    assert caught.value.status == 410


def test_revisions_retire_as_the_simulated_clock_moves(shop: Shop) -> None:
    def status(server: SandboxServer) -> int:
        authorization = f"Klaviyo-API-Key {server.key}"
        told = {"revision": "2025-01-15", **OPT_OUT}
        return _asked(server, "/api/accounts", authorization, **told).status_code

    with SandboxServer(shop, limiter=Limiter(scale=math.inf)) as server:
        assert status(server) == 200
        server.advance(days=74)  # from 2026-11-02 to 2027-01-15
        assert status(server) == 200
        server.advance()
        assert status(server) == 410


def test_no_header_says_that_a_revision_is_old(server: SandboxServer) -> None:
    with client_of(server) as client:
        new = client.get("/api/accounts", headers={"revision": "2026-10-15"})
        old = client.get("/api/accounts", headers={"revision": "2020-10-15"})
    assert new.headers == old.headers
