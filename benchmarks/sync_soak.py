"""Does a sync lose anything when everything goes wrong and it is killed again and again?

    .venv/bin/python benchmarks/sync_soak.py
    .venv/bin/python benchmarks/sync_soak.py --profiles 80 --days 60 --kills 3

A simulated account is synced twice, each time into a database of its own: once undisturbed, once
with every fault of the sandbox on and the sync killed (SIGKILL) at random moments, which are drawn
from a seed and counted in requests. Then every row of every klaviyo table must be the same but for
when it was written, the proof must hold, and nothing may be left to read. It ends with 1 if not.

Faults that change what an answer says for good (nulls, words that the contract does not know) are
on in both; events are hidden until half of the kills are done, and must be found after that.
Limits and pauses go by a clock that runs faster: what a limit does is measured by sync_limit.py.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from workbench.db import migrate, open_database, start_embedded, stop_embedded
from workbench.klaviyo import KlaviyoClient
from workbench.klaviyo import Limiter as Pace
from workbench.sandbox import (
    FAULTS,
    SIZES,
    Limiter,
    SandboxServer,
    Shop,
    ShopPlan,
    account_id,
    build_shop,
)
from workbench.settings import REVISION, Settings
from workbench.sync import Progress, sync_account

# events without a metric, and hidden ones: each costs the proof a day of its metric, read again
NAMELESS, HIDDEN = 500, 1_500
NULLS_ELSEWHERE = ("profiles", "campaigns", "templates", "segments", "tags", "forms")
# of few requests, or long ones, so that a small account meets it too, and none waits for it
OPTIONS = {"slow": "share=0.02,seconds=0.2", "expired-cursor": "share=0.05"}
PASSING = (
    *(
        f"{name}:{OPTIONS[name]}" if name in OPTIONS else name
        for name in FAULTS
        if name not in {"nulls", "unknown-enum", "hidden-events", "retired-revision"}
    ),
    "expired-cursor:times=9",  # the first ones, for a small account has few
)
# when something was written, and by which sync; everything else must be the same
WRITTEN = [
    "synced_at",
    "first_seen_at",
    "last_seen_at",
    "changed_at",
    "seen_from",
    "seen_until",
    "observed_at",
    "run_id",
]
UNPROVEN = """
    select p.metric_id, p.day::text, p.our_count, p.their_count, p.our_values::text,
        p.their_values::text, p.reason
    from ops.proof as p
    where p.status = 'differs'
"""
FASTER = 20  # than real time runs the clock that limits and pauses go by
TRIES_A_KILL = 3
TRIES_AT_THE_END = 8


@dataclass
class Soaked:
    """What was met on the way."""

    kills: list[int] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    requests: int = 0
    seconds: float = 0.0
    peak_mb: float = 0.0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=SIZES, default="medium")
    parser.add_argument("--profiles", type=int, help="in place of those of the size")
    parser.add_argument("--days", type=int, default=728, help="of history")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1, help="of the moments and the faults")
    parser.add_argument("--server", help="database server to use; an embedded one without it")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--part", choices=("sync",), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.part:
        _sync_part()
        return
    plan = ShopPlan(profiles=asked.profiles or SIZES[asked.size], days=asked.days)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as opened:
        server = asked.server or opened.enter_context(_embedded(Path(folder)))
        shop = build_shop(plan, folder=Path(folder) / account_id(plan))
        undisturbed = opened.enter_context(_database(server, "soak_undisturbed"))
        disturbed = opened.enter_context(_database(server, "soak_disturbed"))
        quiet = _undisturbed(shop, undisturbed, seed=asked.seed)
        soaked = _disturbed(shop, disturbed, quiet.requests, kills=asked.kills, seed=asked.seed)
        found = _compared(undisturbed, disturbed) | {"undisturbed": quiet, "soaked": soaked}
    _tell(found, as_json=asked.json)
    if found["differences"] or found["unproven"] or found["windows_left"]:
        sys.exit(1)


@contextmanager
def _embedded(folder: Path) -> Iterator[str]:
    yield start_embedded(folder / "data")
    stop_embedded(folder / "data")


@contextmanager
def _database(server: str, name: str) -> Iterator[str]:
    """A migrated database of a server, for as long as the block takes."""
    name = f"{name}_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(SQL("create database {} template template0").format(Identifier(name)))
    url = make_conninfo(server, dbname=name)
    try:
        with open_database(_settings(url)) as database:
            migrate(database)
        yield url
    finally:
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(SQL("drop database {} with (force)").format(Identifier(name)))


def _settings(url: str) -> Settings:
    nowhere = Path(tempfile.gettempdir())
    return Settings(project_dir=nowhere, data_dir=nowhere, runs_dir=nowhere, database_url=url)


def _lasting(shop: Shop) -> tuple[str, ...]:
    """Faults that the account has for good: what they make of a row is what the row is."""
    nulls = (f"nulls:path=/api/{name}" for name in NULLS_ELSEWHERE)
    return (f"nulls:path=/api/events,share={_share(NAMELESS, shop)}", *nulls, "unknown-enum")


def _share(count: int, shop: Shop) -> float:
    return round(min(0.01, count / len(shop.events)), 6)


def _sandbox(shop: Shop, *, seed: int) -> SandboxServer:
    unlimited, faults = Limiter(scale=math.inf), _lasting(shop)
    return SandboxServer(shop, limiter=unlimited, faults=faults, fault_seed=seed)


def _undisturbed(shop: Shop, url: str, *, seed: int) -> Soaked:
    began, told = time.monotonic(), Soaked()
    with _sandbox(shop, seed=seed) as sandbox:
        _bring_to_an_end(sandbox, url, told)
        told.requests = sandbox.count_requests
    told.seconds = time.monotonic() - began
    print(f"undisturbed: {told.requests:,} requests, {told.seconds:.0f} s", file=sys.stderr)
    return told


def _disturbed(shop: Shop, url: str, requests: int, *, kills: int, seed: int) -> Soaked:
    """Sync with faults, killed so often, and then let a sync come to its end."""
    began, told, draw = time.monotonic(), Soaked(), random.Random(seed)
    with _sandbox(shop, seed=seed) as sandbox:
        sandbox.fault(*PASSING, f"hidden-events:share={_share(HIDDEN, shop)}")
        is_hidden = True
        for _ in range(kills * TRIES_A_KILL):
            if len(told.kills) == kills:
                break
            if len(told.kills) == kills // 2 and is_hidden:
                told.faults.update(sandbox.struck)
                sandbox.withdraw()
                sandbox.fault(*_lasting(shop), *PASSING)
                is_hidden = False
            after = int(draw.uniform(0.02, 0.5) * requests) + 1
            with _syncing(sandbox, url) as process:
                if _killed(process, sandbox, after):
                    told.kills.append(after)
                    print(f"kill {len(told.kills)} after {after:,} requests", file=sys.stderr)
        _bring_to_an_end(sandbox, url, told)
        told.faults.update(sandbox.struck)
        told.requests = sandbox.count_requests
    told.seconds = time.monotonic() - began
    return told


@contextmanager
def _syncing(sandbox: SandboxServer, url: str) -> Iterator[subprocess.Popen[str]]:
    """A sync in a process of its own, which the end of the block kills."""
    env = os.environ | {"SOAK_URL": sandbox.url, "SOAK_KEY": sandbox.key, "SOAK_DATABASE": url}
    command = [sys.executable, __file__, "--part", "sync"]
    piped = subprocess.PIPE
    with subprocess.Popen(command, env=env, stdout=piped, stderr=piped, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _killed(process: subprocess.Popen[str], sandbox: SandboxServer, after: int) -> bool:
    """Kill a sync once it has sent so many requests; False when it came to its end before."""
    first = sandbox.count_requests
    while sandbox.count_requests - first < after:
        if process.poll() is not None:
            return False
        time.sleep(0.01)
    process.kill()
    process.wait()
    return True


def _bring_to_an_end(sandbox: SandboxServer, url: str, told: Soaked) -> None:
    """Sync until a sync is proven, as a scheduler does: one reads so much again and no more.

    Raises:
        SystemExit: none is.
    """
    for _ in range(TRIES_AT_THE_END):
        with _syncing(sandbox, url) as process:
            said, complained = process.communicate()
        if process.returncode == 0:
            told.peak_mb = max(told.peak_mb, float(said))
            return
        told.failures.append(complained.strip())
    raise SystemExit("no sync is proven:\n" + "\n".join(told.failures))


def _doze(seconds: float) -> None:
    time.sleep(seconds / FASTER)


def _sync_part() -> None:
    """One sync, as a process of its own."""
    client = KlaviyoClient(
        key=os.environ["SOAK_KEY"],
        url=os.environ["SOAK_URL"],
        revision=REVISION,
        limiter=Pace(clock=lambda: time.monotonic() * FASTER, sleep=_doze),
        sleep=_doze,
    )
    with (
        open_database(_settings(os.environ["SOAK_DATABASE"])) as database,
        client,
        Progress() as progress,
    ):
        summary = sync_account(database, client, progress=progress, clock=time.monotonic)
    print(_peak_mb())
    for stream, error in summary.failed.items():
        print(f"{stream}: {error}", file=sys.stderr)
    if summary.proof and summary.proof.differing:
        print(f"proof: {summary.proof.differing} metric-days differ", file=sys.stderr)
    if summary.status != "succeeded":
        sys.exit(1)


def _peak_mb() -> float:
    """The most memory that this process held; getrusage also counts the one that started it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _compared(undisturbed: str, disturbed: str) -> dict[str, Any]:
    """Rows of both databases by table, and what differs."""
    with psycopg.connect(undisturbed) as ours, psycopg.connect(disturbed) as theirs:
        rows, differences = {}, {}
        for table in _tables(ours):
            a, b = _hashes(ours, table), _hashes(theirs, table)
            rows[table] = sum(a.values())
            if a != b:
                missing, extra = a - b, b - a
                differences[table] = {
                    "missing": sum(missing.values()),
                    "extra": sum(extra.values()),
                    "examples": [
                        *_examples(ours, table, missing),
                        *_examples(theirs, table, extra),
                    ],
                }
        unproven = [*theirs.execute(UNPROVEN)]
        left = _one(theirs, "select count(*) from ops.sync_window where status = 'planned'")
        found = _one(theirs, "select coalesce(sum(count_found), 0) from ops.proof")
    return {
        "rows": rows,
        "differences": differences,
        "found_by_proof": found,
        "unproven": unproven,
        "windows_left": left,
    }


def _tables(connection: psycopg.Connection) -> list[str]:
    query = "select tablename from pg_catalog.pg_tables where schemaname = 'klaviyo' order by 1"
    return [name for (name,) in connection.execute(query)]


def _hashes(connection: psycopg.Connection, table: str) -> Counter[int]:
    """How often each row stands in a table, as hashes, which are small enough to be kept."""
    query = SQL("select hashtextextended((to_jsonb(t) - %s::text[])::text, 0) from {} as t")
    with connection.cursor() as cursor:
        cursor.execute(query.format(Identifier("klaviyo", table)), [WRITTEN])
        return Counter(hashed for (hashed,) in cursor)


def _examples(connection: psycopg.Connection, table: str, found: Counter[int]) -> list[str]:
    query = SQL("""
        select (to_jsonb(t) - %(written)s::text[])::text
        from {} as t
        where hashtextextended((to_jsonb(t) - %(written)s::text[])::text, 0) = any(%(found)s)
        limit 2
    """)
    told = {"written": WRITTEN, "found": list(found)[:1000]}
    query = query.format(Identifier("klaviyo", table))
    return [row for (row,) in connection.execute(query, told)]


def _one(connection: psycopg.Connection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def _tell(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found, default=vars, indent=2))
        return
    quiet, soaked = found["undisturbed"], found["soaked"]
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    print(
        f"undisturbed: {quiet.requests:,} requests in {quiet.seconds:.0f} s,"
        f" {quiet.peak_mb:.0f} MB at most"
    )
    print(f"killed {len(soaked.kills)} times, after {soaked.kills} requests")
    print(
        f"{soaked.requests:,} requests in {soaked.seconds:.0f} s, {soaked.peak_mb:.0f} MB at most"
    )
    for failure in soaked.failures:
        print(f"  a sync was not done, and the next one went on: {failure[:300]}")
    for name, count in sorted(soaked.faults.items()):
        print(f"  {name:<32}on at {count:>8,} requests")
    for table, count in found["rows"].items():
        differ = found["differences"].get(table)
        told = f"{differ['missing']:,} missing, {differ['extra']:,} extra" if differ else "the same"
        print(f"  klaviyo.{table:<24}{count:>12,} rows  {told}")
        for example in differ["examples"] if differ else ():
            print(f"    {example[:300]}")
    print(f"{found['found_by_proof']:,} events were found by the proof")
    print(f"{len(found['unproven'])} metric-days differ", *found["unproven"][:10], sep="\n  ")
    print(f"{found['windows_left']} windows are left to read")


if __name__ == "__main__":
    main()
