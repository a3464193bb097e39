"""Several accounts in one database, several keys in one command, and what is asked of a sync."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import unhurried_client
from typer.testing import CliRunner, Result

from workbench.cli.app import app
from workbench.cli.syncs import Wanted
from workbench.db import Database
from workbench.errors import AccountMissing, InputInvalid, KeyRejected
from workbench.sandbox import Key, Limiter, SandboxServer, Shop
from workbench.settings import Settings
from workbench.sync import RESOURCES, Asked

from .conftest import KEY, environment, synced

_OTHER, _STRANGER = "pk_another_of_the_account", "pk_of_nobody"
_AS_OF = dt.datetime(2026, 11, 2, 5, tzinfo=dt.UTC)
# not of an account's own making: when it was read, by which sync, and whose it is
_APART = [
    "account_id",
    "synced_at",
    "first_seen_at",
    "last_seen_at",
    "changed_at",
    "seen_from",
    "seen_until",
    "run_id",
]


@pytest.fixture
def other_shop(shop: Shop) -> Shop:
    """Another account, in which everything has the ids that it has in the first one."""
    return replace(shop, account=replace(shop.account, id="STWINS"))


@pytest.fixture
def two_keys(shop: Shop) -> Iterator[SandboxServer]:
    with SandboxServer(
        shop, key=KEY, keys=[Key(_OTHER)], limiter=Limiter(scale=math.inf)
    ) as running:
        yield running


def typed(
    *words: str, settings: Settings, sandbox: SandboxServer, keys: tuple[str, ...] = (KEY,)
) -> Result:
    """A command in this process; an error comes out as it was raised."""
    env = environment(settings, sandbox) | {"KLAVIYO_API_KEYS": ",".join(keys), "COLUMNS": "160"}
    return CliRunner().invoke(app, words, env=env)


def rows_of(database: Database, account_id: str) -> dict[str, list[str]]:
    """Every row of an account, by table, without what tells whose it is and when it was read."""
    tables = (
        "select table_name from information_schema.columns"
        " where table_schema = 'klaviyo' and column_name = 'account_id' order by 1"
    )
    found = {}
    with database.connection() as connection:
        for (table,) in connection.execute(tables).fetchall():
            query = (
                f"select (to_jsonb(t) - %s::text[])::text from klaviyo.{table} as t"
                " where account_id = %s order by 1"
            )
            told = connection.execute(query, [_APART, account_id])
            found[table] = [row.replace(account_id, "") for (row,) in told]
    return found


def count(database: Database, query: str) -> int:
    with database.connection() as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def test_row_29_two_accounts_with_the_same_ids_stay_apart(
    database: Database, sandbox: SandboxServer, shop: Shop, other_shop: Shop
) -> None:
    first = synced(database, unhurried_client(sandbox))
    alone = rows_of(database, first.account_id)
    with SandboxServer(other_shop, key="pk_twin", limiter=Limiter(scale=math.inf)) as twin:
        twin.advance(days=1)
        second = synced(database, unhurried_client(twin))
    assert (first.account_id, second.account_id) == (shop.account.id, "STWINS")
    assert rows_of(database, first.account_id) == alone
    twins = rows_of(database, second.account_id)
    shared = set(alone["profile"]) & set(twins["profile"])
    assert len(shared) > 70
    assert len(set(alone["event"]) & set(twins["event"])) > 1_000
    assert len(twins["event"]) > len(alone["event"])  # it is a day older
    again = synced(database, unhurried_client(sandbox))
    assert (again.total.new, again.total.changed) == (0, 0)
    assert rows_of(database, second.account_id) == twins
    runs = "select count(*) from ops.request where run_id = '{}' and account_id <> '{}'"
    for summary in (first, second):
        assert count(database, runs.format(summary.run_id, summary.account_id)) == 0


def test_row_29_a_bad_key_does_not_stop_the_other_accounts(
    embedded_database: Database, embedded_settings: Settings, sandbox: SandboxServer
) -> None:
    keys = (_STRANGER, sandbox.key)
    done = typed("sync", "metrics", settings=embedded_settings, sandbox=sandbox, keys=keys)
    assert done.exit_code == 1
    assert sandbox.shop.account.id in done.stdout
    assert "error: key 1: Klaviyo does not accept the key" in done.stderr
    assert "  try: set KLAVIYO_API_KEY" in done.stderr
    assert _STRANGER not in done.output
    assert count(embedded_database, "select count(*) from klaviyo.metric") > 10
    done = typed(
        "sync", "metrics", "--json", settings=embedded_settings, sandbox=sandbox, keys=keys
    )
    refused, told = json.loads(done.stdout)
    assert (refused["key"], refused["status"]) == (1, "failed")
    assert told["status"] == "succeeded"


def test_a_single_bad_key_is_an_error(
    embedded_database: Database, embedded_settings: Settings, sandbox: SandboxServer
) -> None:
    done = typed("sync", settings=embedded_settings, sandbox=sandbox, keys=(_STRANGER,))
    assert isinstance(done.exception, KeyRejected)


def test_two_keys_of_one_account_sync_it_once(
    embedded_database: Database, embedded_settings: Settings, two_keys: SandboxServer
) -> None:
    done = typed(
        "sync", "metrics", "--json",
        settings=embedded_settings, sandbox=two_keys, keys=(KEY, _OTHER),
    )  # fmt: skip
    assert len(json.loads(done.stdout)) == 1
    assert count(embedded_database, "select count(*) from ops.sync_run") == 1


def test_one_account_of_several_can_be_chosen(
    embedded_database: Database, embedded_settings: Settings, sandbox: SandboxServer
) -> None:
    known = sandbox.shop.account.id
    done = typed("sync", "metrics", "--account", known, settings=embedded_settings, sandbox=sandbox)
    assert done.exit_code == 0
    done = typed("sync", "--account", "XYZ123", settings=embedded_settings, sandbox=sandbox)
    assert isinstance(done.exception, AccountMissing)
    assert done.exception.message == "no key is of account XYZ123"
    assert known in done.exception.hint
    assert count(embedded_database, "select count(*) from ops.sync_run") == 1


def test_chosen_resources_alone_are_read(
    embedded_database: Database, embedded_settings: Settings, sandbox: SandboxServer
) -> None:
    done = typed("sync", "tags", "metrics", "--json", settings=embedded_settings, sandbox=sandbox)
    (told,) = json.loads(done.stdout)
    assert set(told["streams"]) == {"metrics", "tags"}
    assert {each.path for each in sandbox.requests} == {
        "/api/accounts", "/api/metrics", "/api/tags",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["events", "bananas"], "there is no resource 'bananas'"),
        (["--since", "yesterday"], "'yesterday' is no day such as 2026-01-31"),
        (["--until", "2026-13-01"], "'2026-13-01' is no day such as 2026-01-31"),
    ],
)
def test_what_cannot_be_meant_ends_with_2(
    tmp_path: Path, words: list[str], said: str, embedded_settings: Settings, sandbox: SandboxServer
) -> None:
    done = typed("sync", *words, settings=embedded_settings, sandbox=sandbox)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert sandbox.requests == []


def test_an_empty_span_is_refused(
    embedded_settings: Settings, embedded_database: Database, sandbox: SandboxServer
) -> None:
    words = ("sync", "events", "--since", "2026-10-02", "--until", "2026-10-02")
    done = typed(*words, settings=embedded_settings, sandbox=sandbox)
    assert isinstance(done.exception, InputInvalid)
    assert "nothing lies between 2026-10-02 and 2026-10-02" in done.exception.message
    assert count(embedded_database, "select count(*) from ops.sync_run") == 0


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (dt.date(2026, 7, 1), "2026-07-01T04:00:00+00:00"),
        (dt.date(2026, 1, 1), "2026-01-01T05:00:00+00:00"),
        (dt.datetime(2026, 7, 1, 12), "2026-07-01T16:00:00+00:00"),
        (dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC), "2026-07-01T12:00:00+00:00"),
    ],
)
def test_a_day_begins_in_the_time_zone_of_the_account(
    given: dt.date, meant: str, embedded_settings: Settings
) -> None:
    wanted = Wanted(since=given)
    asked = wanted.asked(embedded_settings, timezone="America/New_York", as_of=_AS_OF)
    assert asked.since is not None
    assert asked.since.isoformat() == meant


def test_until_later_than_now_is_now(embedded_settings: Settings) -> None:
    wanted = Wanted(until=dt.date(2027, 1, 1))
    asked = wanted.asked(embedded_settings, timezone="UTC", as_of=_AS_OF)
    assert asked == Asked(
        reread_days=embedded_settings.reread_days, connections=embedded_settings.sync_connections
    )
    with pytest.raises(InputInvalid, match=r"nothing lies between 2026-11-03 and now.*before now"):
        Wanted(since=dt.date(2026, 11, 3)).asked(embedded_settings, timezone="UTC", as_of=_AS_OF)


def test_help_lists_the_resources(embedded_settings: Settings, sandbox: SandboxServer) -> None:
    told = typed("sync", "--help", settings=embedded_settings, sandbox=sandbox).stdout
    listed: Any = " ".join(told.split())
    for resource in RESOURCES:
        assert resource.name in listed
