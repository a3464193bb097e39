"""One small shop, and one server of it without limits, for every test that only reads."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import orjson
import pytest

from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, build_shop

REVISION = "2026-07-15"


@pytest.fixture(scope="session")
def shop() -> Shop:
    return build_shop(ShopPlan(profiles=200, days=120))


@pytest.fixture(scope="session")
def server(shop: Shop) -> Iterator[SandboxServer]:
    with SandboxServer(shop, limiter=Limiter(scale=math.inf)) as running:
        yield running


@pytest.fixture(scope="session")
def client(server: SandboxServer) -> Iterator[httpx.Client]:
    with client_of(server) as connected:
        yield connected


def client_of(server: SandboxServer) -> httpx.Client:
    headers = {"Authorization": f"Klaviyo-API-Key {server.key}", "revision": REVISION}
    return httpx.Client(base_url=server.url, headers=headers, timeout=30)


def every(client: httpx.Client, url: str, **parameters: str) -> list[dict[str, Any]]:
    """Every page of a collection."""
    pages: list[dict[str, Any]] = []
    following: str | None = str(httpx.URL(url, params=parameters))
    while following:
        answer = client.get(following)
        assert answer.status_code == 200, answer.text
        pages.append(orjson.loads(answer.content))
        following = pages[-1]["links"]["next"]
    return pages


def resources(client: httpx.Client, url: str, **parameters: str) -> list[dict[str, Any]]:
    """The data of every page of a collection."""
    return [body for page in every(client, url, **parameters) for body in page["data"]]


def second(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).timestamp())


def money(number: float) -> Decimal:
    """A JSON number as the decimal that was written."""
    return Decimal(repr(number))
