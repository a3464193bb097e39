"""TLS: clients that trust the certificate are answered, over https, and no others are."""

from __future__ import annotations

import contextlib
import socket
import ssl
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from workbench.sandbox import SandboxServer, Shop
from workbench.sandbox.tls import self_signed_certificate

from .conftest import client_of


@pytest.fixture(scope="module")
def secured(shop: Shop) -> Iterator[SandboxServer]:
    with SandboxServer(shop, tls=True) as running:
        yield running


def _trusting(server: SandboxServer) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=server.certificate)
    context.verify_flags |= ssl.VERIFY_X509_STRICT  # the default from Python 3.13 on
    return context


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_client_that_trusts_the_certificate_is_answered(
    secured: SandboxServer, host: str
) -> None:
    url = secured.url.replace("127.0.0.1", host)
    headers = {"Authorization": f"Klaviyo-API-Key {secured.key}", "revision": "2026-07-15"}
    with httpx.Client(base_url=url, headers=headers, verify=_trusting(secured)) as client:
        first = client.get("/api/events", params={"page[size]": "1"}).json()
        assert first["links"]["next"].startswith(f"{url}/api/events?")
        assert first["data"][0]["links"]["self"].startswith(f"{url}/api/events/")
        assert client.get(first["links"]["next"]).status_code == 200


def test_a_client_that_does_not_trust_it_is_not(secured: SandboxServer) -> None:
    with (
        httpx.Client(base_url=secured.url) as client,
        pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        client.get("/api/accounts")


def test_another_name_is_not_vouched_for(secured: SandboxServer) -> None:
    port = httpx.URL(secured.url).port
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"),
    ):
        _trusting(secured).wrap_socket(plain, server_hostname="a.klaviyo.com")


def test_a_name_asked_for_is_vouched_for(shop: Shop) -> None:
    with SandboxServer(shop, tls=True, name="a.klaviyo.com") as named:
        port = httpx.URL(named.url).port
        with (
            socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
            _trusting(named).wrap_socket(plain, server_hostname="a.klaviyo.com") as secure,
        ):
            assert ("DNS", "a.klaviyo.com") in secure.getpeercert()["subjectAltName"]


def test_no_key_lies_beside_the_certificate(secured: SandboxServer) -> None:
    assert secured.certificate is not None
    assert [each.name for each in secured.certificate.parent.iterdir()] == ["certificate.pem"]
    assert "PRIVATE" not in secured.certificate.read_text()


def test_the_key_is_private_from_the_start(tmp_path: Path) -> None:
    made = self_signed_certificate(tmp_path, names=["sandbox.example.com"])
    assert stat.S_IMODE(made.key_path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        self_signed_certificate(tmp_path)


def test_the_certificate_is_gone_with_the_server(shop: Shop) -> None:
    with SandboxServer(shop, tls=True) as server:
        kept = server.certificate
        assert kept is not None
        assert kept.is_file()
    assert not kept.parent.exists()


def test_the_server_stops_while_a_client_is_still_connected(shop: Shop) -> None:
    with contextlib.ExitStack() as connected:
        with SandboxServer(shop, tls=True) as server:
            headers = {"Authorization": f"Klaviyo-API-Key {server.key}", "revision": "2026-07-15"}
            client = connected.enter_context(
                httpx.Client(base_url=server.url, headers=headers, verify=_trusting(server))
            )
            assert client.get("/api/accounts").status_code == 200
            began = time.monotonic()
        assert time.monotonic() - began < 15  # asyncio would wait 30 s for the client


def test_without_tls_there_is_none(server: SandboxServer) -> None:
    assert server.certificate is None
    assert server.url.startswith("http://")


def test_nobody_on_the_way_decides_the_scheme(shop: Shop) -> None:
    with SandboxServer(shop) as server, client_of(server) as client:
        answer = client.get("/api/accounts", headers={"X-Forwarded-Proto": "https"})
        assert answer.json()["links"]["self"].startswith(f"{server.url}/api/accounts")
