"""Does every edition of the database hold the same mart?

    .venv/bin/python benchmarks/parity.py --profiles 400
    .venv/bin/python benchmarks/parity.py --size medium \\
        --server postgresql://postgres@127.0.0.1:5432/postgres \\
        --server postgresql://postgres@127.0.0.1:5433/postgres

A simulated account is synced into an embedded PostgreSQL, facts and all. Each server given (its
user may create databases) gets the raw rows by copy and makes every fact from them itself, or with
--sync-each is synced like the first. On TimescaleDB Community, what the policy would turn to
columns is turned first. Then each relation of the mart is compared row by row: it ends with 1
where one differs, and shows rows that do. The databases are dropped again.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from served_shop import Served, served

from workbench.db import (
    Database,
    Digest,
    Edition,
    copy_database,
    digest_of,
    migrate,
    relations_of,
    start_embedded,
    stop_embedded,
)
from workbench.load import load_account, use_database
from workbench.refresh import rebuild_facts
from workbench.sandbox import SIZES

OWN_CLOCK = ["changed_at", "first_seen_at", "synced_at"]  # when each database got the row
SHOWN = 3


def main() -> None:
    asked = _parser().parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # leave nothing behind
    profiles = asked.profiles or SIZES[asked.size]
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="parity-")))
        plain = start_embedded(folder)
        opened.callback(stop_embedded, folder)
        shop = opened.enter_context(served(profiles, folder=asked.folder or folder, walks=0))
        print(f"{shop.events:,} events of {profiles:,} profiles", flush=True)
        databases: list[Database] = []
        for url in (plain, *asked.server):
            database = opened.enter_context(_temporary(url))
            databases.append(database)
            if database is databases[0] or asked.sync_each:
                _timed("sync", lambda at=database: _sync(at, shop))
            else:
                _timed("copy", lambda at=database: _copy(databases[0], at))
            if database.edition is Edition.TIMESCALEDB_COMMUNITY:
                _timed("columns", lambda at=database: _to_columns(at))
        if not _are_equal(databases):
            sys.exit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--profiles", type=int, help="in place of those of the size")
    parser.add_argument("--server", action="append", default=[], help="URL; may be repeated")
    parser.add_argument("--sync-each", action="store_true", help="sync every server")
    parser.add_argument("--folder", type=Path, help="where shops larger than memory are kept")
    return parser


@contextmanager
def _temporary(url: str) -> Iterator[Database]:
    """A migrated database of its own on that server, for as long as the block takes."""
    name = sql.Identifier(f"parity_{os.getpid()}")
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(sql.SQL("create database {} template template0").format(name))
        try:
            here = make_conninfo(url, dbname=f"parity_{os.getpid()}", options="-c timezone=UTC")
            with Database(here) as database:
                migrate(database)
                print(f"{database.label}: {database.edition.value} {database.server_version}")
                yield database
        finally:
            admin.execute(sql.SQL("drop database {} with (force)").format(name))


def _timed(what: str, work: Callable[[], object]) -> None:
    began = time.perf_counter()
    work()
    print(f"  {what:<8} {time.perf_counter() - began:10,.1f} s", flush=True)


def _sync(database: Database, shop: Served) -> None:
    with database.connection() as connection:
        info = connection.info
        url = f"postgresql://{info.user}:{info.password}@{info.host}:{info.port}/{info.dbname}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WORKBENCH_")}
    subprocess.run(
        [sys.executable, "-m", "workbench", "sync", "--json"],
        env={
            **kept,
            "KLAVIYO_API_KEY": shop.key,
            "WORKBENCH_KLAVIYO_URL": shop.url,
            "WORKBENCH_DATABASE_URL": url,
            "SSL_CERT_FILE": str(shop.certificate),
        },
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _copy(source: Database, target: Database) -> None:
    copy_database(source, target, told=lambda *_: None)
    began = time.perf_counter()
    use_database(target)
    rebuild_facts(load_account())
    print(f"  {'facts':<8} {time.perf_counter() - began:10,.1f} s, of these")


def _to_columns(database: Database) -> None:
    with database.apart() as connection:
        for (job,) in connection.execute(
            "select job_id from timescaledb_information.jobs"
            " where hypertable_name = 'event' and proc_name like 'policy_compression%'"
        ).fetchall():
            connection.execute("call run_job(%s)", (job,))
        found = connection.execute(
            "select count(*) filter (where is_compressed), count(*)"
            " from timescaledb_information.chunks where hypertable_name = 'event'"
        ).fetchone()
    print("  {} of {} chunks by column".format(*(found or (0, 0))))


def _are_equal(databases: Sequence[Database]) -> bool:
    with databases[0].connection() as connection:
        relations = relations_of(connection, "mart")
    print(f"\n{'mart':<24} {'rows':>12}  {'seconds':>7} each, and whether equal to the first")
    differing = []
    for name in relations:
        digests: list[Digest] = []
        seconds = []
        for database in databases:
            began = time.perf_counter()
            with database.connection() as connection:
                digests.append(digest_of(connection, f"mart.{name}", without=OWN_CLOCK))
            seconds.append(time.perf_counter() - began)
        equal = ["equal" if each == digests[0] else "DIFFERS" for each in digests[1:]]
        told = " ".join(f"{each:7.1f}" for each in seconds)
        print(f"{name:<24} {digests[0].rows:>12,}  {told}  {' '.join(equal)}", flush=True)
        differing += [(name, n) for n, each in enumerate(digests) if each != digests[0]]
    for name, n in differing:
        _show(name, databases[0], databases[n])
    rows = f"{len(relations)} relations, {len(databases)} databases"
    print(f"\n{rows}: {f'{len(differing)} differ' if differing else 'all equal'}")
    return not differing


def _show(name: str, first: Database, other: Database) -> None:
    ours, theirs = _rows(first, name), _rows(other, name)
    print(f"\nmart.{name} of {other.label}: rows missing, then rows too many")
    for sign, rows in (("-", ours - theirs), ("+", theirs - ours)):
        for text in sorted(rows)[:SHOWN]:
            print(f"  {sign} {text}")


def _rows(database: Database, name: str) -> Counter[str]:
    query = sql.SQL("select (to_jsonb(r) - %s::text[])::text from mart.{} as r")
    with database.connection() as connection:
        return Counter(
            text for (text,) in connection.execute(query.format(sql.Identifier(name)), [OWN_CLOCK])
        )


if __name__ == "__main__":
    main()
