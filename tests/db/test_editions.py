"""Chunks, and the way up: in place and to another server, stopped anywhere and gone on with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from conftest import REPOSITORY, Server
from psycopg.sql import SQL, Identifier

from workbench.db import (
    Database,
    Edition,
    chunk_plan,
    copy_database,
    migrate,
    move_up,
    open_database,
    pending_migrations,
    require_schema,
    set_chunk_interval,
)
from workbench.db.statements import SQL_ROOT
from workbench.errors import DatabaseUnavailable, InputInvalid, SyncRunning
from workbench.settings import Settings

ACCOUNT = "select account_id from klaviyo.account"


@pytest.fixture
def timescaledb(timescaledb_server: Server, tmp_path: Path) -> Iterator[Database]:
    with timescaledb_server.copy(tmp_path) as settings, open_database(settings) as database:
        yield database


@pytest.fixture
def target_settings(timescaledb_server: Server, tmp_path: Path) -> Iterator[Settings]:
    """An empty database of the other server."""
    with timescaledb_server.copy(tmp_path / "target", template="template0") as settings:
        yield settings


@pytest.fixture
def target(target_settings: Settings) -> Iterator[Database]:
    with open_database(target_settings) as database:
        yield database


def rows(database: Database, query: str) -> list[tuple[object, ...]]:
    with database.connection() as connection:
        return connection.execute(query).fetchall()


def execute(database: Database, *queries: str) -> None:
    with database.connection() as connection:
        for query in queries:
            connection.execute(query)


def kept_tables(connection: psycopg.Connection) -> list[str]:
    query = (
        "select c.oid::regclass::text from pg_class as c where c.relkind = 'r'"
        " and c.relpersistence = 'p' and c.relname !~ '^(schema_migration|data_change.*)$'"
        " and c.relnamespace::regnamespace::text in ('klaviyo', 'mart', 'model', 'ops')"
    )
    return [name for (name,) in connection.execute(query)]


def writable(connection: psycopg.Connection, table: str) -> str:
    """Select all columns of a table but the generated ones."""
    columns = connection.execute(
        "select quote_ident(attname) from pg_attribute where attrelid = %s::regclass"
        " and attnum > 0 and not attisdropped and attgenerated = ''",
        [table],
    )
    return f"select {', '.join(name for (name,) in columns)} from {table}"


def held(database: Database) -> dict[str, list[bytes]]:
    """Every row of every table that is kept, as COPY writes it, sorted."""
    found = {}
    with database.connection() as connection, connection.cursor() as cursor:
        for table in kept_tables(connection):
            with cursor.copy(f"copy ({writable(connection, table)}) to stdout") as lines:
                found[table] = sorted(b"".join(lines).splitlines())
    return found


def foreign_keys(database: Database) -> list[tuple[object, ...]]:
    return rows(
        database,
        "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint"
        " where contype = 'f' and conrelid::regclass::text not like '\\_timescaledb%'"
        " order by 1, 2",
    )


def silent(step: str, table: str, count: int) -> None:
    """Progress that nobody looks at."""


def events_in(database: Database, count: int, *, day: str) -> None:
    execute(
        database,
        "insert into klaviyo.account values ('A', 'A', 'UTC', 'EUR', null, true, '{}')"
        " on conflict do nothing",
        "insert into mart.metric_daily (account_id, metric_id, day, count_events, unique_profiles)"
        f" values ('A', 'M', '{day}', {count}, 1)",
    )


def test_plain_tables_have_no_chunks(embedded_database: Database) -> None:
    assert chunk_plan(embedded_database) is None


def test_chunks_follow_the_rate_of_the_last_90_days(timescaledb: Database) -> None:
    before = chunk_plan(timescaledb)
    assert before is not None
    assert (before.events_a_month, before.days, before.wanted_days) == (None, 30, 30)
    events_in(timescaledb, 90_000_000, day="2020-01-01")
    events_in(timescaledb, 9_000_000, day="2024-01-15")
    events_in(timescaledb, 9_000_000, day="2024-03-15")
    busy = chunk_plan(timescaledb)
    assert busy is not None
    assert (busy.events_a_month, busy.days, busy.wanted_days) == (6_000_000, 30, 7)


def test_a_new_interval_is_for_new_chunks(timescaledb: Database) -> None:
    event = (
        "insert into klaviyo.event (account_id, metric_id, occurred_at, event_id, payload)"
        " values ('A', 'M', '{}', 'E', '{{}}')"
    )
    execute(timescaledb, event.format("2024-01-01"))
    set_chunk_interval(timescaledb, days=7)
    execute(timescaledb, event.format("2024-06-01"))
    plan = chunk_plan(timescaledb)
    assert plan is not None
    assert plan.days == 7
    assert migrate(timescaledb) == []
    lengths = rows(
        timescaledb,
        "select (range_end - range_start)::text from timescaledb_information.chunks"
        " where hypertable_name = 'event' order by range_start",
    )
    assert lengths == [("30 days",), ("7 days",)]


def test_a_copy_has_the_same_rows_keys_and_numbers(
    synced_database: Database, target: Database
) -> None:
    execute(
        synced_database,
        "insert into ops.touched (account_id, metric_id, day)"
        " select account_id, 'M', '2024-01-01' from klaviyo.account",
    )
    told: list[tuple[str, str, int]] = []
    copied = copy_database(
        synced_database, target, told=lambda *said: told.append(said), batch_rows=700
    )
    there = held(target)
    assert there == held(synced_database)
    assert {table.name: table.rows for table in copied} == {
        name: len(lines) for name, lines in there.items()
    }
    for step in ("copy", "compare"):
        assert sum(count for done, _, count in told if done == step) == sum(
            map(len, there.values())
        )
    assert foreign_keys(target) == foreign_keys(synced_database) != []
    assert rows(target, "select to_regnamespace('workbench_copy')") == [(None,)]
    require_schema(target)
    events = "select count(*) from timescaledb_information.chunks where hypertable_name = 'event'"
    assert rows(target, events) > [(10,)]
    add = "insert into ops.touched (account_id, metric_id, day) values ('A', 'M', '2024-01-01')"
    for database in (synced_database, target):
        execute(database, add)
    assert held(target)["ops.touched"] == held(synced_database)["ops.touched"]


KILLED = """
import sys
from workbench.db import Database, copy_database
done = 0
def told(step, table, count):
    global done
    done += 1
    if done == int(sys.argv[3]):
        print("there", flush=True)
        sys.stdin.read()
with Database(sys.argv[1]) as source, Database(sys.argv[2]) as target:
    copy_database(source, target, told=told, batch_rows=500)
"""


def killed(source: Settings, target: Settings, *, after: int) -> None:
    """A copy killed at once when it has told for the so manieth time."""
    urls = [str(settings.database_url) for settings in (source, target)]
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, *urls, str(after)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


@contextmanager
def nobody_else(database: Database) -> Iterator[None]:
    """Once the server has noticed that a killed process is gone."""
    others = (
        "select count(*) from pg_stat_activity where datname = current_database()"
        " and pid <> pg_backend_pid() and backend_type = 'client backend'"
        " and (wait_event <> 'ClientRead' or state like 'idle in transaction%' or state = 'active')"
    )
    while rows(database, others) != [(0,)]:
        time.sleep(0.05)
    yield


def test_a_killed_copy_goes_on_and_finds_what_changed(
    synced_settings: Settings, target_settings: Settings
) -> None:
    with open_database(synced_settings) as source:
        for after in (3, 40, 160):
            killed(synced_settings, target_settings, after=after)
            with open_database(target_settings) as target, nobody_else(target):
                with pytest.raises(DatabaseUnavailable, match="unfinished copy"):
                    require_schema(target)
                copied = rows(target, "select sum(count_rows) from workbench_copy.progress")
                assert copied > [(0,)]
        execute(
            source,
            "update klaviyo.account set name = 'Renamed'",
            "update klaviyo.event set value = coalesce(value, 0) + 1"
            " where occurred_at = (select max(occurred_at) from klaviyo.event)",
            "delete from klaviyo.event"
            " where occurred_at = (select min(occurred_at) from klaviyo.event)",
            "insert into klaviyo.tag select account_id, 'late', 'late', null, '{}'"
            " from klaviyo.account",
        )
        told: list[tuple[str, str, int]] = []
        with open_database(target_settings) as target, nobody_else(source):
            copy_database(source, target, told=lambda *said: told.append(said))
            assert held(target) == held(source)
            assert foreign_keys(target) == foreign_keys(source)
            require_schema(target)


def test_a_database_in_use_is_refused(
    synced_database: Database, timescaledb: Database, target: Database
) -> None:
    events_in(timescaledb, 1, day="2024-01-01")
    with pytest.raises(InputInvalid, match=r"holds 1 accounts already.*empty database"):
        copy_database(synced_database, timescaledb, told=silent)
    with pytest.raises(InputInvalid, match="is the database itself"):
        copy_database(synced_database, synced_database, told=silent)
    (account,) = rows(synced_database, ACCOUNT)[0]
    with synced_database.connection() as sync:
        sync.execute(
            "select pg_advisory_xact_lock(hashtext('workbench sync'), hashtext(%s))", [account]
        )
        with pytest.raises(SyncRunning, match=f"a sync of account {account} is at work"):
            copy_database(synced_database, target, told=silent)
    assert pending_migrations(target)


def become_plain(target: Settings, source: Database) -> None:
    """Make an empty database what a plain one is: numbered tables and rows, no extension."""
    with (
        psycopg.connect(str(target.database_url)) as plain,
        source.connection() as connection,
    ):
        for file in sorted((SQL_ROOT / "schema").glob("*.sql")):
            plain.execute(file.read_text(encoding="utf-8").encode())
        plain.execute("set session_replication_role = replica")  # no order of foreign keys
        plain.execute(
            "create table ops.schema_migration (name text primary key, checksum text not null,"
            " applied_at timestamptz not null default now())"
        )
        applied = "select * from ops.schema_migration where name like 'schema/%'"
        for table, query in [
            ("ops.schema_migration", applied),
            *((name, writable(connection, name)) for name in kept_tables(connection)),
        ]:
            names = [column.name for column in connection.execute(query).description or []]
            listed = SQL(", ").join(map(Identifier, names)).as_string(plain)
            with (
                connection.cursor().copy(f"copy ({query}) to stdout") as lines,
                plain.cursor().copy(f"copy {table} ({listed}) from stdin") as taken,
            ):
                for line in lines:
                    taken.write(line)


def test_in_place_it_moves_up_with_its_rows(
    synced_database: Database, target_settings: Settings
) -> None:
    before = held(synced_database)
    become_plain(target_settings, synced_database)
    with open_database(target_settings) as database:
        assert database.edition is Edition.POSTGRESQL
        moved = move_up(database)
        assert moved.before == "PostgreSQL"
        assert moved.after == f"{database.edition.value} {database.timescaledb_version}"
        assert "timescaledb" in moved.applied
        assert held(database) == before
        plan = chunk_plan(database)
        assert plan is not None
        assert plan.days == 30
        assert move_up(database).applied == []


def command(source: Settings, *arguments: str, **variables: str) -> tuple[int, str, str]:
    process = subprocess.run(
        [sys.executable, "-m", "workbench", "upgrade-edition", *arguments],
        cwd=REPOSITORY,
        env=os.environ | {"WORKBENCH_DATABASE_URL": str(source.database_url)} | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    return process.returncode, process.stdout, process.stderr


def test_the_command_copies_and_says_so(
    synced_settings: Settings, target_settings: Settings
) -> None:
    url = str(target_settings.database_url)
    code, said, complained = command(synced_settings, "--json", WORKBENCH_TARGET_URL=url)
    assert (code, complained) == (0, "")
    counts = {table["name"]: table["rows"] for table in json.loads(said)["tables"]}
    with open_database(synced_settings) as source, open_database(target_settings) as target:
        assert json.loads(said)["edition"] == target.edition.value
        assert counts == {name: len(lines) for name, lines in held(source).items()}
    code, _, complained = command(synced_settings, WORKBENCH_TARGET_URL=url)
    assert code == 1
    assert "name an empty database" in complained


def test_the_command_takes_no_password_in_its_line(synced_settings: Settings) -> None:
    url = "postgresql://user:hunter2@127.0.0.1:1/name"
    code, said, complained = command(synced_settings, "--to", url)
    assert (code, said) == (1, "")
    assert "WORKBENCH_TARGET_URL" in complained
    assert "hunter2" not in complained


def test_the_command_in_place_tells_what_is_next(synced_settings: Settings) -> None:
    code, said, _ = command(synced_settings)
    assert code == 0
    assert "PostgreSQL\nnothing to do\n  to move further up: install TimescaleDB" in said
