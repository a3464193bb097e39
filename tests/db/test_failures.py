"""A server that is killed, restarted or replaced: nothing half done, and reads go on."""

from __future__ import annotations

import itertools
import math
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from conftest import REPOSITORY, Server, free_port, unhurried_client
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sync.conftest import KEY

from workbench.db import (
    Database,
    embedded_status,
    migrate,
    open_database,
    pending_migrations,
    start_embedded,
    stop_embedded,
)
from workbench.db.backup.manifest import TableSum, table_sums
from workbench.db.binaries import bin_dir, ordinary_user
from workbench.errors import DatabaseUnavailable
from workbench.load import load_account, use_database
from workbench.refresh import refresh_facts
from workbench.sandbox import Limiter, SandboxServer, ShopPlan, build_shop
from workbench.settings import Settings
from workbench.sync import Asked, Progress, sync_account


@dataclass(frozen=True)
class Victim:
    """An embedded server that may be killed, with a synced and refreshed shop as a template."""

    folder: Path
    server: Server
    sandbox: SandboxServer

    def strike(self) -> None:
        """kill -9 of the server and all its children; then start it again."""
        postmaster = psutil.Process(embedded_status(self.folder).pid)
        family = [postmaster, *postmaster.children(recursive=True)]
        for process in family:
            process.kill()
        psutil.wait_procs(family)
        start_embedded(self.folder)

    def sync(self, database: Database) -> None:
        with unhurried_client(self.sandbox) as client, Progress() as progress:
            asked = Asked(resources=("events",), full=True)
            sync_account(database, client, progress=progress, clock=time.monotonic, asked=asked)


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    folder = tmp_path_factory.mktemp("victim")
    shop = build_shop(ShopPlan(profiles=80, days=60))
    dsn = start_embedded(folder)
    try:
        with SandboxServer(shop, key=KEY, limiter=Limiter(scale=math.inf)) as sandbox:
            victim = Victim(folder, Server(dsn, "workbench", itertools.count()), sandbox)
            with Database(dsn) as database:
                migrate(database)
                with unhurried_client(sandbox) as client, Progress() as progress:
                    sync_account(database, client, progress=progress, clock=time.monotonic)
                use_database(database)
                refresh_facts(load_account())
            yield victim
    finally:
        stop_embedded(folder)


@pytest.fixture
def scratch(victim: Victim, tmp_path: Path) -> Iterator[Database]:
    """A copy of the template on the server that will be killed."""
    name = f"scratch_{next(victim.server.numbers)}"
    admin_url = make_conninfo(victim.server.dsn, dbname="postgres")
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f"create database {name} template workbench")
    with open_database(settings(make_conninfo(victim.server.dsn, dbname=name), tmp_path)) as found:
        use_database(found)
        yield found


def settings(url: str, folder: Path) -> Settings:
    return Settings(
        project_dir=REPOSITORY, data_dir=folder, runs_dir=folder / "runs", database_url=url
    )


def sums(database: Database, *schemas: str) -> dict[str, TableSum]:
    """Each table of these schemas, as rows and checksum."""
    with database.connection() as connection:
        found = list(table_sums(connection, lambda what, done, total: None))
    return {one.table: one for one in found if one.table.partition(".")[0] in schemas}


def facts(database: Database) -> dict[str, list[Any]]:
    """Rows of the mart, without when they were written."""
    written = ["refreshed_at", "computed_at", "classified_at", "updated_at"]
    with database.connection() as connection:
        named = connection.execute(
            "select tablename from pg_tables where schemaname = 'mart' order by 1"
        ).fetchall()
        return {
            name: connection.execute(
                f"select to_jsonb(t) - %s::text[] from mart.{name} as t order by to_jsonb(t)::text",
                [written],
            ).fetchall()
            for (name,) in named
        }


@contextmanager
def held_up(database: Database, holding: str) -> Iterator[None]:
    """A transaction that stays open on another connection, until the server is killed."""
    with closing(psycopg.connect(database._conninfo)) as other:
        other.execute(holding)
        yield


def wait_for_a_writer(database: Database, work: Future[Any]) -> None:
    """Until a transaction that has written waits for a lock."""
    query = """
        select count(*) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and backend_xid is not null
    """
    with psycopg.connect(database._conninfo, autocommit=True) as looking:
        while looking.execute(query).fetchone() == (0,):
            assert not work.done(), work.result()
            time.sleep(0.05)


def killed_during(
    victim: Victim, database: Database, work: Callable[[], Any], *, holding: str
) -> None:
    with ThreadPoolExecutor(1) as threads, held_up(database, holding):
        doing = threads.submit(work)
        wait_for_a_writer(database, doing)
        victim.strike()
        with pytest.raises(DatabaseUnavailable):
            doing.result()


CHANGE = """
with changed as (
    update klaviyo.event set value = value * 2 where value > 0
    returning account_id, metric_id, occurred_at, message_ref
)

insert into ops.touched (account_id, metric_id, day, message_ref)
select distinct c.account_id, c.metric_id, (c.occurred_at at time zone a.timezone)::date,
    coalesce(c.message_ref, '')
from changed as c
inner join klaviyo.account as a on c.account_id = a.account_id
"""


def test_killed_during_a_refresh(victim: Victim, scratch: Database) -> None:
    with scratch.connection() as connection:
        connection.execute(CHANGE)
    account = load_account()
    before = sums(scratch, "mart", "ops", "klaviyo")
    assert before["ops.touched"].rows > 0
    killed_during(
        victim,
        scratch,
        lambda: refresh_facts(account),
        holding="lock table mart.message_performance in share row exclusive mode",
    )
    assert sums(scratch, "mart", "ops", "klaviyo") == before
    refresh_facts(account)
    after, refreshed = sums(scratch, "mart", "ops"), facts(scratch)
    assert after["ops.touched"].rows == 0
    assert after["mart.fact_revenue"] != before["mart.fact_revenue"]
    with scratch.connection() as connection:
        connection.execute(TOUCH_ALL)
    refresh_facts(account)
    assert facts(scratch) == refreshed


TOUCH_ALL = """
insert into ops.touched (account_id, metric_id, day, message_ref)
select distinct e.account_id, e.metric_id, (e.occurred_at at time zone a.timezone)::date,
    coalesce(e.message_ref, '')
from klaviyo.event as e
inner join klaviyo.account as a on e.account_id = a.account_id
"""


IS_LATE = "occurred_at > (select since from public.late)"
LATE = (
    "create table public.late as select percentile_disc(0.6) within group (order by occurred_at)"
    " as since, percentile_disc(0.8) within group (order by occurred_at) as middle"
    " from klaviyo.event",
    "create table public.waited_for as select e.* from klaviyo.event as e"
    " where occurred_at = (select middle from public.late) limit 1",
)


def test_killed_during_a_merge(victim: Victim, scratch: Database) -> None:
    whole = sums(scratch, "klaviyo")["klaviyo.event"].rows
    with scratch.connection() as connection:
        for prepared in LATE:
            connection.execute(prepared)
        lost = connection.execute(f"delete from klaviyo.event where {IS_LATE}").rowcount
    assert lost > 100
    before = sums(scratch, "klaviyo")["klaviyo.event"]
    assert before.rows == whole - lost
    # the merge inserts what comes before that event, and waits to see whether it is there
    killed_during(
        victim,
        scratch,
        lambda: victim.sync(scratch),
        holding="insert into klaviyo.event select * from public.waited_for",
    )
    with scratch.connection() as connection:
        orphans = connection.execute(UNNOTED).fetchone()
    assert orphans == (0,)
    victim.sync(scratch)
    assert sums(scratch, "klaviyo")["klaviyo.event"].rows == whole
    with scratch.connection() as connection:
        assert connection.execute(UNNOTED).fetchone() == (0,)


# events that a merge brought without the note that the next refresh follows
UNNOTED = """
select count(*)
from klaviyo.event as e
inner join klaviyo.account as a on e.account_id = a.account_id
where
    e.occurred_at > (select since from public.late)
    and not exists (
        select from ops.touched as t
        where t.account_id = e.account_id and t.metric_id = e.metric_id
            and t.day = (e.occurred_at at time zone a.timezone)::date
    )
"""


def test_killed_during_a_migration(victim: Victim, scratch: Database, tmp_path: Path) -> None:
    schema = tmp_path / "sql" / "schema"
    schema.mkdir(parents=True)
    (schema / "0001_first.sql").write_text("create table public.first (n integer);\n")
    with scratch.connection() as connection:
        connection.execute("delete from ops.schema_migration")
    assert migrate(scratch, sql_root=schema.parent) == ["schema/0001_first"]
    (schema / "0002_second.sql").write_text(
        "create table public.second as select generate_series(1, 1000) as n;\n"
        "insert into public.first select n from public.second;\n"
        "alter table public.first add column width integer;\n"
    )
    before = sums(scratch, "public", "ops", "klaviyo", "mart")
    killed_during(
        victim,
        scratch,
        lambda: migrate(scratch, sql_root=schema.parent),
        holding="lock table public.first in row share mode",  # lets it insert, not alter
    )
    assert sums(scratch, "public", "ops", "klaviyo", "mart") == before
    assert pending_migrations(scratch, sql_root=schema.parent) == ["schema/0002_second"]
    assert migrate(scratch, sql_root=schema.parent) == ["schema/0002_second"]
    assert sums(scratch, "public")["public.first"].rows == 1_000


@pytest.fixture
def restarted(tmp_path: Path) -> Iterator[Path]:
    """Data directory of a server that is stopped and started meanwhile."""
    start_embedded(tmp_path)
    yield tmp_path
    stop_embedded(tmp_path)


def test_a_read_goes_on_over_a_restart(restarted: Path) -> None:
    calls: list[int] = []
    starter = threading.Thread(target=start_embedded, args=[restarted])

    def read(connection: psycopg.Connection) -> Any:
        calls.append(1)
        if len(calls) == 1:
            stop_embedded(restarted)
            starter.start()
        return connection.execute("select 7").fetchone()

    with Database(start_embedded(restarted)) as database:
        assert database.read(read) == (7,)
        starter.join()
    assert len(calls) == 2


def write_across_a_stop(connection: psycopg.Connection, folder: Path) -> None:
    connection.execute("insert into public.kept values (1)")
    stop_embedded(folder)
    connection.execute("insert into public.kept values (2)")


def test_a_write_is_not_done_twice(restarted: Path) -> None:
    with Database(start_embedded(restarted)) as database:
        with database.connection() as connection:
            connection.execute("create table public.kept (n integer)")
        with (
            pytest.raises(DatabaseUnavailable, match=r"rolled back .*run the command again"),
            database.connection() as connection,
        ):
            write_across_a_stop(connection, restarted)
        start_embedded(restarted)
        # lost before it began: the block gets a new connection and knows of nothing
        with database.connection() as connection:
            assert connection.execute("select count(*) from public.kept").fetchone() == (0,)
        stop_embedded(restarted)
        start_embedded(restarted)
        with database.connection() as connection:
            connection.execute("insert into public.kept values (3)")


def test_a_server_that_stays_away_is_told(restarted: Path) -> None:
    with Database(start_embedded(restarted)) as database:
        stop_embedded(restarted)
        with pytest.raises(DatabaseUnavailable, match=r"gave no connection within .*doctor"):
            database.read(lambda connection: connection.execute("select 1"), within=0)


@contextmanager
def standby(primary: Path, folder: Path) -> Iterator[str]:
    """Address of a server that follows another; it is gone afterwards."""
    folder.mkdir(mode=0o700)
    url = conninfo_to_dict(start_embedded(primary))
    password = str(url.pop("password"))
    port = free_port()
    environ = {**os.environ, "PGPASSWORD": password}
    copied = [bin_dir() / "pg_basebackup", "--write-recovery-conf", "--checkpoint=fast"]
    subprocess.run(
        [*copied, f"--pgdata={folder / 'data'}", f"--dbname={make_conninfo('', **url)}"],
        env=environ,
        check=True,
        capture_output=True,
    )
    control(folder, "start", f"--options=--port={port} --listen_addresses=127.0.0.1 "
            "--unix_socket_directories=", f"--log={folder / 'log'}")  # fmt: skip
    try:
        yield make_conninfo("", **{**url, "port": port, "password": password})
    finally:
        control(folder, "stop", "--mode=immediate")


def control(folder: Path, action: str, *arguments: str) -> None:
    command = [bin_dir() / "pg_ctl", action, "--wait", "--silent", f"--pgdata={folder / 'data'}"]
    subprocess.run(
        [*ordinary_user(folder), *command, *arguments],
        cwd="/",
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_of_two_servers_the_one_that_leads_is_used(restarted: Path, tmp_path: Path) -> None:
    leader = start_embedded(restarted)
    with standby(restarted, tmp_path / "follower") as follower:
        with (
            open_database(settings(follower, tmp_path)) as alone,
            pytest.raises(DatabaseUnavailable, match=r"is a stand-by.*cannot be written to"),
            alone.connection() as connection,
        ):
            connection.execute("create table public.refused (n integer)")
        ports = [conninfo_to_dict(url)["port"] for url in (follower, leader)]
        both = make_conninfo(leader, host="127.0.0.1,127.0.0.1", port=",".join(map(str, ports)))
        with open_database(settings(both, tmp_path)) as database:
            with database.connection() as connection:
                assert connection.info.port == int(str(ports[1]))
                connection.execute("create table public.kept as select 1 as n")
                row = connection.execute("select pg_current_wal_lsn()").fetchone()
            assert row is not None
            wait_for_replay(follower, str(row[0]))
            stop_embedded(restarted)
            control(tmp_path / "follower", "promote")
            assert database.read(
                lambda connection: connection.execute("select n from public.kept").fetchone()
            ) == (1,)
            with database.connection() as connection:
                assert connection.info.port == int(str(ports[0]))
                connection.execute("insert into public.kept values (2)")


def wait_for_replay(follower: str, lsn: str) -> None:
    query = "select pg_last_wal_replay_lsn() >= %s::pg_lsn"
    with psycopg.connect(follower, autocommit=True) as looking:
        while looking.execute(query, [lsn]).fetchone() != (True,):
            time.sleep(0.05)


def test_what_was_deleted_is_back_at_a_point_in_time(tmp_path: Path) -> None:
    """The steps of docs/backup.md."""
    data, archive, base = tmp_path / "live", tmp_path / "archive", tmp_path / "base"
    archive.mkdir()
    url = start_embedded(data)
    try:
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute("alter system set archive_mode to on")
            command = f"test ! -f {archive}/%f && cp %p {archive}/%f"
            admin.execute(f"alter system set archive_command to '{command}'")
        stop_embedded(data)
        url = start_embedded(data)
        server = conninfo_to_dict(url)
        password = str(server.pop("password"))
        subprocess.run(
            [
                *(bin_dir() / "pg_basebackup", f"--pgdata={base}", "--checkpoint=fast"),
                f"--dbname={make_conninfo('', **server)}",
            ],
            env={**os.environ, "PGPASSWORD": password},
            check=True,
            capture_output=True,
        )
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute("create table public.orders as select generate_series(1, 5) as n")
            row = admin.execute("select clock_timestamp()::text").fetchone()
            admin.execute("select pg_sleep(0.01)")
            admin.execute("delete from public.orders")
            admin.execute("select pg_switch_wal()")
            archived = "select last_archived_wal >= %s from pg_stat_archiver"
            wanted = admin.execute("select pg_walfile_name(pg_current_wal_lsn() - 1)").fetchone()
            assert wanted is not None
            while admin.execute(archived, wanted).fetchone() != (True,):
                time.sleep(0.05)
        assert row is not None
    finally:
        stop_embedded(data)
    again = tmp_path / "again"
    shutil.copytree(base, again / "postgres" / "data")
    shutil.copy(data / "postgres" / "server.json", again / "postgres" / "server.json")
    (again / "postgres").chmod(0o700)
    (again / "postgres" / "data").chmod(0o700)
    with (again / "postgres" / "data" / "postgresql.auto.conf").open("a") as told:
        told.write(f"restore_command = 'cp {archive}/%f %p'\n")
        told.write(f"recovery_target_time = '{row[0]}'\nrecovery_target_action = 'promote'\n")
    (again / "postgres" / "data" / "recovery.signal").touch()
    try:
        with psycopg.connect(start_embedded(again)) as recovered:
            found = recovered.execute("select count(*) from public.orders").fetchone()
            assert found == (5,)
    finally:
        stop_embedded(again)
