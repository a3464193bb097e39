"""A backup is what the database was at one instant, and a drill that passes has proved it."""

from __future__ import annotations

import contextlib
import json
import math
import re
import shutil
import stat
import time
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

import psycopg
import pytest
from conftest import Server
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sync.conftest import ended, environment, started

from workbench.db import Database, Edition, pending_migrations, statement
from workbench.db.backup import TableSum, back_up, drill, read_manifest, restore
from workbench.db.backup.manifest import file_digest, table_sums, verdicts
from workbench.db.binaries import client_dir
from workbench.errors import (
    DatabaseOutdated,
    DatabaseUnavailable,
    InputInvalid,
    RestoreDiffers,
    WorkbenchError,
)
from workbench.sandbox import Limiter, SandboxServer, ShopPlan, build_shop
from workbench.sandbox.api.contract import Tier
from workbench.sandbox.api.limits import Allowance
from workbench.settings import Settings


def quiet(what: str, done: int, total: int) -> None:
    """Nobody to tell."""


def databases(server: Server) -> set[str]:
    with psycopg.connect(server.dsn) as connection:
        return {name for (name,) in connection.execute("select datname from pg_database")}


@contextlib.contextmanager
def empty(server: Server, name: str) -> Iterator[Database]:
    """A database without anything, also without the extension."""
    with psycopg.connect(server.dsn, autocommit=True) as admin:
        admin.execute(f"create database {name} template template0")
        try:
            with Database(make_conninfo(server.dsn, dbname=name)) as database:
                yield database
        finally:
            admin.execute(f"drop database if exists {name} with (force)")


def rows(database: Database, table: str) -> list[str]:
    with database.connection() as connection:
        found = connection.execute(f"select t::text from {table} as t order by 1").fetchall()
    return [row for (row,) in found]


def test_a_drill_finds_every_table_as_it_was(
    synced_database_everywhere: Database, server: Server, tmp_path: Path
) -> None:
    before = databases(server)
    backup, manifest = back_up(synced_database_everywhere, tmp_path / "kept", told=quiet)
    assert backup == tmp_path / "kept"
    assert read_manifest(backup) == manifest
    found = drill(backup, database=synced_database_everywhere, told=quiet)
    assert {verdict.verdict for verdict in found} == {"same"}
    events = next(verdict for verdict in found if verdict.table == "klaviyo.event")
    assert events.found == len(rows(synced_database_everywhere, "klaviyo.event"))
    assert {"mart.orders", "ops.sync_run"} < {verdict.table for verdict in found}
    assert databases(server) == before


class Unhurried(Limiter):
    """A server that takes its time over events, so that there is a while to look."""

    def allowance(self, quota: str, *, tier: Tier, taken: float = 0.0) -> Allowance:
        if quota == "/api/events":
            time.sleep(0.1)
        return super().allowance(quota, tier=tier, taken=taken)


def count(database: Database, table: str) -> int:
    with database.connection() as connection:
        row = connection.execute(f"select count(*) from {table}").fetchone()
    assert row is not None
    return int(row[0])


def test_a_drill_passes_that_was_taken_while_a_sync_wrote(
    database: Database, database_settings: Settings, tmp_path: Path
) -> None:
    shop = build_shop(ShopPlan(profiles=120, days=90))
    with (
        SandboxServer(shop, limiter=Unhurried(scale=math.inf)) as sandbox,
        started("sync", env=environment(database_settings, sandbox)) as process,
    ):
        while count(database, "klaviyo.event") == 0:
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        _, manifest = back_up(database, tmp_path / "kept", told=quiet)
        found = drill(tmp_path / "kept", database=database, told=quiet)
        process.communicate()
    assert process.returncode == 0
    assert {verdict.verdict for verdict in found} == {"same"}
    kept = {table.table: table.rows for table in manifest.tables}
    assert 0 < kept["klaviyo.event"] < count(database, "klaviyo.event")


@pytest.fixture
def small(database: Database) -> Database:
    """A few rows, of two accounts with the same ids."""
    with database.connection() as connection:
        for account in ("A1", "A2"):
            connection.execute(
                "insert into klaviyo.account"
                " (account_id, name, timezone, currency, country, is_simulated, payload) values"
                " (%s, 'Zoë', 'Asia/Kolkata', 'INR', 'India', true, '{\"a\": [1, 2.50]}')",
                [account],
            )
            connection.execute(EVENTS, [account])
    return database


EVENTS = """
insert into klaviyo.event
    (account_id, metric_id, occurred_at, event_id, profile_id, value, currency, payload)
select %s, 'M', timestamptz '2026-01-01 00:00+00' + n * interval '5 days', 'E' || n, 'P', n, 'INR',
    '{}'
from generate_series(1, 40) as n
"""


@pytest.fixture
def backup(small: Database, tmp_path: Path) -> Path:
    return back_up(small, tmp_path / "kept", told=quiet)[0]


def retell(backup: Path, **changes: object) -> None:
    path = backup / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_damaged_row_is_seen_and_only_that(small: Database, backup: Path, tmp_path: Path) -> None:
    with small.connection() as connection:
        connection.execute(
            "update klaviyo.event set value = value + 1 where account_id = 'A1' and event_id = 'E7'"
        )
    later, manifest = back_up(small, tmp_path / "later", told=quiet)
    shutil.copy(later / "database.dump", backup / "database.dump")
    retell(backup, dump_sha256=manifest.dump_sha256)
    found = drill(backup, database=small, told=quiet)
    # what looks after the tables may note the change in others, which differ too then
    raw = [verdict for verdict in found if verdict.table.startswith("klaviyo.")]
    differing = [verdict for verdict in raw if not verdict.is_same]
    assert [(one.table, one.expected, one.found, one.verdict) for one in differing] == [
        ("klaviyo.event", 80, 80, "content differs")
    ]


def test_lost_added_and_missing_rows_have_their_verdicts() -> None:
    expected = [TableSum("a", 1, "5"), TableSum("b", 2, "7"), TableSum("d", 0, "0")]
    found = [TableSum("a", 2, "5"), TableSum("c", 1, "1"), TableSum("d", 0, "0")]
    assert [
        (one.table, one.expected, one.found, one.verdict) for one in verdicts(expected, found)
    ] == [
        ("a", 1, 2, "rows differ"),
        ("b", 2, None, "missing"),
        ("c", None, 1, "not in the backup"),
        ("d", 0, 0, "same"),
    ]


def test_a_flipped_bit_is_refused(small: Database, backup: Path, server: Server) -> None:
    before, dump = databases(server), backup / "database.dump"
    content = bytearray(dump.read_bytes())
    content[len(content) // 2] ^= 1
    dump.write_bytes(content)
    with pytest.raises(InputInvalid, match=r"database\.dump is missing or damaged"):
        drill(backup, database=small, told=quiet)
    with pytest.raises(InputInvalid, match=r"database\.dump is missing or damaged"):
        restore(backup, database=small, into="never_made", told=quiet)
    assert databases(server) == before


def test_a_dump_that_cannot_be_restored_leaves_nothing(
    small: Database, backup: Path, server: Server
) -> None:
    before, dump = databases(server), backup / "database.dump"
    dump.write_bytes(dump.read_bytes()[:-2_000])
    retell(backup, dump_sha256=file_digest(dump))
    for attempt in (drill, partial(restore, into="never_made")):
        with pytest.raises(DatabaseUnavailable, match="pg_restore failed: "):
            attempt(backup, database=small, told=quiet)
    assert databases(server) == before
    with empty(server, "stays_empty") as target:
        with pytest.raises(DatabaseUnavailable, match="pg_restore failed: "):
            restore(backup, database=target, into=None, told=quiet)
        assert tables(target) == []


def tables(database: Database) -> list[str]:
    with database.connection() as connection:
        found = connection.execute(statement("reads/stored_tables"), {}).fetchall()
    return [f"{schema}.{table}" for schema, table in found]


def test_a_restored_database_is_one_to_work_with(
    small: Database, backup: Path, server: Server
) -> None:
    restore(backup, database=small, into="restored_one", told=quiet)
    try:
        with Database(make_conninfo(server.dsn, dbname="restored_one")) as restored:
            assert restored.edition is small.edition
            assert pending_migrations(restored) == []
            assert tables(restored) == tables(small)
            for table in ("klaviyo.account", "klaviyo.event"):
                assert rows(restored, table) == rows(small, table)
            for query in (PARTS, POLICIES, GRANTS, COMMENTS):
                assert ask(restored, query) == ask(small, query), query
            with restored.connection() as connection:
                connection.execute(EVENTS, ["A3"])
            assert count(restored, "klaviyo.event") == 120
    finally:
        with psycopg.connect(server.dsn, autocommit=True) as admin:
            admin.execute("drop database restored_one with (force)")


PARTS = "select count(*) from pg_inherits where inhparent = 'klaviyo.event'::regclass"
POLICIES = "select schemaname, tablename, policyname, roles::text from pg_policies order by 1, 2, 3"
GRANTS = """
select table_schema, table_name, grantee, privilege_type
from information_schema.role_table_grants
where grantee like 'workbench\\_%' and table_schema in ('klaviyo', 'mart', 'model', 'ops')
order by 1, 2, 3, 4
"""
COMMENTS = """
select c.oid::regclass::text, coalesce(a.attname, '') as attname, d.description
from pg_description as d inner join pg_class as c on c.oid = d.objoid
left join pg_attribute as a on a.attrelid = d.objoid and a.attnum = d.objsubid and d.objsubid > 0
where d.classoid = 'pg_class'::regclass
    and c.relnamespace::regnamespace::text in ('klaviyo', 'mart', 'model', 'ops')
order by 1, 2
"""


def ask(database: Database, query: str) -> list[tuple[object, ...]]:
    with database.connection() as connection:
        return connection.execute(query).fetchall()


def test_an_empty_database_is_restored_into_and_nothing_else(
    small: Database, backup: Path, server: Server
) -> None:
    with pytest.raises(InputInvalid, match=r"is not empty: it has \d+ tables.*--into"):
        restore(backup, database=small, into=None, told=quiet)
    name = str(conninfo_to_dict(small._conninfo)["dbname"])
    with pytest.raises(InputInvalid, match=f"cannot create the database {name}.*exists"):
        restore(backup, database=small, into=name, told=quiet)
    assert count(small, "klaviyo.event") == 80
    with empty(server, "restored_two") as target:
        right = read_manifest(backup)
        retell(backup, tables=[asdict(one) | {"checksum": "1"} for one in right.tables])
        with pytest.raises(RestoreDiffers, match="restored tables are not as the backup says"):
            restore(backup, database=target, into=None, told=quiet)
        assert tables(target) == []
        retell(backup, tables=[asdict(one) for one in right.tables])
        restore(backup, database=target, into=None, told=quiet)
        assert count(target, "klaviyo.event") == 80


def test_what_does_not_fit_is_refused_before_anything_is_made(
    small: Database, backup: Path, server: Server
) -> None:
    before = databases(server)
    given = asdict(read_manifest(backup))
    cases: list[tuple[dict[str, object], type[WorkbenchError], str]] = [
        ({"migrations": ["schema/9999_later"]}, DatabaseOutdated, "9999_later, which this code"),
        ({"postgresql": 99}, DatabaseUnavailable, "is of PostgreSQL 99, the server is"),
        ({"timescaledb": "99.0"}, DatabaseUnavailable, "TimescaleDB 99.0, which this server lacks"),
    ]
    if small.edition is Edition.TIMESCALEDB_APACHE:
        lent = {"edition": Edition.TIMESCALEDB_COMMUNITY.value}
        cases.append((lent, DatabaseUnavailable, "Community, whose columnstore this server cannot"))
    for change, error, message in cases:
        retell(backup, **given | change)
        with pytest.raises(error, match=message) as refused:
            restore(backup, database=small, into="never_made", told=quiet)
        is_of_edition = change.keys() & {"timescaledb", "edition"}
        assert ("workbench upgrade-edition --to" in refused.value.hint) == bool(is_of_edition)
    assert databases(server) == before
    with pytest.raises(InputInvalid, match=r"is no backup: it has no manifest\.json"):
        drill(backup.parent, database=small, told=quiet)


def test_a_newer_server_than_the_programs_is_told() -> None:
    with pytest.raises(DatabaseUnavailable, match=r"PostgreSQL 99, the newest .*client-99"):
        client_dir(99)


def test_checksums_follow_the_rows_and_not_their_order(small: Database) -> None:
    def checksum() -> str:
        with small.connection() as connection:
            found = {one.table: one.checksum for one in table_sums(connection, quiet)}
        return found["klaviyo.event"]

    before = checksum()
    with small.connection() as connection:
        moved = "delete from klaviyo.event where event_id < 'E3' returning *"
        connection.execute(f"create temp table moved on commit drop as with m as ({moved}) table m")
        connection.execute("insert into klaviyo.event select * from moved order by random()")
    assert checksum() == before
    with small.connection() as connection:
        connection.execute("update klaviyo.event set value = 1.0 where event_id = 'E1'")
    assert checksum() != before


@pytest.fixture
def noted(tmp_path: Path, embedded_server: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs that write down how they were called; pg_dump fails where a file says so."""
    folder, calls = tmp_path / "bin", tmp_path / "calls"
    folder.mkdir()
    with psycopg.connect(embedded_server.dsn) as connection:
        true = client_dir(connection.info.server_version // 10_000)
    for name in ("pg_dump", "pg_restore"):
        shim = folder / name
        shim.write_text(
            f'#!/bin/sh\ntr "\\0" " " </proc/$$/cmdline >>{calls}\n'
            f'test -e {folder}/broken && exit 1\nexec {true / name} "$@"\n'
        )
        shim.chmod(0o755)
    (folder / "initdb").symlink_to(true / "initdb")
    monkeypatch.setenv("PG_BINDIR", str(folder))
    return calls


def test_no_command_line_holds_the_password(
    embedded_database: Database, embedded_server: Server, noted: Path, tmp_path: Path
) -> None:
    back_up(embedded_database, tmp_path / "kept", told=quiet)
    drill(tmp_path / "kept", database=embedded_database, told=quiet)
    said = noted.read_text()
    assert "pg_dump" in said
    assert "pg_restore" in said
    assert "127.0.0.1" in said
    assert str(conninfo_to_dict(embedded_server.dsn)["password"]) not in said


def test_a_failed_dump_leaves_nothing(
    embedded_database: Database, noted: Path, tmp_path: Path
) -> None:
    (noted.parent / "bin" / "broken").touch()
    target = tmp_path / "kept"
    target.mkdir()
    with pytest.raises(DatabaseUnavailable, match="pg_dump failed"):
        back_up(embedded_database, target, told=quiet)
    assert list(target.iterdir()) == []


def test_who_may_not_see_all_rows_gets_no_backup(
    embedded_database: Database, embedded_server: Server, tmp_path: Path
) -> None:
    with embedded_database.connection() as connection:
        connection.execute("create role half_blind login password 'half'")
        connection.execute("grant pg_read_all_data to half_blind")
        connection.execute("alter table klaviyo.account enable row level security")
    try:
        url = make_conninfo(embedded_database._conninfo, user="half_blind", password="half")
        with (
            Database(url) as database,
            pytest.raises(DatabaseUnavailable, match=r"may not read everything.*owner"),
        ):
            back_up(database, tmp_path / "kept", told=quiet)
    finally:
        with psycopg.connect(embedded_server.dsn, autocommit=True) as admin:
            admin.execute("drop role half_blind")
    assert not (tmp_path / "kept").exists()


def test_the_commands_say_what_they_did(small: Database, database_settings: Settings) -> None:
    env = environment(database_settings)
    said = ended("restore", "--drill", env=env)
    assert said[0] == 1
    assert "there is no backup in" in said[2]
    exit_code, out, complained = ended("backup", "--json", env=env)
    assert (exit_code, complained) == (0, "")
    told = json.loads(out)
    backup = Path(told["backup"])
    assert backup.parent == database_settings.data_dir / "backups"
    assert stat.S_IMODE(backup.stat().st_mode) == 0o700
    assert told["rows"] > 80
    exit_code, out, complained = ended("restore", "--drill", env=env)
    assert (exit_code, complained) == (0, "")
    assert re.search(r"klaviyo\.event +│ +80 │ +80 │ same", out)
    assert f"{told['tables']} tables restored, compared and dropped: each is as it was" in out
    kept = [asdict(one) for one in read_manifest(backup).tables]
    retell(backup, tables=[one for one in kept if one["table"] != "klaviyo.event"])
    exit_code, out, _ = ended("restore", str(backup), "--drill", "--json", env=env)
    assert exit_code == 1
    differing = [one for one in json.loads(out)["tables"] if one["verdict"] != "same"]
    assert differing == [
        {"table": "klaviyo.event", "expected": None, "found": 80, "verdict": "not in the backup"}
    ]
