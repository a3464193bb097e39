"""What a sync tells: on a terminal, in its summary, in the database; and what it never tells."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import typer
from conftest import unhurried_client
from rich.console import Console
from typer.testing import CliRunner, Result

from workbench import klaviyo
from workbench.cli.app import app
from workbench.cli.syncs import tell
from workbench.db import Database
from workbench.errors import AccountMissing
from workbench.klaviyo import KlaviyoClient
from workbench.sandbox import (
    FAULTS,
    Limiter,
    SandboxServer,
    Shop,
    allowed_scopes,
)
from workbench.settings import REVISION, Settings
from workbench.sync import Asked, Progress, sync_account
from workbench.sync.progress import Pace

from .conftest import KEY, ended, environment, synced

# those that a sync gets over by itself
_MENDED = [
    f"{name}:share=0.05"
    for name in FAULTS
    if name in {"500", "502", "503", "504", "524", "reset", "truncated", "invalid-json", "html-403"}
]


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with database.connection() as connection:
        return connection.execute(query).fetchall()


def streams_of(said: str) -> dict[str, list[str]]:
    """Lines of the summary table by stream: what stands in its columns."""
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in said.splitlines()]
    return {cells[0]: cells[1:] for cells in lines if len(cells) == 7}


def patient_client(sandbox: SandboxServer) -> KlaviyoClient:
    """A client that waits for no limit and not after a failure either, however often it asks."""
    limiter = klaviyo.Limiter(clock=itertools.count(step=60).__next__)
    return KlaviyoClient(
        key=sandbox.key,
        url=sandbox.url,
        revision=REVISION,
        limiter=limiter,
        sleep=lambda seconds: None,
    )


def typed(*words: str, settings: Settings) -> Result:
    """A command in this process; an error comes out as it was raised."""
    env = environment(settings) | {"COLUMNS": "160"}
    return CliRunner().invoke(app, words, env=env)


@pytest.fixture
def failing_forms(sandbox: SandboxServer) -> SandboxServer:
    sandbox.fault("500:path=/api/forms,share=1")
    return sandbox


def test_every_request_is_kept(database: Database, sandbox: SandboxServer) -> None:
    sandbox.fault("503:path=/api/metrics,times=1", "429:path=/api/tags,times=1,wait=1")
    synced(database, unhurried_client(sandbox))
    query = "select endpoint, status, count(*) from ops.request group by endpoint, status"
    kept = {(endpoint, status): count for endpoint, status, count in rows(database, query)}
    asked = Counter(
        # who asks for the account does not know yet whose log it belongs into, but for this one
        (_template(each.path), each.status)
        for each in sandbox.requests
        if each.path != "/api/accounts"
    )
    assert {key: count for key, count in kept.items() if key[0] != "/api/accounts"} == asked
    assert kept["/api/metrics", 503] == kept["/api/tags", 429] == 1
    again = "select attempt, stream from ops.request where endpoint = '/api/metrics' order by 1"
    assert rows(database, again)[:2] == [(1, "metrics"), (2, "metrics")]


def _template(path: str) -> str:
    parts = path.strip("/").split("/")
    return "/" + "/".join("{id}" if place == 2 else part for place, part in enumerate(parts))


def test_requests_are_counted_for_the_stream_that_asked(
    embedded_database: Database, sandbox: SandboxServer
) -> None:
    summary = synced(embedded_database, unhurried_client(sandbox))
    by_path = Counter(_template(each.path) for each in sandbox.requests)
    assert summary.ended["metrics"].requests == by_path["/api/metrics"]
    assert summary.ended["campaigns"].requests == by_path["/api/campaigns"] >= 6
    assert sum(end.requests for end in summary.ended.values()) == summary.requests - 1
    stored = rows(embedded_database, "select stream, requests, rows_read from ops.sync_stream")
    counted = {stream: (requests, read) for stream, requests, read in stored}
    assert counted["metrics"] == (by_path["/api/metrics"], summary.streams["metrics"].read)


def test_requests_are_kept_when_the_sync_fails(
    embedded_database: Database, sandbox: SandboxServer
) -> None:
    sandbox.fault("retired-revision:path=/api/campaigns")
    with pytest.raises(Exception, match="410"):
        synced(embedded_database, unhurried_client(sandbox))
    kept = "select count(*) from ops.request where endpoint = '/api/campaigns' and status = 410"
    assert rows(embedded_database, kept) == [(1,)]


def test_requests_are_forgotten_after_30_days(
    embedded_database: Database, sandbox: SandboxServer
) -> None:
    asked = Asked(resources=("metrics",))
    _synced(embedded_database, sandbox, asked)
    (first,) = rows(embedded_database, "select run_id from ops.sync_run")
    sandbox.advance(days=29)
    _synced(embedded_database, sandbox, asked)
    kept = "select count(*) from ops.request where run_id = '{}'".format(*first)
    assert rows(embedded_database, kept) != [(0,)]
    sandbox.advance(days=3)
    _synced(embedded_database, sandbox, asked)
    assert rows(embedded_database, kept) == [(0,)]
    assert len(rows(embedded_database, "select distinct run_id from ops.request")) == 2


def _synced(database: Database, sandbox: SandboxServer, asked: Asked) -> None:
    with unhurried_client(sandbox) as client, Progress() as progress:
        sync_account(database, client, progress=progress, clock=lambda: 0.0, asked=asked)


def test_neither_the_key_nor_an_address_is_told_anywhere(
    embedded_database: Database,
    embedded_settings: Settings,
    shop: Shop,
) -> None:
    with SandboxServer(
        shop, key=KEY, limiter=Limiter(scale=math.inf), faults=_MENDED, fault_seed=3
    ) as sandbox:
        env = environment(embedded_settings, sandbox)
        exit_code, said, complained = ended(
            "--debug", "sync", "metrics", "profiles", "events", "--json", env=env
        )
        assert exit_code == 0, complained
        sandbox.fault("retired-revision")
        exit_code, said_again, complained_again = ended("--debug", "sync", "metrics", env=env)
        assert exit_code == 1
        assert "RevisionRetired" in complained_again
    addresses = [
        address
        for (address,) in rows(embedded_database, "select email from klaviyo.profile_personal")
        if address
    ]
    assert len(addresses) > 50
    told = [said, complained, said_again, complained_again, *_operations(embedded_database)]
    for text in told:
        assert KEY not in text
        assert not [address for address in addresses if address in text]


def _operations(database: Database) -> Iterator[str]:
    """Everything that the tables of the operation hold, but for payloads that were set aside."""
    tables = "select tablename from pg_catalog.pg_tables where schemaname = 'ops'"
    for (table,) in rows(database, tables):
        for (row,) in rows(database, f"select (to_jsonb(t) - 'payload')::text from ops.{table} t"):
            yield row


def test_row_26_a_missing_scope_is_told_and_the_others_complete(
    embedded_database: Database, embedded_settings: Settings, shop: Shop
) -> None:
    scopes = allowed_scopes(without=["forms:read"])
    with SandboxServer(shop, key=KEY, limiter=Limiter(scale=math.inf), scopes=scopes) as sandbox:
        env = environment(embedded_settings, sandbox)
        exit_code, said, complained = ended("sync", "forms", "metrics", "tags", env=env)
    assert (exit_code, complained) == (0, "")
    assert re.search(r"left out: forms: .*forms:read", said)
    told = streams_of(said)
    assert told["forms"][0] == "0"
    assert told["forms"][-1] == "left out"
    assert int(told["metrics"][0]) > 10
    assert int(told["tags"][0]) > 0
    stored = dict(rows(embedded_database, "select stream, status from ops.sync_stream"))
    assert stored == {"forms": "left out", "metrics": "done", "tags": "done"}
    assert rows(embedded_database, "select status from ops.sync_run") == [("succeeded",)]


def test_a_stream_that_failed_is_told_when_the_others_are_done(
    embedded_database: Database, embedded_settings: Settings, failing_forms: SandboxServer
) -> None:
    summary = synced(embedded_database, patient_client(failing_forms))
    assert list(summary.failed) == ["forms"]
    assert summary.status == "failed"
    assert summary.streams["events"].new > 1000
    ((status, error),) = rows(embedded_database, "select status, error from ops.sync_run")
    assert status == "failed"
    assert re.match(r"forms: /api/forms still answers 500", error)
    ended_as = dict(rows(embedded_database, "select stream, status from ops.sync_stream"))
    assert ended_as["forms"] == "failed"
    assert ended_as["events"] == ended_as["profiles"] == ended_as["tags"] == "done"


def test_a_failed_stream_ends_the_command_with_1_after_its_summary(
    embedded_database: Database,
    failing_forms: SandboxServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    summary = synced(embedded_database, patient_client(failing_forms))
    with pytest.raises(typer.Exit) as ending:
        tell([summary], as_json=False)
    assert ending.value.exit_code == 1
    told = capsys.readouterr()
    assert int(streams_of(told.out)["metrics"][0]) > 10
    assert streams_of(told.out)["forms"][-1] == "failed"
    message, hint = told.err.splitlines()
    assert message.startswith("error: forms: /api/forms still answers 500")
    assert hint.startswith("  try: ")


def test_row_27_status_tells_how_fresh_each_stream_is(
    embedded_database: Database, embedded_settings: Settings, sandbox: SandboxServer
) -> None:
    sandbox.fault("429:path=/api/metrics,times=1,wait=1")
    summary = synced(embedded_database, unhurried_client(sandbox))
    (account,) = json.loads(typed("status", "--json", settings=embedded_settings).stdout)
    assert account["account_id"] == summary.account_id
    assert account["last_sync"]["status"] == "succeeded"
    told = {stream["stream"]: stream for stream in account["streams"]}
    for name in ("events", "profiles", "metrics"):
        assert told[name]["complete_until"] == summary.as_of.isoformat(), name
        assert told[name]["windows_left"] == 0
        assert told[name]["rows_read"] == summary.streams[name].read
    assert told["metrics"]["refused_rate"] == 1 / summary.ended["metrics"].requests
    assert told["events"]["proven_at"] == summary.as_of.isoformat()
    assert told["events"]["days_differing"] == 0
    assert {budget["calls_left"] <= budget["allowed"] for budget in account["budgets"]} == {True}
    shown = typed("status", settings=embedded_settings).stdout
    assert re.search(rf"events +│ {summary.as_of:%Y-%m-%d %H:%M} ", shown)


def test_a_stream_is_complete_up_to_its_first_gap(
    embedded_database: Database, sandbox: SandboxServer
) -> None:
    summary = synced(embedded_database, unhurried_client(sandbox))
    with embedded_database.connection() as connection:
        connection.execute("delete from ops.sync_window where stream = 'events'")
        connection.execute(
            "insert into ops.sync_window (account_id, stream, since_at, until_at, run_id, status)"
            " select %s, 'events', a::timestamptz, b::timestamptz, 'r', s from (values"
            " ('2026-01-01Z', '2026-01-05Z', 'done'), ('2026-01-05Z', '2026-01-09Z', 'done'),"
            " ('2026-01-09Z', '2026-01-10Z', 'planned'), ('2026-01-10Z', '2026-02-01Z', 'done'))"
            " as w (a, b, s)",
            [summary.account_id],
        )
    query = "select complete_until, windows_left from ops.stream_freshness where stream = 'events'"
    assert rows(embedded_database, query) == [(dt.datetime(2026, 1, 9, tzinfo=dt.UTC), 1)]


def test_status_says_when_nothing_was_synced(
    embedded_settings: Settings, embedded_database: Database
) -> None:
    told = typed("status", settings=embedded_settings).stdout
    assert told == "nothing was synced yet: workbench sync, or workbench demo\n"
    assert json.loads(typed("status", "--json", settings=embedded_settings).stdout) == []
    done = typed("status", "--account", "nobody", settings=embedded_settings)
    assert isinstance(done.exception, AccountMissing)
    assert "account nobody is not in the database" in done.exception.message


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_streams_at_work_and_those_that_had_rows() -> None:
    screen = Terminal()
    with ExitStack() as at_work:
        with Progress(Console(file=screen, force_terminal=True, width=140)) as progress:
            progress.watch(lambda stream: Pace(0.5, 28.0) if stream == "tags" else Pace(0.93, 0.0))
            with progress.stream("empty", total=None):
                pass
            with progress.stream("metrics", total=None) as told:
                told(31)
            told = at_work.enter_context(progress.stream("events", total=4))
            told(12_000)
            told.window_done()
            at_work.enter_context(progress.stream("tags", total=None))
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())
    last = plain[plain.rindex("metrics") :]
    assert re.search(r"^metrics .*31 rows", last)
    assert re.search(r"events .*1/4.*12,000 rows.*93% of the limit", last)
    assert re.search(r"tags .*waits 28 s for Klaviyo's limit", last)
    assert "empty" not in last


def test_nothing_is_shown_where_the_output_is_piped() -> None:
    screen = io.StringIO()
    with Progress(Console(file=screen)) as progress, progress.stream("events", total=2) as told:
        told(5)
        told.window_done()
    assert screen.getvalue() == ""
