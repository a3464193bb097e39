"""The audit log: what is written down, by whom it can be changed, and what never gets into it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from conftest import Server
from psycopg import errors
from psycopg.sql import SQL, Identifier

from workbench.db import Database, open_database
from workbench.db.audit import record_export
from workbench.db.roles import Role, grant_access, make_login, revoke_access
from workbench.settings import Settings

ACCOUNT = """
insert into klaviyo.account (account_id, name, timezone, currency, is_simulated, payload)
values ('A1', 'By hand', 'UTC', 'USD', true, '{}')
"""
LOG = "select action, subject, account_id, count_rows, details from ops.audit_log order by audit_id"
_numbers = itertools.count()


@pytest.fixture
def ada(server: Server) -> Iterator[str]:
    name = f"audited_{os.getpid()}_{next(_numbers)}"
    yield name
    with psycopg.connect(server.dsn, autocommit=True) as admin:
        admin.execute(SQL("drop role if exists {}").format(Identifier(name)))


def run(database: Database, *statements: str) -> None:
    with database.connection() as connection:
        for statement in statements:
            connection.execute(statement)


def log(database: Database) -> list[tuple[Any, ...]]:
    with database.connection() as connection:
        return connection.execute(LOG).fetchall()


def test_roles_and_accounts_are_written_down(database: Database, ada: str) -> None:
    run(database, ACCOUNT)
    make_login(database, ada)
    grant_access(database, ada, role=Role.reader, accounts=["A1"])
    grant_access(database, ada, role=Role.analyst, accounts=["A1"])
    revoke_access(database, ada)
    told = [(action, subject, account_id) for action, subject, account_id, _, _ in log(database)]
    assert told == [
        ("grant", "workbench_reader", None),
        ("insert", "ops.account_access", "A1"),
        ("revoke", "workbench_reader", None),
        ("grant", "workbench_analyst", None),
        ("delete", "ops.account_access", "A1"),
        ("revoke", "workbench_analyst", None),
    ]
    details = [details for *_, details in log(database)]
    assert details[0] == {"login": ada}
    assert details[1]["after"]["grantee"] == details[4]["before"]["grantee"] == ada
    with database.connection() as connection:
        who = connection.execute(
            "select distinct login = session_user, application from ops.audit_log"
        ).fetchall()
    assert who == [(True, "workbench")]


def test_changes_to_definitions_and_flags_are_written_down(database: Database) -> None:
    run(
        database,
        ACCOUNT,
        "insert into klaviyo.metric (account_id, metric_id, name, payload)"
        " values ('A1', 'M1', 'Placed Order', '{}')",
        "insert into mart.metric_role values ('A1', 'M1', 'revenue', null, 'name')",
        "update mart.metric_role set source = 'mapped'",
        "update mart.metric_role set source = 'mapped'",  # changes nothing
        "insert into ops.feature_flag (name, is_on) values ('alerts', false)",
        "update ops.feature_flag set is_on = true",
        "truncate ops.feature_flag",
    )
    assert [(action, subject) for action, subject, *_ in log(database)] == [
        ("insert", "mart.metric_role"),
        ("update", "mart.metric_role"),
        ("insert", "ops.feature_flag"),
        ("update", "ops.feature_flag"),
        ("truncate", "ops.feature_flag"),
    ]
    [_, (*_, changed), _, (*_, turned), _] = log(database)
    assert (changed["before"]["source"], changed["after"]["source"]) == ("name", "mapped")
    assert (turned["before"]["is_on"], turned["after"]["is_on"]) == (False, True)


def test_a_change_that_is_rolled_back_is_not_written_down(database: Database) -> None:
    with pytest.raises(errors.DivisionByZero):
        run(
            database,
            "insert into ops.feature_flag (name, is_on) values ('alerts', true)",
            "select 1 / 0",
        )
    assert log(database) == []


def test_a_reader_that_exports_is_written_down(
    database: Database, database_settings: Settings, ada: str
) -> None:
    run(database, ACCOUNT)
    url = make_login(database, ada)
    grant_access(database, ada, role=Role.reader, accounts=["A1"])
    settings = Settings(
        database_settings.project_dir,
        database_settings.data_dir,
        database_settings.runs_dir,
        database_url=url,
    )
    with open_database(settings) as hers:
        record_export(hers, "mart.orders as CSV", count_rows=12, account_id="A1")
        with hers.connection() as connection, pytest.raises(errors.InsufficientPrivilege):
            connection.execute("select from ops.audit_log")
    with database.connection() as connection:
        row = connection.execute(
            "select login, action, subject, account_id, count_rows from ops.audit_log"
            " order by audit_id desc limit 1"
        ).fetchone()
    assert row == (ada, "export", "mart.orders as CSV", "A1", 12)


@pytest.mark.parametrize(
    "attempt",
    [
        "update ops.audit_log set login = 'nobody'",
        "delete from ops.audit_log",
        "truncate ops.audit_log",
    ],
)
def test_not_even_the_owner_changes_the_log(database: Database, attempt: str) -> None:
    run(database, "insert into ops.feature_flag (name, is_on) values ('alerts', true)")
    kept = log(database)
    with pytest.raises(errors.InsufficientPrivilege, match="append-only"):
        run(database, attempt)
    if not attempt.startswith("delete"):
        with pytest.raises(errors.InsufficientPrivilege, match="append-only"):
            run(database, "set local workbench.upkeep to audit_log", attempt)
    assert log(database) == kept


def test_upkeep_deletes_what_is_old(database: Database) -> None:
    run(
        database,
        "insert into ops.feature_flag (name, is_on) values ('alerts', true)",
        "insert into ops.audit_log (at, action, subject)"
        " values (now() - interval '9 years', 'export', 'x')",
        "set local workbench.upkeep to audit_log",
        "delete from ops.audit_log where at < now() - interval '8 years'",
    )
    assert [subject for _, subject, *_ in log(database)] == ["ops.feature_flag"]


def test_nothing_of_a_person_is_kept_whatever_is_watched(database: Database) -> None:
    run(
        database,
        ACCOUNT,
        "create trigger record_change after insert or update or delete"
        " on klaviyo.profile_personal for each row execute function ops.record_change()",
        "insert into klaviyo.profile (account_id, profile_id) values ('A1', 'P1')",
        "insert into klaviyo.profile_personal"
        " (account_id, profile_id, email, phone_number, payload)"
        " values ('A1', 'P1', 'ada@example.com', '+15550100', '{\"name\": \"Ada\"}')",
    )
    [(*_, details)] = log(database)
    assert set(details["after"]) == {"account_id", "profile_id", "synced_at"}
