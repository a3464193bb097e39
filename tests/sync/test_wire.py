"""Whole syncs over a bad wire: limits shared with others, faults of every kind, missing scopes.

Time passes only while somebody sleeps, for the sandbox as for the client.
"""

from __future__ import annotations

import datetime as dt
import math
import threading
from collections import Counter
from collections.abc import Iterator
from email.utils import format_datetime

import httpx
import pytest
from conftest import Server, unhurried_client
from psycopg.sql import SQL, Identifier

from workbench.db import Database, open_database
from workbench.errors import RevisionRetired
from workbench.klaviyo import KlaviyoClient, pages
from workbench.klaviyo import Limiter as ClientLimiter
from workbench.klaviyo.endpoints import QUERIES
from workbench.klaviyo.requests import RequestRecord
from workbench.sandbox import Limiter, SandboxServer, Shop
from workbench.sandbox.api.admission import allowed_scopes
from workbench.settings import REVISION
from workbench.sync import Asked, Progress, sync_account

from .conftest import KEY, Edited, synced

BEGAN = 1_800_000_017.3
Stored = dict[str, int]


class Clock:
    """Seconds since 1970 that pass while somebody sleeps, in whatever thread."""

    def __init__(self) -> None:
        self._now = BEGAN
        self._lock = threading.Lock()

    def __call__(self) -> float:
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds

    @property
    def passed(self) -> float:
        return self() - BEGAN


def patient_client(
    sandbox: SandboxServer, clock: Clock, transport: httpx.BaseTransport | None = None
) -> KlaviyoClient:
    """A client that keeps to the limits, on the sandbox's clock."""
    return KlaviyoClient(
        key=sandbox.key,
        url=sandbox.url,
        revision=REVISION,
        limiter=ClientLimiter(clock=clock, sleep=clock.sleep),
        transport=transport,
        sleep=clock.sleep,
    )


def stored(database: Database) -> Stored:
    """Rows of each table that holds what Klaviyo shows."""
    tables = "select tablename from pg_catalog.pg_tables where schemaname = 'klaviyo'"
    with database.connection() as connection:
        names = [name for (name,) in connection.execute(tables).fetchall()]
        count = SQL("select count(*) from klaviyo.{}")
        found = {}
        for name in names:
            row = connection.execute(count.format(Identifier(name))).fetchone()
            assert row is not None
            found[name] = row[0]
        value = connection.execute("select sum(value) from klaviyo.event").fetchone()
    assert value is not None
    return {**found, "value of all events": value[0]}


@pytest.fixture(scope="module")
def undisturbed(
    embedded_server: Server, shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> Stored:
    """What a sync stores when nothing goes wrong."""
    with (
        embedded_server.copy(tmp_path_factory.mktemp("undisturbed")) as settings,
        open_database(settings) as database,
        SandboxServer(shop, key=KEY, limiter=Limiter(scale=math.inf)) as sandbox,
    ):
        summary = synced(database, unhurried_client(sandbox))
        assert not summary.failed
        return stored(database)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limited(shop: Shop, clock: Clock) -> Iterator[SandboxServer]:
    """The sandbox with Klaviyo's limits."""
    with SandboxServer(shop, key=KEY, clock=clock) as running:
        yield running


@pytest.fixture
def unlimited(shop: Shop, clock: Clock) -> Iterator[SandboxServer]:
    unlimited = Limiter(scale=math.inf)
    with SandboxServer(shop, key=KEY, limiter=unlimited, clock=clock) as running:
        yield running


def statuses(sandbox: SandboxServer) -> Counter[int]:
    return Counter(exchange.status for exchange in sandbox.requests)


def test_row_09_a_sync_alone_keeps_to_every_limit(
    embedded_database: Database, limited: SandboxServer, clock: Clock, undisturbed: Stored
) -> None:
    summary = synced(embedded_database, patient_client(limited, clock))
    assert not summary.failed
    assert statuses(limited)[429] == 0
    assert stored(embedded_database) == undisturbed


def test_row_09_a_sync_beside_another_client_loses_nothing(
    embedded_database: Database, limited: SandboxServer, clock: Clock, undisturbed: Stored
) -> None:
    limited.fault("second-consumer:share=0.5")
    summary = synced(embedded_database, patient_client(limited, clock))
    assert not summary.failed
    assert set(statuses(limited)) <= {200, 404, 429}
    assert stored(embedded_database) == undisturbed


def test_row_09_beside_another_client_less_than_one_request_in_fifty_is_refused(
    limited: SandboxServer, clock: Clock
) -> None:
    limited.fault("second-consumer:share=0.5")
    told: list[RequestRecord] = []
    with patient_client(limited, clock) as client:
        client.watch(told.append)
        while clock.passed < 60:
            client.get("/api/profiles", {"page[size]": "1"})
            clock.sleep(0.01)
    refused = sum(record.status == 429 for record in told)
    assert refused / len(told) < 0.02
    # what is left of each of the two minutes that this touches
    assert len(told) - refused >= 0.95 * 2 * 375
    assert {record.status for record in told} == {200, 429}
    assert statuses(limited) == Counter(record.status for record in told)


def test_row_09_predictions_have_a_limit_of_their_own(limited: SandboxServer, clock: Clock) -> None:
    asked = {"additional-fields[profile]": "predictive_analytics", "page[size]": "1"}
    with patient_client(limited, clock) as client:
        for _ in range(200):
            client.get("/api/profiles", {"page[size]": "1"})
        before = clock.passed
        read = sum(1 for page in pages(client, "/api/profiles", asked) if page.data)
        shares = {name: usage.share for name, usage in client.limiter.usage().items()}
    assert read == len(limited.shop.people.ids[limited.shop.people.created <= limited.now])
    assert statuses(limited)[429] == 0
    assert before < 3
    assert clock.passed - before > read / 10 - 1  # ten a second
    assert shares["/api/profiles with predictive_analytics"] == pytest.approx(read / 150)


def test_row_23_a_retired_revision_is_a_clear_error_and_nothing_else_is_read(
    embedded_database: Database, unlimited: SandboxServer, clock: Clock
) -> None:
    unlimited.fault("retired-revision")
    told = rf"410.*asked for revision {REVISION} \(update the workbench"
    with pytest.raises(RevisionRetired, match=told):
        synced(embedded_database, patient_client(unlimited, clock))
    assert [exchange.status for exchange in unlimited.requests] == [410]


@pytest.mark.parametrize(("date", "is_warned"), [("2028-01-16", False), ("2028-01-17", True)])
def test_row_23_the_end_of_the_revision_is_told_half_a_year_before(
    embedded_database: Database, unlimited: SandboxServer, clock: Clock, date: str, is_warned: bool
) -> None:
    instant = dt.datetime.fromisoformat(date).replace(tzinfo=dt.UTC)

    def later(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        response.headers["Date"] = format_datetime(instant, usegmt=True)
        return response

    with patient_client(unlimited, clock, Edited(later)) as client, Progress() as progress:
        summary = sync_account(
            embedded_database,
            client,
            progress=progress,
            clock=clock,
            asked=Asked(resources=("metrics",)),
        )
    told = [note for note in summary.notes if "2028-07-15" in note]
    assert len(told) == is_warned
    assert not is_warned or "in 180 days: update the workbench" in told[0]


FAULTS = (
    "429", "500", "502", "503", "504", "524", "reset", "truncated", "invalid-json", "html-403"
)  # fmt: skip


def test_row_25_a_sync_through_every_fault_of_the_wire_stores_the_same(
    embedded_database: Database, unlimited: SandboxServer, clock: Clock, undisturbed: Stored
) -> None:
    unlimited.fault(*(f"{name}:share=0.03" for name in FAULTS))
    summary = synced(embedded_database, patient_client(unlimited, clock))
    met = statuses(unlimited)
    assert {0, 403, 429, 500, 502, 503, 504, 524} <= set(met)
    assert not summary.failed
    assert not summary.refused
    assert stored(embedded_database) == undisturbed


def test_row_25_an_endpoint_out_of_order_fails_its_own_stream_only(
    embedded_database: Database, unlimited: SandboxServer, clock: Clock, undisturbed: Stored
) -> None:
    unlimited.fault("503:path=/api/forms,share=1")
    summary = synced(embedded_database, patient_client(unlimited, clock))
    assert {name: error.message for name, error in summary.failed.items()} == {
        "forms": "/api/forms still answers 503"
    }
    asked = [exchange for exchange in unlimited.requests if exchange.path == "/api/forms"]
    assert len(asked) <= 5 + 4  # until it rests, and one after each rest
    assert clock.passed >= 5 + 15 + 45 + 90
    found = stored(embedded_database)
    missing = {table for table in undisturbed if found[table] != undisturbed[table]}
    assert missing == {"form", "form_version"}


@pytest.mark.parametrize("status", [400, 404, 410])
def test_row_25_what_will_not_change_is_asked_once(
    embedded_database: Database, unlimited: SandboxServer, clock: Clock, status: int
) -> None:
    asked: list[httpx.URL] = []

    def refuse(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path != "/api/metrics":
            return response
        asked.append(request.url)
        headers = {"Date": response.headers["Date"]}
        return httpx.Response(status, json={"errors": [{"detail": "No."}]}, headers=headers)

    client = patient_client(unlimited, clock, Edited(refuse))
    if status == 410:
        with pytest.raises(RevisionRetired, match="answered 410: No"):
            synced(embedded_database, client)
    else:
        assert "metrics" in synced(embedded_database, client).failed
    assert len(asked) == 1


@pytest.mark.parametrize("is_named", [True, False])
def test_row_26_a_missing_scope_leaves_out_its_own_streams_and_is_named(
    embedded_database: Database, shop: Shop, clock: Clock, undisturbed: Stored, is_named: bool
) -> None:
    def unnamed(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if response.status_code != 403 or is_named:
            return response
        headers = {"Date": response.headers["Date"]}
        return httpx.Response(403, json={"errors": [{"detail": "Forbidden."}]}, headers=headers)

    scopes = allowed_scopes(without=["forms:read"])
    unlimited = Limiter(scale=math.inf)
    with SandboxServer(shop, key=KEY, scopes=scopes, limiter=unlimited, clock=clock) as sandbox:
        summary = synced(embedded_database, patient_client(sandbox, clock, Edited(unnamed)))
        denied = [exchange.path for exchange in sandbox.requests if exchange.status == 403]
    assert not summary.failed
    assert set(summary.refused) >= {"forms"}
    assert all("form" in stream for stream in summary.refused)
    assert all("forms:read" in reason for reason in summary.refused.values())
    assert len(denied) == len(set(denied))  # never asked again
    found = stored(embedded_database)
    missing = {table for table in undisturbed if found[table] != undisturbed[table]}
    assert {"form", "form_version"} <= missing <= {"form", "form_version", "report_value"}


def test_row_28_a_whole_sync_only_reads(
    embedded_database: Database, unlimited: SandboxServer, clock: Clock
) -> None:
    for _ in range(2):
        summary = synced(embedded_database, patient_client(unlimited, clock))
        assert not summary.failed
        unlimited.advance(days=1)
    sent = {(exchange.method, exchange.path) for exchange in unlimited.requests}
    assert {method for method, _ in sent} == {"GET", "POST"}
    assert {path for method, path in sent if method == "POST"} <= QUERIES
    assert all(path.startswith("/api/") for _, path in sent)
