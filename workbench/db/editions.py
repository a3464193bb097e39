"""What the editions of TimescaleDB add: how events are cut into chunks, hours counted by the
database itself, and the way up to a higher edition on the same server.

    PostgreSQL             tables, indexes, the workbench's own rollups
    TimescaleDB Apache     events in chunks of time, so that the recent ones stay in memory
    TimescaleDB Community  old chunks by column, and the hourly series as a continuous aggregate
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import psycopg
from psycopg import sql

from workbench.db.connect import Database, Edition
from workbench.db.migrations import migrate

__all__ = [
    "ChunkPlan",
    "MovedUp",
    "chunk_plan",
    "move_up",
    "refresh_aggregates",
    "set_chunk_interval",
    "wanted_chunk_days",
]

_MONTH_DAYS, _WEEK_DAYS = 30, 7
_MANY = 5_000_000  # events a month: from here on, a month's chunk no longer stays in memory
_FEWER = 4_000_000  # and below this one it does again; between the two it stays as it is

# the last 90 days that have facts, whatever today is
_RATE = """
select sum(m.count_events) / 3.0 as events_a_month
from mart.metric_daily as m
where m.day > (select max(latest.day) - 90 from mart.metric_daily as latest)
"""
_INTERVAL = """
select d.time_interval
from timescaledb_information.dimensions as d
where (d.hypertable_schema, d.hypertable_name) = ('klaviyo', 'event')
"""
_AGGREGATES = """
select format('%I.%I', a.view_schema, a.view_name)
from timescaledb_information.continuous_aggregates as a
where a.view_schema = 'mart' and pg_has_role(a.view_owner, 'usage')
order by a.view_name
"""
_OFFERED = """
select default_version from pg_catalog.pg_available_extensions where name = 'timescaledb'
"""


@dataclass(frozen=True, slots=True)
class ChunkPlan:
    """How long the chunks of events are, and how long they should be.

    Attributes:
        events_a_month: of all accounts, over the last 90 days with facts; None before there are.
        days: a new chunk lasts.
        wanted_days: a new chunk should last.
    """

    events_a_month: float | None
    days: int
    wanted_days: int


@dataclass(frozen=True, slots=True)
class MovedUp:
    """What a database was, is now, and what would take it further.

    Attributes:
        before: with the version of the extension where there is one.
        after: likewise.
        applied: names of the migrations and sets of files that were applied.
        next_step: what an administrator of the server would do for the next edition; empty on the
            highest.
    """

    before: str
    after: str
    applied: list[str]
    next_step: str


_NEXT_STEP = {
    Edition.POSTGRESQL: "install TimescaleDB on the server, add it to shared_preload_libraries and"
    " restart; or copy to a server that has it, with --to",
    Edition.TIMESCALEDB_APACHE: "install TimescaleDB with its Community licence, set"
    " timescaledb.license = 'timescale' and restart; or copy to such a server, with --to",
    Edition.TIMESCALEDB_COMMUNITY: "",
}


def wanted_chunk_days(events_a_month: float | None, *, days: int) -> int:
    """Days that a chunk of events should last: 30, or 7 of accounts with very many events.

    Args:
        events_a_month: of all accounts together; None where it is not known.
        days: a chunk lasts now.

    >>> [wanted_chunk_days(rate, days=30) for rate in (None, 4.5e6, 5.5e6)]
    [30, 30, 7]
    >>> [wanted_chunk_days(rate, days=7) for rate in (None, 3.5e6, 4.5e6)]
    [7, 30, 7]
    """
    if events_a_month is None:
        return days
    if events_a_month > _MANY:
        return _WEEK_DAYS
    return _MONTH_DAYS if events_a_month < _FEWER else days


def chunk_plan(database: Database) -> ChunkPlan | None:
    """The chunks of klaviyo.event; None where it has none."""
    if database.edition is Edition.POSTGRESQL:
        return None
    with database.connection() as connection:
        rate = _value(connection, _RATE)
        interval = _value(connection, _INTERVAL)
    if not isinstance(interval, dt.timedelta):  # created, but not migrated yet
        return None
    events = None if rate is None else float(str(rate))
    return ChunkPlan(events, interval.days, wanted_chunk_days(events, days=interval.days))


def set_chunk_interval(database: Database, *, days: int) -> None:
    """Let new chunks of events last so many days; those that are there stay as they are."""
    with database.connection() as connection:
        connection.execute(
            "select set_chunk_time_interval('klaviyo.event', make_interval(days => %s))", (days,)
        )


def refresh_aggregates(database: Database, *, until: dt.datetime | None = None) -> list[str]:
    """Bring the continuous aggregates up to date; returns their names, none but on Community.

    Its cost follows what has changed since the last time. What is newer than ``until`` is counted
    when it is read. Only their owner may: for others the database's own job does it every hour.

    Args:
        database: with no transaction of this thread open on events.
        until: Klaviyo's clock at the last sync; None for all there is.
    """
    if database.edition is not Edition.TIMESCALEDB_COMMUNITY:
        return []
    end = None if until is None else until.replace(minute=0, second=0, microsecond=0)
    with database.apart() as connection:
        names = [name for (name,) in connection.execute(_AGGREGATES)]
        for name in names:
            connection.execute(
                "call refresh_continuous_aggregate(%s::regclass, null, %s::timestamptz)",
                (name, end),
            )
    return names


def move_up(database: Database) -> MovedUp:
    """Take a database in place to the highest edition that its server offers now.

    Each step is one transaction: killed at any moment it is whole, and the next call goes on. Rows
    that are there move into chunks, during which nobody else can read events.

    Raises:
        MigrationFailed: a statement failed; its file is rolled back.
        DatabaseOutdated: the database is newer than the code.
    """
    before = _described(database)
    _update_extension(database)
    applied = migrate(database)
    if applied:
        refresh_aggregates(database)
    return MovedUp(before, _described(database), applied, _NEXT_STEP[database.edition])


def _update_extension(database: Database) -> None:
    if database.timescaledb_version is None:
        return
    with database.connection() as connection:
        offered = _value(connection, _OFFERED)
    if offered in (None, database.timescaledb_version):
        return
    # has to be the first statement of its connection
    with database.apart() as connection:
        connection.execute(sql.SQL("alter extension timescaledb update"))
    database.find_edition()


def _described(database: Database) -> str:
    version = database.timescaledb_version
    return f"{database.edition.value} {version}" if version else database.edition.value


def _value(connection: psycopg.Connection, query: str) -> object:
    row = connection.execute(query).fetchone()
    return row[0] if row else None
