"""What does storing cost: loading, refreshing, reading, bytes, and that with twice the history?

    .venv/bin/python benchmarks/storage.py
    .venv/bin/python benchmarks/storage.py --events 200000
    .venv/bin/python benchmarks/storage.py --server postgresql://postgres@127.0.0.1:5433/postgres

On an embedded PostgreSQL in a temporary folder, or on each server named (a user who may create
databases), in a database that is dropped at the end. The account is written by SQL: half of the
events first, then as many that happened before them. With each history it tells

    refresh   seconds after one new day (median of three days), beside a full rebuild
    reads     p50 and p95 of what the overview dashboard and the weekly report load, nothing cached

and with the whole of it

    loading   rows a second in transactions of 5,000: a bare COPY into klaviyo.event, the sync's
              direct way (nothing was there), its merge of new rows and of rows that are there;
              each round brings days of its own, one way after the other; the median is told
    bytes     an event, by table and index; on TimescaleDB Community also once old chunks are kept
              by column

Goals: merge at half of COPY or better, one day at 1 % of the rebuild, p95 under 50 ms, the last two
as long with twice the history.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql
from storage_account import ACCOUNT_ID, EVENTS_A_PROFILE, TIMEZONE, Writer

from workbench import load
from workbench.db import Database, Edition, copy_lines, migrate, start_embedded, stop_embedded
from workbench.klaviyo.event_fields import NULL, SEPARATOR
from workbench.klaviyo.events import EVENT_COLUMNS, EventPage
from workbench.periods import DateRange
from workbench.refresh import rebuild_facts, refresh_facts
from workbench.sync.windows.event_parts import EVENTS

DAYS = 730  # of the longer history
NEW_DAYS = 3
ROUNDS = 3
PART = 5_000
READS = 40
GOALS = {"merge": 0.5, "refresh": 0.01, "p95": 50.0}
_NOW = dt.date(2026, 11, 1)

Result = dict[str, Any]


def main() -> None:
    asked = _parser().parse_args()
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the start")
    results = []
    for url in asked.server or [None]:
        with _database(url) as (database, dsn):
            print(f"\n{database.edition.value} on PostgreSQL {database.server_version}", flush=True)
            results.append(_measured(database, dsn, events=asked.events))
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=2))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=10_000_000, help="of the longer history")
    parser.add_argument("--server", action="append", help="URL; may be given again")
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser


@contextmanager
def _database(url: str | None) -> Iterator[tuple[Database, str]]:
    """A migrated database of its own, and how to reach it; dropped at the end."""
    with tempfile.TemporaryDirectory(prefix="storage-") as folder:
        server = url or start_embedded(Path(folder))
        name = sql.Identifier(f"storage_{os.getpid()}")
        try:
            _execute(server, sql.SQL("create database {} template template0").format(name))
            dsn = urlunsplit(urlsplit(server)._replace(path=f"/storage_{os.getpid()}"))
            with Database(dsn) as database:
                migrate(database)
                yield database, dsn
        finally:
            _execute(server, sql.SQL("drop database if exists {} with (force)").format(name))
            if url is None:
                stop_embedded(Path(folder))


def _execute(dsn: str, statement: str | sql.Composed) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn, autocommit=True, options="-c timezone=UTC") as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def _measured(database: Database, dsn: str, *, events: int) -> Result:
    load.use_database(database)
    first = _NOW - dt.timedelta(days=DAYS)
    with psycopg.connect(dsn, autocommit=True, options="-c timezone=UTC") as connection:
        writer = Writer(connection, first, DAYS, events / DAYS, max(1, events // EVENTS_A_PROFILE))
        writer.write_catalogue()
        result: Result = {"edition": database.edition.value, "events": events, "history": []}
        half = first + dt.timedelta(days=DAYS // 2)
        for since, until in ((half, _NOW - dt.timedelta(days=2 * NEW_DAYS)), (first, half)):
            writer.write_events(since, until, target="klaviyo.event")
            connection.execute("vacuum (analyze) klaviyo.event")
            result["history"].append(_with_history(writer, since=first if since == first else half))
        _print_history(result)
        result["loading"] = _loading(writer, database, sample=max(PART, events // 50))
        _print_loading(result["loading"])
        result["bytes"] = _bytes(connection, database)
        _print_bytes(result["bytes"])
    return result


def _with_history(writer: Writer, *, since: dt.date) -> Result:
    """What refreshing and reading cost with the events that there are."""
    account = load.load_account()
    began = time.perf_counter()
    rebuild_facts(account)
    rebuilt = time.perf_counter() - began
    writer.connection.execute("vacuum (analyze)")
    days = []
    last = writer.connection.execute("select max(day) from mart.metric_daily").fetchone()
    assert last is not None
    for n in range(1, NEW_DAYS + 1):
        day = last[0] + dt.timedelta(days=n)
        writer.write_events(day, day + dt.timedelta(days=1), target="klaviyo.event")
        _touch(writer, day)
        began = time.perf_counter()
        refresh_facts(account)
        days.append(time.perf_counter() - began)
    count = writer.connection.execute("select count(*) from klaviyo.event").fetchone()
    return {
        "events": count[0] if count else 0,
        "rebuild": rebuilt,
        "day": statistics.median(days),
        "reads": _reads(first=since + dt.timedelta(days=30), last=day),
    }


def _touch(writer: Writer, day: dt.date) -> None:
    """Note a day as the sync does that has brought its events."""
    writer.connection.execute(
        """
        insert into ops.touched (account_id, metric_id, day, message_ref)
        select distinct account_id, metric_id, (occurred_at at time zone %(timezone)s)::date,
            coalesce(message_ref, '')
        from klaviyo.event
        where account_id = %(account_id)s and occurred_at >= %(day)s
            and first_seen_at > (select max(finished_at) from ops.refresh)
        """,
        {"account_id": ACCOUNT_ID, "timezone": TIMEZONE, "day": day},
    )


def _reads(*, first: dt.date, last: dt.date) -> dict[str, list[float]]:
    """Milliseconds of each read, p50 and p95, over weeks, months and quarters of the history."""
    account = load.load_account()
    drawn = random.Random(7)

    def days() -> DateRange:
        length = drawn.choice((7, 28, 91))
        end = first + dt.timedelta(days=drawn.randrange(length, (last - first).days))
        return DateRange(end - dt.timedelta(days=length - 1), end)

    reads: dict[str, Callable[[], object]] = {
        "load_accounts": load.load_accounts,
        "load_account": load.load_account,
        "load_key_numbers": lambda: load.load_key_numbers(account, days()),
        "load_daily_revenue": lambda: load.load_daily_revenue(account, days()),
        "load_campaigns": lambda: load.load_campaigns(account, days()),
        "load_flows": lambda: load.load_flows(account, days()),
        "load_forecast": lambda: load.load_forecast(account, "revenue"),
        "load_refreshes": lambda: load.load_refreshes(account),
    }
    with load.uncached():
        return {name: _percentiles(read) for name, read in reads.items()}


def _percentiles(read: Callable[[], object]) -> list[float]:
    taken = []
    read()  # the first one of a process fills its memory of statements
    for _ in range(READS):
        began = time.perf_counter()
        read()
        taken.append((time.perf_counter() - began) * 1000)
    cuts = statistics.quantiles(taken, n=20, method="inclusive")
    return [statistics.median(taken), cuts[-1]]


def _loading(writer: Writer, database: Database, *, sample: int) -> dict[str, float]:
    """Rows a second, by the way in which they come."""
    rates: dict[str, list[float]] = {}
    length = dt.timedelta(days=max(1, round(sample / writer.events_a_day)))
    day = _NOW + dt.timedelta(days=10)
    writer.connection.execute(
        "create unlogged table sample (like klaviyo.event including defaults)"
    )
    for _ in range(ROUNDS):
        for way in ("copy", "direct", "merge"):
            pages = _pages(writer, day, day + length)
            day += length + dt.timedelta(days=3)  # answers come up to two days later
            rates.setdefault(way, []).append(_rate(database, pages, way))
        rates.setdefault("duplicates", []).append(_rate(database, pages, "merge"))
    writer.connection.execute("drop table sample")
    return {way: statistics.median(found) for way, found in rates.items()}


def _pages(writer: Writer, since: dt.date, until: dt.date) -> list[EventPage]:
    """New events as a sync holds them, in the order of their time."""
    connection = writer.connection
    connection.execute("truncate sample")
    writer.write_events(since, until, target="sample")
    listed = sql.SQL(", ").join(map(sql.Identifier, EVENT_COLUMNS))
    options = sql.SQL("delimiter {}, null {}").format(sql.Literal(SEPARATOR), sql.Literal(NULL))
    told = connection.execute(
        "select event_id, metric_id, to_char(occurred_at, 'YYYY-MM-DD HH24'),"
        " coalesce(message_ref, %s), occurred_at from sample order by occurred_at, event_id",
        (NULL,),
    ).fetchall()
    query = sql.SQL(
        "copy (select {} from sample order by occurred_at, event_id) to stdout with ({})"
    ).format(listed, options)
    with connection.cursor().copy(query) as copy:
        lines = b"".join(copy).splitlines()
    columns = [list(column) for column in zip(*told, strict=True)]
    whole = EventPage(lines, *columns)
    return [whole.at(range(n, min(n + PART, len(lines)))) for n in range(0, len(lines), PART)]


def _rate(database: Database, pages: list[EventPage], way: str) -> float:
    run: Any = SimpleNamespace(
        account_id=ACCOUNT_ID, source=SimpleNamespace(timezone=TIMEZONE), database=database
    )
    window: Any = SimpleNamespace(is_first=way == "direct")
    nothing: Any = None
    began = time.perf_counter()
    for page in pages:
        with database.connection() as connection, connection.cursor() as cursor:
            if way == "copy":
                copy_lines(
                    cursor,
                    "klaviyo.event",
                    EVENT_COLUMNS,
                    page.lines,
                    separator=SEPARATOR,
                    null=NULL,
                )
            else:
                EVENTS.store(cursor, run, nothing, window, page)
    return sum(map(len, pages)) / (time.perf_counter() - began)


def _bytes(connection: psycopg.Connection, database: Database) -> dict[str, float]:
    """Bytes an event: of its rows, of each index, and of the facts."""
    connection.execute("vacuum klaviyo.event")
    found = _event_bytes(connection, database)
    found["facts (mart)"] = _one(
        connection,
        "select sum(pg_total_relation_size(c.oid)) from pg_class as c"
        " where c.relnamespace = 'mart'::regnamespace and c.relkind = 'r'",
    )
    if database.edition is Edition.TIMESCALEDB_COMMUNITY:
        connection.execute(
            "select compress_chunk(chunk, if_not_compressed => true)"
            " from show_chunks('klaviyo.event', older_than => %s) as chunk",
            (_NOW - dt.timedelta(days=90),),
        )
        kept = _event_bytes(connection, database)
        found["events, those before 90 days by column"] = sum(kept.values())
    count = _one(connection, "select count(*) from klaviyo.event")
    return {name: size / count for name, size in found.items()}


def _event_bytes(connection: psycopg.Connection, database: Database) -> dict[str, float]:
    indexes = [
        name
        for (name,) in connection.execute(
            "select indexrelid::regclass::text from pg_index"
            " where indrelid = 'klaviyo.event'::regclass order by 1"
        )
    ]
    if database.edition is Edition.POSTGRESQL:
        rows, index = "select pg_table_size(%s)", "select pg_relation_size(%s)"
    else:
        rows = "select table_bytes + toast_bytes from hypertable_detailed_size(%s)"
        index = "select hypertable_index_size(%s)"
    sizes = {"rows": _one(connection, rows, "klaviyo.event")}
    return sizes | {f"index {name}": _one(connection, index, name) for name in indexes}


def _one(connection: psycopg.Connection, query: str, *values: object) -> float:
    row = connection.execute(query, values).fetchone()
    return float(row[0] or 0) if row else 0.0


def _print_history(result: Result) -> None:
    once, twice = result["history"]
    for each in (once, twice):
        share = each["day"] / each["rebuild"]
        print(
            f"{each['events']:>12,} events: one new day {each['day']:.2f} s,"
            f" full rebuild {each['rebuild']:.1f} s: {share:.1%} (goal {GOALS['refresh']:.0%})"
        )
    print(f"one new day with twice the history: {twice['day'] / once['day']:.2f} times as long")
    print(
        f"{'read, ms':<22}{'p50':>8}{'p95':>8}{'p50':>10}{'p95':>8}{'ratio':>8}  twice the history"
    )
    for name, (p50, p95) in once["reads"].items():
        later50, later95 = twice["reads"][name]
        slow = "  over the goal" if later95 > GOALS["p95"] else ""
        print(
            f"{name:<22}{p50:>8.1f}{p95:>8.1f}{later50:>10.1f}{later95:>8.1f}"
            f"{later50 / p50:>8.2f}{slow}"
        )


def _print_loading(rates: dict[str, float]) -> None:
    for way, rate in rates.items():
        goal = f" (goal {GOALS['merge']})" if way == "merge" else ""
        print(
            f"{way:<12}{rate:>10,.0f} rows/s, {rate / rates['copy']:.2f} of COPY{goal}", flush=True
        )


def _print_bytes(found: dict[str, float]) -> None:
    for name, size in found.items():
        print(f"{size:>8,.0f} bytes an event: {name}")


if __name__ == "__main__":
    main()
