"""Migrations: once, in order, whole or not at all, by one process at a time."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import REPOSITORY, Server

from workbench.db import (
    Database,
    Edition,
    migrate,
    open_database,
    pending_migrations,
    require_schema,
)
from workbench.db.script import statements_in
from workbench.db.statements import SQL_ROOT
from workbench.errors import DatabaseOutdated, MigrationFailed
from workbench.settings import Settings


@pytest.fixture
def empty_settings(embedded_server: Server, tmp_path: Path) -> Iterator[Settings]:
    with embedded_server.copy(tmp_path, template="template0") as settings:
        yield settings


@pytest.fixture
def empty(empty_settings: Settings) -> Iterator[Database]:
    with open_database(empty_settings) as database:
        yield database


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two migrations, and two views of which the first needs the second."""
    root = tmp_path / "sql"
    files = {
        "schema/0001_shop.sql": "create schema shop;\ncreate table shop.item (n integer);",
        "schema/0002_row.sql": "insert into shop.item values (1);",
        "views/shop.a.sql": "create or replace view shop.a as select n from shop.b;",
        "views/shop.b.sql": "create or replace view shop.b as select n from shop.item;",
    }
    for name, text in files.items():
        write(root / name, text)
    return root


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def rows(database: Database, query: str) -> list[tuple[object, ...]]:
    with database.connection() as connection:
        return connection.execute(query).fetchall()


def test_each_is_applied_once_in_order(empty: Database, root: Path) -> None:
    names = ["schema/0001_shop", "schema/0002_row", "views"]
    assert pending_migrations(empty, sql_root=root) == names
    with pytest.raises(DatabaseOutdated, match=r"lacks schema/0001_shop.*workbench migrate"):
        require_schema(empty, sql_root=root)
    assert migrate(empty, sql_root=root) == names
    assert migrate(empty, sql_root=root) == []
    require_schema(empty, sql_root=root)
    assert rows(empty, "select n from shop.a") == [(1,)]
    assert rows(empty, "select name from ops.schema_migration order by name") == [
        (name,) for name in names
    ]


def test_pending_changes_nothing(empty: Database, root: Path) -> None:
    pending_migrations(empty, sql_root=root)
    assert rows(empty, "select to_regclass('ops.schema_migration')") == [(None,)]


def test_four_processes_apply_it_once(empty_settings: Settings, root: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from workbench.db import migrate\n"
        "from workbench.db.connect import Database\n"
        "with Database(sys.argv[1]) as database:\n"
        "    print(len(migrate(database, sql_root=Path(sys.argv[2]))))\n"
    )
    write(root / "schema" / "0003_slow.sql", "select pg_sleep(0.5);")
    command = [sys.executable, "-c", program, str(empty_settings.database_url), str(root)]
    started = [
        subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    applied = [process.communicate(timeout=60)[0].strip() for process in started]
    assert sorted(applied) == ["0", "0", "0", "4"]
    with open_database(empty_settings) as database:
        assert rows(database, "select n from shop.item") == [(1,)]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("select 1;\n\n-- why\ncreate table shop.item (n integer);", 4, "already exists"),
        ("select 1;\nselect\n    1,\n    nowhere;", 4, '"nowhere" does not exist'),
        ("insert into shop.item values (2);\ndo $$ begin\n raise 'no; never'; end $$;", 2, "never"),
        ("create table shop.later (n integer);\nselect 1 / 0;", 2, "division by zero"),
    ],
)
def test_failed_one_is_rolled_back(
    empty: Database, root: Path, text: str, line: int, reason: str
) -> None:
    write(root / "schema" / "0003_bad.sql", text)
    with pytest.raises(MigrationFailed, match=f"schema/0003_bad.sql line {line}: .*{reason}"):
        migrate(empty, sql_root=root)
    assert rows(empty, "select n from shop.item") == [(1,)]
    assert rows(empty, "select to_regclass('shop.later')") == [(None,)]
    assert pending_migrations(empty, sql_root=root) == ["schema/0003_bad", "views"]
    write(root / "schema" / "0003_bad.sql", "select 1;")
    assert migrate(empty, sql_root=root) == ["schema/0003_bad", "views"]


def test_changed_file_is_refused(empty: Database, root: Path) -> None:
    migrate(empty, sql_root=root)
    write(root / "schema" / "0002_row.sql", "insert into shop.item values (7);")
    for ask in (migrate, pending_migrations, require_schema):
        with pytest.raises(DatabaseOutdated, match=r"0002_row\.sql was changed"):
            ask(empty, sql_root=root)
    assert rows(empty, "select n from shop.item") == [(1,)]


def test_newer_database_is_refused(empty: Database, root: Path) -> None:
    migrate(empty, sql_root=root)
    (root / "schema" / "0002_row.sql").unlink()
    with pytest.raises(DatabaseOutdated, match="has schema/0002_row, which this code does not"):
        require_schema(empty, sql_root=root)


def test_number_out_of_order_is_refused(empty: Database, root: Path) -> None:
    migrate(empty, sql_root=root)
    write(root / "schema" / "0001_zebra.sql", "select 1;")
    with pytest.raises(DatabaseOutdated, match=r"0001_zebra.sql comes before schema/0002_row"):
        migrate(empty, sql_root=root)


def test_changed_view_is_made_again(empty: Database, root: Path) -> None:
    migrate(empty, sql_root=root)
    write(root / "views/shop.a.sql", "create or replace view shop.a as select n, m from shop.b;")
    write(
        root / "views/shop.b.sql",
        "create or replace view shop.b as select n, -n as m from shop.item;",
    )
    assert migrate(empty, sql_root=root) == ["views"]
    assert rows(empty, "select n, m from shop.a") == [(1, -1)]


def test_view_dropped_by_a_migration_is_made_again(empty: Database, root: Path) -> None:
    migrate(empty, sql_root=root)
    write(
        root / "schema" / "0003_wider.sql",
        "drop view shop.b cascade;\nalter table shop.item alter n type bigint;",
    )
    assert migrate(empty, sql_root=root) == ["schema/0003_wider", "views"]
    assert rows(empty, "select n from shop.a") == [(1,)]


def test_views_that_need_each_other_fail_by_name(empty: Database, root: Path) -> None:
    write(root / "views/shop.b.sql", "create or replace view shop.b as select n from shop.a;")
    with pytest.raises(MigrationFailed, match=r"views/shop\.a\.sql line 1"):
        migrate(empty, sql_root=root)


def test_events_are_a_hypertable_where_timescaledb_is(database: Database) -> None:
    if database.edition is Edition.POSTGRESQL:
        query = "select relkind from pg_class where oid = 'klaviyo.event'::regclass"
        assert rows(database, query) == [("r",)]
        return
    assert rows(
        database,
        "select column_name, time_interval = interval '30 days'"
        " from timescaledb_information.dimensions"
        " where hypertable_schema = 'klaviyo' and hypertable_name = 'event'",
    ) == [("occurred_at", True)]


def test_events_of_a_plain_database_move_up(timescaledb_server: Server, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    shutil.copytree(SQL_ROOT / "schema", plain / "schema")
    with (
        timescaledb_server.copy(tmp_path, template="template0") as settings,
        open_database(settings) as database,
    ):
        migrate(database, sql_root=plain)
        with database.connection() as connection:
            connection.execute(
                "insert into klaviyo.event (account_id, metric_id, occurred_at, event_id, payload)"
                " select 'a', 'm', timestamptz '2026-01-01 00:00+00' + n * interval '1 day',"
                " n::text, '{}' from generate_series(1, 100) as n"
            )
        assert "timescaledb" in migrate(database)
        assert rows(database, "select count(*) from klaviyo.event") == [(100,)]
        [(chunks,)] = rows(database, "select count(*) from show_chunks('klaviyo.event')")
        assert chunks in {4, 5}  # 100 days, wherever the 30 begin


def test_statements_end_where_sql_says() -> None:
    text = (
        "-- a; comment\n"
        "select ';', \"a;b\", e'it\\'s;', 'o'';' /* c; */;\n"
        "do $body$ begin\n  perform 1; end $body$;\n"
        "\n"
        "select $1;\n"
        "-- the end;\n"
    )
    assert [(line, body.split()[0]) for line, body in statements_in(text)] == [
        (2, "select"),
        (3, "do"),
        (6, "select"),
    ]


def test_sets_behind_a_changed_one_are_run_again(empty: Database, root: Path) -> None:
    write(root / "access" / "0001_reader.sql", "comment on view shop.a is 'readers';")
    migrate(empty, sql_root=root)
    write(root / "views" / "shop.a.sql", "create or replace view shop.a as select 1 as n;")
    assert migrate(empty, sql_root=root) == ["views", "access"]
    write(root / "access" / "0001_reader.sql", "comment on view shop.a is 'all readers';")
    assert migrate(empty, sql_root=root) == ["access"]
