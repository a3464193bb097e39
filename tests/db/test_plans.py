"""The plan of every statement in sql/reads: a narrow question never reads a large table whole."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import psycopg
import pytest
from conftest import Server

from workbench.db import Database, Edition, open_database, statement
from workbench.db.statements import SQL_ROOT

# Accounts beside the one that is asked for, so that one of them is a small part of each table.
COPIES = 6
LARGE_PAGES, LARGE_ROWS = 40, 2_000

# What the reads are asked with; where a name means something else to one of them, in READS.
COMMON: dict[str, str] = {
    "account_id": "select account_id from klaviyo.account where account_id not like 'copy%'",
    "accounts": "select array_agg(account_id) from klaviyo.account",
    "first": "select max(day) - 30 from mart.metric_daily",
    "last": "select max(day) - 1 from mart.metric_daily",
    "since": "select max(occurred_at) - interval '20 days' from klaviyo.event",
    "until": "select max(occurred_at) - interval '10 days' from klaviyo.event",
    "metric_id": "select metric_id from mart.metric_role where role = 'opened' limit 1",
    "metric_ids": "select array_agg(metric_id) from mart.metric_role where role = 'opened'",
    "profile_ids": "select array_agg(profile_id) from (select profile_id from klaviyo.profile"
    " where account_id not like 'copy%' order by profile_id limit 3) as few",
    "run_id": "select max(run_id) from ops.sync_run where run_id not like 'copy%'",
    "kept_from": "select min(occurred_at) + interval '20 days' from klaviyo.event",
    "kept_from_on": "select min(day) + 20 from mart.metric_daily",
    "position": "select min(profile_id) from klaviyo.profile",
    "at": "select now()",
    "before": "select now() - interval '100 days'",
    "known_until": "select current_date",
    "made_before": "select now()",
    "trusted": "select now() - interval '7 days'",
}
FIXED: dict[str, Any] = {
    "classes": '[{"event_class": "engagement", "roles": ["opened"], "days": 200}]',
    "count": 100,
    "currency": "USD",
    "data_version": "",
    "digest": "",
    "dimension": "channel",
    "endpoint": "/api/campaign-values-reports",
    "forecast_id": "none",
    "grain": "D",
    "hours": ["2026-06-19 23"],
    "humans": True,
    "is_money": True,
    "kind": "differs",
    "least": 1000,
    "least_rows": 10000,
    "least_scans": 50,
    "longest": 5 * 86400,
    "max_rows": 20,
    "metric": None,
    "most": 100,
    "named": "Placed Order",
    "notebook": None,
    "only_read": False,
    "relations": ["mart.orders"],
    "report": "flow_reports",
    "role": "opened",
    "share": 0.999,
    "statistic": "opens_unique",
    "status": None,
    "stream": "events",
    "texts": ["somebody@example.com"],
    "timezone": "America/New_York",
    "unique_id": "revenue",
    "windows": '[{"channel": "email", "role": "opened", "seconds": 432000}]',
}

# Large tables that a read may take whole, and why. Every other read is narrow.
WHOLE: dict[str, dict[str, str]] = {
    "count_rows": {"*": "counts everything: only the demo asks, when it has just filled it"},
    "known_orders_daily": {"orders": "all orders of the account"},
    "order_totals": {"orders": "all orders of the account"},
    "sync/people_to_forget": {"profile": "hashes those that ended", "profile_personal": "the same"},
    "sync/profile_check": {"profile": "counts the profiles of the account"},
    "sync/proof_by_metric": {"proof": "sums up all days, where no period is named"},
    "sync/proof_open": {"proof": "all days that differ, where no period is named"},
    "sync/stream_freshness": {"proof": "the last comparison of all days"},
    "sync/strangers": {
        "event": "once, after the first sync: profiles of all events",
        "profile": "the same",
    },
    "sync/strangers_since": {"profile": "hashes all profiles to find who is not among them"},
    "maintain/count_events_in": {"event": "a whole chunk"},
    "maintain/metrics_to_go": {"dim_date": "one day of every account"},
    "maintain/chunk_holds_kept": {"event": "a whole chunk, up to the first event that is kept"},
}
# of the catalogue and of statistics only
ONLY_TIMESCALEDB = {"maintain/old_chunks", "maintain/uncompressed_chunks"}
NEEDS_EXTENSION = {"maintain/slow_queries"}
# reads whose parameters bound the time of the events that they look at -> first and last instant
BOUNDED = {
    "sync/event_days": ("since", "until"),
    "sync/span_events": ("since", "until"),
    "maintain/count_events_in": ("since", "until"),
    "maintain/chunk_holds_kept": ("since", "until"),
    "maintain/first_event_to_go": (None, "kept_from"),
    "maintain/count_events_to_go": (None, "kept_from"),
}
NAMES = sorted(
    str(path.relative_to(SQL_ROOT / "reads").with_suffix(""))
    for path in (SQL_ROOT / "reads").rglob("*.sql")
)


@dataclass(frozen=True)
class Scan:
    """A part of a plan that reads a table: by which kind of node."""

    kind: str
    table: str
    relation: str


@dataclass
class Shop:
    """A database with several accounts, what to ask it, and which of its tables are large."""

    database: Database
    connection: psycopg.Connection[Any]
    values: dict[str, Any]
    parents: dict[str, str]
    large: set[str]

    @property
    def roots(self) -> set[str]:
        return set(self.parents.values())

    def scans(self, name: str) -> list[Scan]:
        text = statement(f"reads/{name}")
        wanted = set(re.findall(r"%\((\w+)\)s", text))
        params = {key: self.values[key] for key in wanted}
        with self.connection.transaction(force_rollback=True):
            ((plan,),) = self.connection.execute(
                f"explain (format json) {text}", params or None
            ).fetchall()
        return [
            Scan(node["Node Type"], self.parents.get(relation, relation), relation)
            for node in nodes(plan[0]["Plan"])
            # the root of a hypertable holds no rows
            if (relation := node.get("Relation Name")) and relation not in self.roots
        ]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def _copy_accounts(connection: psycopg.Connection[Any]) -> None:
    """Every row of an account again under other accounts' ids, as large as the first."""
    tables = connection.execute(
        "select format('%I.%I', c.table_schema, c.table_name),"
        " string_agg(quote_ident(c.column_name), ', ' order by c.ordinal_position),"
        " string_agg(case when c.column_name in ('account_id', 'run_id')"
        " then 'copies.own || ' || quote_ident(c.column_name)"
        " else quote_ident(c.column_name) end, ', ' order by c.ordinal_position)"
        " from information_schema.columns as c inner join information_schema.tables as t"
        " using (table_schema, table_name)"
        " where c.table_schema in ('klaviyo', 'mart', 'ops') and t.table_type = 'BASE TABLE'"
        " and c.is_generated = 'NEVER' and c.is_identity = 'NO'"
        " group by 1 having bool_or(c.column_name = 'account_id')"
    ).fetchall()
    connection.execute("set session_replication_role = replica")
    for table, columns, values in tables:
        connection.execute(
            f"insert into {table} ({columns}) select {values} from {table}, (select 'copy' || n"
            f" from generate_series(1, {COPIES}) as n) as copies (own)"
        )
    connection.execute("set session_replication_role = origin")
    connection.execute("vacuum analyze")


def _shop(database: Database, connection: psycopg.Connection[Any]) -> Shop:
    _copy_accounts(connection)
    connection.execute(statement("writes/maintain/create_credited_event"))
    values = dict(FIXED)
    for key, query in COMMON.items():
        ((values[key],),) = connection.execute(query).fetchall()
    parents = connection.execute(
        "select inhrelid::regclass::text, p.relname from pg_catalog.pg_inherits"
        " inner join pg_catalog.pg_class as p on inhparent = p.oid"
    ).fetchall()
    large = connection.execute(
        "select relname from pg_catalog.pg_class where relkind = 'r' and relpages >= %s"
        " and reltuples >= %s"
        " and relnamespace::regnamespace::text"
        " in ('klaviyo', 'mart', 'ops', '_timescaledb_internal')",
        [LARGE_PAGES, LARGE_ROWS],
    ).fetchall()
    bare = {name.rpartition(".")[2]: parent for name, parent in parents}
    return Shop(database, connection, values, bare, {name for (name,) in large} | {"event"})


@pytest.fixture(scope="module", params=["embedded", "timescaledb"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    server: Server = request.getfixturevalue(f"{request.param}_server")
    template = request.getfixturevalue(f"synced_{request.param}")
    with (
        server.copy(tmp_path_factory.mktemp("plans"), template=template) as settings,
        open_database(settings) as database,
        database.apart() as connection,
    ):
        yield _shop(database, connection)


def is_here(shop: Shop, name: str) -> bool:
    is_plain = shop.database.edition is Edition.POSTGRESQL
    return name not in NEEDS_EXTENSION and not (is_plain and name in ONLY_TIMESCALEDB)


@pytest.mark.parametrize("name", NAMES)
def test_no_narrow_read_takes_a_large_table_whole(shop: Shop, name: str) -> None:
    if not is_here(shop, name):
        assert "pg_stat_statements" in statement(f"reads/{name}") or name in ONLY_TIMESCALEDB
        return
    whole = {
        scan.table
        for scan in shop.scans(name)
        if scan.kind == "Seq Scan" and scan.relation in shop.large
    }
    allowed = WHOLE.get(name, {})
    assert "*" in allowed or whole <= allowed.keys(), f"{name} reads {sorted(whole)} whole"


def test_the_tables_are_large_enough_to_tell(shop: Shop) -> None:
    assert shop.large >= {"event", "message_recipient", "metric_daily", "orders"}


def test_every_exception_is_of_a_read_that_there_is() -> None:
    named = {*WHOLE, *ONLY_TIMESCALEDB, *NEEDS_EXTENSION, *BOUNDED}
    assert named <= set(NAMES)
    asked = {
        key for name in NAMES for key in re.findall(r"%\((\w+)\)s", statement(f"reads/{name}"))
    }
    assert asked == COMMON.keys() | FIXED.keys()


@cache
def chunks_of(connection: psycopg.Connection[Any]) -> list[tuple[str, dt.datetime, dt.datetime]]:
    return connection.execute(
        "select chunk_name, range_start, range_end from timescaledb_information.chunks"
        " where hypertable_name = 'event'"
    ).fetchall()


@pytest.mark.parametrize("name", sorted(BOUNDED))
def test_events_are_looked_for_in_the_chunks_of_their_time_only(shop: Shop, name: str) -> None:
    scans = [scan for scan in shop.scans(name) if scan.table == "event"]
    assert scans
    if shop.database.edition is Edition.POSTGRESQL:
        return
    since, until = (shop.values.get(str(key)) for key in BOUNDED[name])
    wanted = {
        chunk
        for chunk, start, end in chunks_of(shop.connection)
        if (since is None or end > since) and start < until
    }
    assert {scan.relation for scan in scans} <= wanted
    assert len(wanted) < len(chunks_of(shop.connection))
