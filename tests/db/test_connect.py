"""Editions, transactions, and refusals that name no secret."""

from __future__ import annotations

import dataclasses
import datetime as dt
import subprocess
import sys
import time
import traceback

import psycopg
import pytest
from conftest import Server, free_port
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from workbench.db import Database, Edition, open_database
from workbench.errors import DatabaseUnavailable, SettingsInvalid
from workbench.settings import Settings

SECRET = "hunter2-hunter2"


def test_edition_is_found(database: Database, request: pytest.FixtureRequest) -> None:
    if "timescaledb" in request.node.name:
        assert database.edition in {Edition.TIMESCALEDB_APACHE, Edition.TIMESCALEDB_COMMUNITY}
        assert database.timescaledb_version
    else:
        assert database.edition is Edition.POSTGRESQL
        assert database.timescaledb_version is None
    assert int(database.server_version.split(".")[0]) >= 15


def insert_then_raise(connection: psycopg.Connection) -> None:
    connection.execute("insert into public.kept values (2)")
    raise ZeroDivisionError


def test_a_block_is_one_transaction(embedded_database: Database) -> None:
    with embedded_database.connection() as connection:
        connection.execute("create table public.kept (n integer)")
        connection.execute("insert into public.kept values (1)")
    with pytest.raises(ZeroDivisionError), embedded_database.connection() as connection:
        insert_then_raise(connection)
    with embedded_database.connection() as connection:
        assert connection.execute("select n from public.kept").fetchall() == [(1,)]


def test_instants_come_back_in_utc(embedded_settings: Settings) -> None:
    with psycopg.connect(str(embedded_settings.database_url)) as elsewhere:
        elsewhere.execute("alter role workbench set timezone to 'Asia/Kolkata'")
    try:
        with open_database(embedded_settings) as database, database.connection() as connection:
            row = connection.execute("select timestamptz '2026-07-01 12:00+00'").fetchone()
    finally:
        with psycopg.connect(str(embedded_settings.database_url)) as elsewhere:
            elsewhere.execute("alter role workbench reset timezone")
    assert row is not None
    assert row[0].utcoffset() == dt.timedelta(0)


def test_what_a_killed_process_had_asked_for_does_not_go_on(embedded_settings: Settings) -> None:
    code = """
import sys
from pathlib import Path
from workbench.db import open_database
from workbench.settings import Settings

nowhere, url = Path(sys.argv[1]), sys.argv[2]
settings = Settings(project_dir=nowhere, data_dir=nowhere, runs_dir=nowhere, database_url=url)
with open_database(settings) as database, database.connection() as connection:
    connection.execute("select pg_sleep(600) as left_behind")
"""
    left = "select count(*) from pg_stat_activity where state = 'active' and query like %s"
    url = str(embedded_settings.database_url)
    arguments = [sys.executable, "-c", code, str(embedded_settings.data_dir), url]
    ends_at = time.monotonic() + 120

    def wait_for(connection: psycopg.Connection, count: int) -> None:
        while connection.execute(left, ["%as left_behind%"]).fetchall() != [(count,)]:
            assert time.monotonic() < ends_at
            time.sleep(0.1)

    with psycopg.connect(url, autocommit=True) as watching:
        with subprocess.Popen(arguments) as process:
            wait_for(watching, 1)
            process.kill()
        wait_for(watching, 0)


def test_a_dict_is_sent_as_json(embedded_database: Database) -> None:
    with embedded_database.connection() as connection:
        row = connection.execute("select %(given)s -> 'a'", {"given": {"a": [1, None]}}).fetchone()
    assert row == ([1, None],)


def test_options_of_the_url_are_kept(embedded_settings: Settings) -> None:
    url = make_conninfo(str(embedded_settings.database_url), options="-c work_mem=12MB")
    settings = dataclasses.replace(embedded_settings, database_url=url)
    with open_database(settings) as database, database.connection() as connection:
        row = connection.execute(
            "select current_setting('work_mem'), current_setting('timezone')"
        ).fetchone()
    assert row == ("12MB", "UTC")


def test_lost_connection_is_named_and_the_next_one_works(embedded_database: Database) -> None:
    with (
        pytest.raises(DatabaseUnavailable, match="closed the connection"),
        embedded_database.connection() as connection,
    ):
        connection.execute("select pg_terminate_backend(pg_backend_pid())")
    with embedded_database.connection() as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_other_operational_errors_pass(embedded_database: Database) -> None:
    with (
        pytest.raises(psycopg.errors.QueryCanceled),
        embedded_database.connection() as connection,
    ):
        connection.execute("set local statement_timeout to '10ms'; select pg_sleep(5)")


def test_label_names_the_place_without_the_password(embedded_database: Database) -> None:
    with embedded_database.connection() as connection:
        info = connection.info
    assert embedded_database.label == f"127.0.0.1:{info.port}/{info.dbname}"
    assert info.password
    assert info.password not in repr(embedded_database)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"port": free_port()}, "cannot open the database: .*refused"),
        ({"password": SECRET}, "password authentication failed.*right user and password"),
        ({"dbname": "missing_one"}, "missing_one.* does not exist.*createdb"),
        ({"host": "nowhere.invalid", "hostaddr": None}, "nowhere.invalid"),
    ],
)
def test_refusals_hold_a_hint_and_no_secret(
    embedded_server: Server, embedded_settings: Settings, change: dict[str, str], message: str
) -> None:
    given = {"password": SECRET} if "dbname" not in change else {}
    url = make_conninfo(str(embedded_settings.database_url), **{**given, **change})
    with pytest.raises(DatabaseUnavailable, match=message) as caught:
        open_database(dataclasses.replace(embedded_settings, database_url=url))
    assert caught.value.hint
    told = "".join(traceback.format_exception(caught.value))
    assert SECRET not in told
    assert str(conninfo_to_dict(embedded_server.dsn)["password"]) not in told
    # the driver's own error would carry the whole connection, password included
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("url", [SECRET, f"postgresql://me:{SECRET} x@host/name"])
def test_malformed_url_is_not_repeated(embedded_settings: Settings, url: str) -> None:
    with pytest.raises(SettingsInvalid, match="no PostgreSQL URL") as caught:
        open_database(dataclasses.replace(embedded_settings, database_url=url))
    assert SECRET not in "".join(traceback.format_exception(caught.value))
