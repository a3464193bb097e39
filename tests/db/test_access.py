"""Each role reads what it may and nothing else: every relation, every column, every account."""

from __future__ import annotations

import itertools
import json
import math
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
import pytest
from conftest import REPOSITORY, Server, unhurried_client
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier
from typer.testing import CliRunner

from workbench import load
from workbench.cli.app import app
from workbench.db import (
    Database,
    migrate,
    open_database,
    require_schema,
    start_embedded,
    stop_embedded,
)
from workbench.db.roles import (
    EVERY_ACCOUNT,
    Role,
    grant_access,
    known_logins,
    make_login,
    missing_roles,
    renew_access,
    revoke_access,
    setup_statements,
)
from workbench.errors import InputInvalid, RightMissing
from workbench.forecast import forecast, named_models
from workbench.periods import DateRange
from workbench.refresh import refresh_facts
from workbench.sandbox import Limiter, SandboxServer, ShopPlan, build_shop
from workbench.settings import Settings
from workbench.store import store_forecast
from workbench.sync import Progress, sync_account

OTHER = "ZzOther"
SCHEMAS = ["klaviyo", "mart", "model", "ops"]
WITHOUT_POLICY = {"klaviyo.event", "ops.group_member", "ops.request", "ops.touched"}
RELATIONS = """
select
    n.nspname || '.' || c.relname as relation,
    c.relkind::text as kind,
    c.relrowsecurity as is_secured,
    array_agg(a.attname::text order by a.attnum) as columns
from pg_class as c
inner join pg_namespace as n on n.oid = c.relnamespace
inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where n.nspname = any (%s) and c.relkind in ('r', 'p', 'v', 'm', 'f')
group by n.nspname, c.relname, c.relkind, c.relrowsecurity
order by relation
"""
# the same rows under another account; ids that are of one account only get another one
COPY_TABLES = """
select
    c.oid::regclass::text as relation,
    array_agg(a.attname::text order by a.attnum) as columns
from pg_class as c
inner join pg_namespace as n on n.oid = c.relnamespace
inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where
    n.nspname = any (%s)
    and c.relkind in ('r', 'p')
    and a.attgenerated = ''
    and a.attidentity = ''
group by c.oid
having bool_or(a.attname in ('account_id', 'forecast_id'))
"""
FORECAST = """
insert into model.forecast_model
    (forecast_id, account_id, unique_id, metric, stated, champion, cutoff, horizon, unit,
        parameters)
select 'F', account_id, 'all', 'all', 'naive', 'naive', '2026-01-01', 7, 'USD', '{}'
from klaviyo.account;
insert into model.forecast_prediction
    (forecast_id, unique_id, model, ds, starts_at, step, y_hat)
values ('F', 'all', 'naive', '2026-01-02', '2026-01-02', 1, 3);
insert into model.actual (account_id, unique_id, grain, starts_at, ds, y)
select account_id, 'all', 'D', '2026-01-02', '2026-01-02', 4 from klaviyo.account;
insert into model.model_performance
    (forecast_id, unique_id, model, step_from, n, mae, rmse, bias, first_on, last_on)
values ('F', 'all', 'naive', 1, 1, 1, 1, -1, '2026-01-02', '2026-01-02');
insert into model.backtest_score (forecast_id, unique_id, model, n)
values ('F', 'all', 'naive', 3);
insert into model.backtest_coverage (forecast_id, unique_id, level) values ('F', 'all', 80);
"""


def fill(database: Database) -> None:
    """A synced account, and all of its rows under another account with the same ids."""
    shop = build_shop(ShopPlan(profiles=60, days=70))
    sync(database, shop)
    with database.connection() as connection:
        for statement in FORECAST.split(";")[:-1]:
            connection.execute(statement)
        connection.execute("set session_replication_role to replica")  # in whatever order
        for relation, columns in connection.execute(COPY_TABLES, [SCHEMAS]).fetchall():
            copied = ", ".join(_copied(column) for column in columns)
            connection.execute(
                f"insert into {relation} ({', '.join(columns)}) select {copied} from {relation}"
            )
        connection.execute("reset session_replication_role")
    with database.connection() as connection:
        connection.execute("analyze")


def _copied(column: str) -> str:
    if column == "account_id":
        return f"'{OTHER}'"
    return f"'Z-' || {column}" if column in {"run_id", "forecast_id"} else column


def sync(database: Database, shop: Any) -> None:
    with (
        SandboxServer(shop, limiter=Limiter(scale=math.inf)) as sandbox,
        unhurried_client(sandbox) as client,
        Progress() as progress,
    ):
        sync_account(database, client, progress=progress, clock=time.monotonic)
    load.use_database(database)
    refresh_facts(load.load_account())


@pytest.fixture(scope="module")
def shared_embedded(
    embedded_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    with embedded_server.filled(tmp_path_factory.mktemp("shared"), fill) as template:
        yield template


@pytest.fixture(scope="module")
def shared_timescaledb(
    timescaledb_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    with timescaledb_server.filled(tmp_path_factory.mktemp("shared"), fill) as template:
        yield template


@pytest.fixture
def shared_settings(
    server: Server, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Settings]:
    edition = request.node.callspec.params["server"]
    template = request.getfixturevalue(f"shared_{edition}")
    with server.copy(tmp_path, template=template) as settings:
        yield settings


@pytest.fixture
def shared(shared_settings: Settings) -> Iterator[Database]:
    with open_database(shared_settings) as database:
        yield database


@pytest.fixture
def mine(shared: Database) -> str:
    """The account that logins of these tests may read; OTHER is the one they may not."""
    return str(cell(shared, "select account_id from klaviyo.account where account_id <> %s", OTHER))


_numbers = itertools.count()
SERIES = pd.DataFrame(
    {
        "unique_id": "all",
        "ds": pd.date_range("2026-01-01", periods=30).astype("datetime64[ns]"),
        "y": 3.0,
    }
)


@pytest.fixture
def name(server: Server) -> Iterator[Callable[[], str]]:
    """Names of logins that nobody has; they are dropped afterwards."""
    taken: list[str] = []

    def take() -> str:
        taken.append(f"Test {os.getpid()} {next(_numbers)}")  # a name that wants its quotes
        return taken[-1]

    yield take
    with psycopg.connect(server.dsn, autocommit=True) as admin:
        for login in taken:
            admin.execute(SQL("drop role if exists {}").format(Identifier(login)))


@pytest.fixture
def login(
    shared: Database, name: Callable[[], str]
) -> Callable[..., psycopg.Connection[tuple[Any, ...]]]:
    """Connects as a new login with that role and those accounts."""

    def connect(role: Role, *accounts: str) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(url_of(shared, name(), role, *accounts), autocommit=True)

    return connect


def url_of(database: Database, login: str, role: Role, *accounts: str) -> str:
    url = make_login(database, login)
    grant_access(database, login, role=role, accounts=accounts)
    return url


def cell(database: Database, query: str, *params: object) -> Any:
    with database.connection() as connection:
        row = connection.execute(query, params).fetchone()
    assert row is not None
    return row[0]


def relations(database: Database) -> dict[str, tuple[str, bool, list[str]]]:
    with database.connection() as connection:
        rows = connection.execute(RELATIONS, [SCHEMAS]).fetchall()
    return {relation: (kind, secured, columns) for relation, kind, secured, columns in rows}


def readable(
    connection: psycopg.Connection[tuple[Any, ...]], database: Database
) -> dict[str, list[str]]:
    """Relation -> columns that this login can select, found by trying each of them."""
    found: dict[str, list[str]] = {}
    for relation, (_, _, columns) in relations(database).items():
        for column in columns:
            try:
                connection.execute(f'select "{column}" from {relation} limit 1')
            except errors.InsufficientPrivilege:
                continue
            found.setdefault(relation, []).append(column)
    return found


def person_pattern(database: Database) -> re.Pattern[str]:
    """Every address, number and full name in the database."""
    with database.connection() as connection:
        people = connection.execute(
            "select email, phone_number, payload -> 'attributes' ->> 'first_name' || ' '"
            " || (payload -> 'attributes' ->> 'last_name') from klaviyo.profile_personal"
        ).fetchall()
    words = {word for person in people for word in person if word}
    assert len(words) > 60
    return re.compile("|".join(map(re.escape, sorted(words))), re.IGNORECASE)


@pytest.mark.parametrize("role", [Role.reader, Role.analyst])
def test_no_readable_column_holds_anything_of_a_person(
    shared: Database, mine: str, login: Callable[..., Any], role: Role
) -> None:
    told = person_pattern(shared)
    with shared.connection() as connection:
        [(payloads,)] = connection.execute(
            "select string_agg(payload::text, ' ') from klaviyo.profile_personal"
        ).fetchall()
    assert told.search(payloads)
    with closing(login(role, mine)) as connection:
        for relation, columns in readable(connection, shared).items():
            listed = ", ".join(f'"{column}"' for column in columns)
            for (text,) in connection.execute(f"select (row({listed}))::text from {relation}"):
                assert not told.search(text), f"{relation} shows {text}"


def test_a_reader_reads_mart_and_model_only(
    shared: Database, mine: str, login: Callable[..., Any]
) -> None:
    with closing(login(Role.reader, mine)) as connection:
        given = readable(connection, shared)
    assert {relation.split(".")[0] for relation in given} == {"mart", "model"}
    everything = relations(shared)
    for relation, columns in given.items():
        assert columns == [
            column for column in everything[relation][2] if column not in {"payload", "definition"}
        ], relation
    withheld = {
        relation
        for relation, (kind, _, _) in everything.items()
        if relation.split(".")[0] in {"mart", "model"} and kind != "m"
    } - given.keys()
    # what cannot be held to an account is read through a view that is
    assert withheld <= {"mart.metric_hourly_aggregate"}


def test_an_analyst_reads_klaviyo_too_without_persons_and_payloads(
    shared: Database, mine: str, login: Callable[..., Any]
) -> None:
    with closing(login(Role.analyst, mine)) as connection:
        given = readable(connection, shared)
    assert {relation.split(".")[0] for relation in given} == {"klaviyo", "mart", "model"}
    assert "klaviyo.profile" in given
    assert "klaviyo.campaign" in given
    assert not {"klaviyo.profile_personal", "klaviyo.event", "klaviyo.event_version"} & given.keys()
    for relation, columns in given.items():
        assert not {"payload", "definition", "email", "phone_number"} & set(columns), relation


@pytest.mark.parametrize("role", [Role.reader, Role.analyst])
def test_every_row_is_of_an_account_that_the_login_may_read(
    shared: Database, mine: str, login: Callable[..., Any], role: Role
) -> None:
    with closing(login(role, mine)) as connection:
        given = readable(connection, shared)
        for relation, columns in given.items():
            key = "account_id" if "account_id" in columns else "forecast_id"
            other = OTHER if key == "account_id" else "Z-F"
            seen = dict(
                connection.execute(f"select {key}, count(*) from {relation} group by 1").fetchall()
            )
            with shared.connection() as owner:
                whole = dict(
                    owner.execute(f"select {key}, count(*) from {relation} group by 1").fetchall()
                )
            assert other in whole or not whole, f"{relation} has no row of the other account"
            whole.pop(other, None)
            assert seen == whole, relation
    assert len(given) > 25


@pytest.mark.parametrize("role", [Role.reader, Role.analyst])
def test_no_error_tells_of_another_account(
    shared: Database, mine: str, login: Callable[..., Any], role: Role
) -> None:
    """A condition of one's own is never tried on a row of another account: it could tell of it."""
    trap = "1 / (case when {}::text like 'Z%' then 0 else 1 end) = 1"
    with closing(login(role, mine)) as connection:
        for relation, columns in readable(connection, shared).items():
            key = "account_id" if "account_id" in columns else "forecast_id"
            connection.execute(f"select count(*) from {relation} where {trap.format(key)}")
        # the planner's statistics are rows as well
        assert (
            connection.execute(
                "select schemaname, tablename, attname from pg_stats where schemaname = any (%s)",
                [SCHEMAS],
            ).fetchall()
            == []
        )
    with shared.connection() as owner, pytest.raises(errors.DivisionByZero):
        owner.execute(f"select from mart.orders where {trap.format('account_id')}")


def test_every_table_with_an_account_is_held_to_it(shared: Database) -> None:
    tables = {
        relation: secured
        for relation, (kind, secured, columns) in relations(shared).items()
        if kind in "rp" and {"account_id", "forecast_id"} & set(columns)
    }
    assert {relation for relation, secured in tables.items() if not secured} == WITHOUT_POLICY
    with shared.connection() as connection:
        policies = connection.execute(
            "select schemaname || '.' || tablename, count(*) from pg_policies group by 1"
        ).fetchall()
    assert dict(policies) == {relation: 2 for relation, secured in tables.items() if secured}


def test_views_read_with_the_rights_of_whoever_asks_or_filter_themselves(shared: Database) -> None:
    with shared.connection() as connection:
        views = connection.execute(
            "select c.oid::regclass::text, coalesce(c.reloptions, '{}'), pg_get_viewdef(c.oid)"
            " from pg_class as c where c.relkind = 'v' and c.relnamespace::regnamespace::text"
            " = any (%s) and c.relname <> 'metric_hourly_aggregate'",  # of TimescaleDB itself
            [SCHEMAS],
        ).fetchall()
    assert len(views) > 5
    for view, options, text in views:
        if "security_barrier=true" in options:
            assert "readable_accounts" in text, view
        else:
            assert options == ["security_invoker=true"], view


def test_accounts_are_looked_up_once_a_query(
    shared: Database, mine: str, login: Callable[..., Any]
) -> None:
    for relation, column in {"mart.orders": "day", "mart.event": "occurred_at"}.items():
        query = f"explain (verbose, costs off) select * from {relation} where {column} > %s"
        with closing(login(Role.reader, mine)) as connection:
            connection.execute("set enable_seqscan to off")
            lines = [line for (line,) in connection.execute(query, ["2026-01-01"]).fetchall()]
        plan = "\n".join(lines)
        assert "SubPlan" not in plan
        # the call stands below the init plan and nowhere else; its answer can search an index
        [call] = [n for n, line in enumerate(lines) if "readable_accounts()" in line]
        assert "InitPlan" in "\n".join(lines[:call])
        assert re.search(r"Index Cond: .*account_id = ANY \(", plan), plan


@pytest.mark.parametrize("role", [Role.reader, Role.analyst])
def test_nothing_can_be_written(
    shared: Database, mine: str, login: Callable[..., Any], role: Role
) -> None:
    right = (errors.InsufficientPrivilege,)
    # many a view can be written by nobody at all
    no_view = (errors.ObjectNotInPrerequisiteState, errors.FeatureNotSupported)
    refused = {"r": right, "p": right, "m": right, "v": (*right, *no_view)}
    with closing(login(role, mine)) as connection:
        with pytest.raises(errors.ReadOnlySqlTransaction):
            connection.execute("create table mart.mine (n integer)")
        connection.execute("set default_transaction_read_only to off")  # it is only a default
        for relation, (kind, _, columns) in relations(shared).items():
            for attempt in (
                f"delete from {relation}",
                f'update {relation} set "{columns[0]}" = null',
                f"insert into {relation} default values",
                *([f"truncate {relation}"] if kind == "r" else []),
                *([f"copy {relation} from stdin"] if kind == "r" else []),
            ):
                with pytest.raises(refused[kind]):
                    connection.execute(attempt)
        for attempt in (
            *(f"create table {schema}.mine (n integer)" for schema in [*SCHEMAS, "public"]),
            "copy (select 1) to program 'true'",
            "set role workbench_writer",
            "select ops.limit_logins()",
            "alter table mart.orders disable row level security",
            "alter view mart.event set (security_barrier = false)",
            "select pg_read_file('postgresql.conf')",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(attempt)


@pytest.mark.parametrize(
    ("role", "limits"),
    [
        (Role.reader, ("30s", "32MB", "1min", "on")),
        (Role.analyst, ("10min", "64MB", "10min", "on")),
        (Role.writer, ("0", None, "0", "off")),
    ],
)
def test_logins_have_the_limits_of_their_role(
    shared: Database, mine: str, name: Callable[[], str], role: Role, limits: tuple[str | None, ...]
) -> None:
    url = url_of(shared, name(), role, *([] if role.reads_all else [mine]))
    names = (
        "statement_timeout work_mem idle_in_transaction_session_timeout"
        " default_transaction_read_only application_name"
    ).split()
    with open_database(_settings(url)) as database, database.connection() as connection:
        shown = [connection.execute(f"show {name}").fetchone() for name in names]
    for value, limit in zip(shown, (*limits, "workbench"), strict=True):
        assert limit is None or value == (limit,)


def _settings(url: str) -> Settings:
    return Settings(REPOSITORY, REPOSITORY / "none", REPOSITORY / "none", database_url=url)


@pytest.mark.parametrize("role", [Role.reader, Role.analyst])
def test_a_reader_loads_what_dashboards_show(
    shared: Database, mine: str, name: Callable[[], str], role: Role, caplog: Any
) -> None:
    def shown() -> list[pd.DataFrame]:
        account = load.load_account(mine)
        assert account.first_day is not None
        days = DateRange(account.first_day, account.last_day)
        reads = (
            load.load_key_numbers,
            load.load_daily_revenue,
            load.load_campaigns,
            load.load_flows,
        )
        return [
            *(read(account, days) for read in reads),
            load.load_accounts().query("account_id == @mine").reset_index(drop=True),
        ]

    load.use_database(shared)
    expected = shown()
    assert all(len(frame) for frame in expected)
    with open_database(_settings(url_of(shared, name(), role, mine))) as opened:
        require_schema(opened)
        load.use_database(opened)
        for seen, frame in zip(shown(), expected, strict=True):
            pd.testing.assert_frame_equal(seen, frame)
        assert set(load.load_accounts().account_id) == {mine}
    assert not caplog.records


@pytest.mark.parametrize("role", [Role.reader, Role.analyst])
@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["status", "--cache"],
        ["runs"],
        ["doctor", "--checks"],
        ["refresh"],
        ["migrate"],
        ["database"],
        ["maintain"],
        ["roles"],
    ],
    ids=" ".join,
)
def test_a_command_that_the_login_may_not_give_says_so(
    shared: Database, mine: str, name: Callable[[], str], role: Role, words: list[str]
) -> None:
    told = {"WORKBENCH_DATABASE_URL": url_of(shared, name(), role, mine)}
    with pytest.raises(RightMissing, match=r"this login may not do that: .*writer or owner"):
        CliRunner().invoke(app, words, env=told, catch_exceptions=False)


@pytest.mark.parametrize("role", [Role.reader, Role.analyst])
def test_doctor_tells_a_login_what_it_may_see(
    shared: Database, mine: str, name: Callable[[], str], role: Role
) -> None:
    env = {
        "WORKBENCH_DATABASE_URL": url_of(shared, name(), role, mine),
        "WORKBENCH_PROJECT_DIR": str(REPOSITORY),
        "KLAVIYO_API_KEY": None,
    }
    done = CliRunner().invoke(app, ["doctor", "--json"], env=env, catch_exceptions=False)
    found = {finding["subject"]: finding for finding in json.loads(done.stdout)}
    assert found["database"]["state"] == found["account"]["state"] == "ok"
    assert mine in found["account"]["told"]
    assert "synced up to 20" in found["account"]["told"]
    assert found["schema"]["state"] == "absent"
    assert "not migrations, syncs and runs" in found["schema"]["told"]


def test_doctor_tells_a_login_without_a_role_what_it_lacks(
    shared: Database, name: Callable[[], str]
) -> None:
    told = {"WORKBENCH_DATABASE_URL": make_login(shared, name())}
    done = CliRunner().invoke(app, ["doctor", "--json"], env=told, catch_exceptions=False)
    assert done.exit_code == 1
    [lacked] = [each for each in json.loads(done.stdout) if each["state"] == "missing"]
    assert "this login may not do that" in lacked["told"]
    assert "writer or owner" in lacked["mend"]


def test_all_accounts_or_none(shared: Database, mine: str, name: Callable[[], str]) -> None:
    every, someone = name(), name()
    seen = "select array_agg(distinct account_id order by account_id) from mart.orders"
    with psycopg.connect(url_of(shared, every, Role.reader, EVERY_ACCOUNT)) as connection:
        assert connection.execute(seen).fetchone() == (sorted([mine, OTHER]),)
    with closing(
        psycopg.connect(url_of(shared, someone, Role.analyst, mine), autocommit=True)
    ) as connection:
        assert connection.execute(seen).fetchone() == ([mine],)
        grant_access(shared, someone, role=Role.analyst, accounts=[OTHER])
        assert connection.execute(seen).fetchone() == (sorted([mine, OTHER]),)
        revoke_access(shared, someone, accounts=[mine])
        assert connection.execute(seen).fetchone() == ([OTHER],)
        revoke_access(shared, someone)
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(seen)
    assert {known.login for known in known_logins(shared)} == {every}


def test_a_writer_syncs_and_refreshes(database: Database, name: Callable[[], str]) -> None:
    url = url_of(database, name(), Role.writer)
    with open_database(_settings(url)) as opened:
        sync(opened, build_shop(ShopPlan(profiles=30, days=40)))
        assert cell(opened, "select count(*) from mart.orders") > 0
        said = forecast(SERIES, h=1, seed=0, models=named_models(["naive", "seasonal_naive"]))
        told = {"metric": "all", "unit": "USD", "parameters": {}}
        assert store_forecast(load.load_account(), said, **told) == store_forecast(
            load.load_account(), said, **told
        )
        assert cell(opened, "select distinct y_hat from model.forecast_prediction") == 3
        for refused in (
            "update model.forecast_prediction set y_hat = 0",
            "delete from model.forecast_prediction",
            "update model.forecast_model set champion = 'other'",
            "delete from model.forecast_model",
        ):
            with opened.connection() as connection, pytest.raises(errors.InsufficientPrivilege):
                connection.execute(refused)
        with opened.connection() as connection, pytest.raises(errors.InsufficientPrivilege):
            connection.execute("insert into ops.account_access values ('me', '*')")
        with opened.connection() as connection, pytest.raises(errors.InsufficientPrivilege):
            connection.execute("delete from ops.audit_log")


def typed(database: Database, settings: Settings, *words: str) -> str:
    told = {"WORKBENCH_DATABASE_URL": settings.database_url}
    return CliRunner().invoke(app, ["roles", *words], env=told, catch_exceptions=False).stdout


def test_the_command_gives_shows_and_takes(
    shared: Database, shared_settings: Settings, mine: str, name: Callable[[], str]
) -> None:
    ada = name()
    url = typed(
        shared, shared_settings, "grant", ada, "--role", "reader", "--account", mine, "--new-login"
    ).strip()
    with psycopg.connect(url) as connection:
        assert connection.execute("select current_user, name from mart.account").fetchone() == (
            ada,
            cell(shared, "select name from klaviyo.account where account_id = %s", mine),
        )
    listed = json.loads(typed(shared, shared_settings, "--json"))
    assert listed == {
        "logins": [
            {
                "login": ada,
                "role": "reader",
                "accounts": [mine],
                "is_known": True,
                "has_limits": True,
            }
        ],
        "setup": [],
    }
    assert f"{ada} is a writer" in typed(shared, shared_settings, "grant", ada, "--role", "writer")
    [known] = known_logins(shared)
    assert (known.role, known.accounts, known.has_limits) == ("writer", None, False)
    assert typed(shared, shared_settings, "revoke", ada) == ""
    assert known_logins(shared) == []
    for words, message in {
        ("grant", "nobody of that name", "--account", mine): "there is no login nobody",
        ("grant", ada): "would see nothing",
        ("grant", ada, "--account", "nowhere"): "no account nowhere was ever synced",
        ("grant", ada, "--role", "writer", "--account", mine): "a writer reads all accounts",
        ("grant", ada, "--account", mine, "--new-login"): "already",
        ("grant",): "grant whom",
    }.items():
        with pytest.raises(InputInvalid, match=message):
            typed(shared, shared_settings, *words)


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[str]:
    """A server of its own, which has none of the roles yet."""
    yield start_embedded(tmp_path)
    stop_embedded(tmp_path)


MIGRATE = """
import sys
from workbench.db import migrate
from workbench.db.connect import Database
with Database(sys.argv[1]) as database:
    migrate(database)
"""


def test_databases_of_one_server_make_the_roles_together(scratch: str) -> None:
    names = [f"shop_{number}" for number in range(3)]
    with psycopg.connect(scratch, autocommit=True) as admin:
        for made in names:
            admin.execute(SQL("create database {}").format(Identifier(made)))
    started = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE, make_conninfo(scratch, dbname=made)], cwd=REPOSITORY
        )
        for made in names
    ]
    assert [process.wait(timeout=120) for process in started] == [0, 0, 0]
    for made in names:
        with Database(make_conninfo(scratch, dbname=made)) as database:
            assert missing_roles(database) == []
            assert cell(database, "select count(*) from pg_policies") > 50


def test_an_owner_who_may_not_make_roles_goes_on_without(scratch: str) -> None:
    with psycopg.connect(scratch, autocommit=True) as admin:
        admin.execute("create role shopkeeper login password 'open-sesame'")
        admin.execute("create role ada login password 'open-sesame'")
        admin.execute("create database shop owner shopkeeper")
    url = make_conninfo(scratch, dbname="shop", user="shopkeeper", password="open-sesame")
    with Database(url) as database:
        migrate(database)
        assert missing_roles(database) == [
            "workbench_analyst",
            "workbench_owner",
            "workbench_reader",
            "workbench_writer",
        ]
        assert cell(database, "select count(*) from pg_policies") == 0
        with pytest.raises(RightMissing, match="workbench roles says what to do"):
            grant_access(database, "ada", role=Role.reader, accounts=[EVERY_ACCOUNT])
        with pytest.raises(RightMissing, match="may not make the login bea"):
            make_login(database, "bea")
        told = CliRunner().invoke(app, ["roles"], env={"WORKBENCH_DATABASE_URL": url})
        assert told.exit_code == 1
        lines = setup_statements(database)
        assert all(line in told.stdout for line in lines)
        with psycopg.connect(make_conninfo(scratch, dbname="shop"), autocommit=True) as admin:
            for line in lines:
                admin.execute(line)
        renew_access(database)
        assert missing_roles(database) == []
        grant_access(database, "ada", role=Role.reader, accounts=[EVERY_ACCOUNT])
        [known] = [known for known in known_logins(database) if known.login == "ada"]
        assert not known.has_limits  # setting them is an administrator's, too
        with psycopg.connect(make_conninfo(scratch, dbname="shop"), autocommit=True) as admin:
            admin.execute("select ops.limit_logins()")
        [known] = [known for known in known_logins(database) if known.login == "ada"]
        assert known.has_limits
    ada = make_conninfo(scratch, dbname="shop", user="ada", password="open-sesame")
    with psycopg.connect(ada, autocommit=True) as connection:
        assert connection.execute("select count(*) from mart.orders").fetchone() == (0,)
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("select count(*) from klaviyo.account")
        with Database(url) as database:
            revoke_access(database, "ada")
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("select count(*) from mart.orders")


def test_the_server_is_never_told_the_password(shared: Database, name: Callable[[], str]) -> None:
    login = name()
    url = make_login(shared, login)
    password = str(conninfo_to_dict(url)["password"])
    kept = cell(shared, "select rolpassword from pg_authid where rolname = %s", login)
    assert kept.startswith("SCRAM-SHA-256$")
    assert len(password) > 20
    assert password not in kept
