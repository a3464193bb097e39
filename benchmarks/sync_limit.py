"""How much of Klaviyo's limit does the client use, and how often is it refused?

    .venv/bin/python benchmarks/sync_limit.py
    .venv/bin/python benchmarks/sync_limit.py --minutes 5 --second-consumer 0.5
    .venv/bin/python benchmarks/sync_limit.py --stored

A server process keeps Klaviyo's limit on events, 3,500 requests a minute and 350 a second, in
windows of the wall clock. This process asks it for pages of events with the client of the sync, in
several threads, through whole minutes of that clock; it parses every page and drops it. With
--stored it syncs all events of the account instead, into a database that is dropped afterwards.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

from emptied_database import cluster

from workbench.db import Database
from workbench.klaviyo import KlaviyoClient
from workbench.klaviyo.events import event_page
from workbench.klaviyo.limits import XL
from workbench.klaviyo.requests import RequestRecord
from workbench.sandbox import SIZES, SandboxServer, ShopPlan, account_id, build_shop
from workbench.settings import REVISION
from workbench.sync import Asked, Progress, sync_account

_PAGES = 100  # few enough for the server to keep


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=int, default=3, help="of the wall clock (default 3)")
    parser.add_argument("--size", choices=SIZES, default="medium", help="of the simulated account")
    parser.add_argument("--page", type=int, default=1000, help="events in a page (default 1000)")
    parser.add_argument("--connections", type=int, default=8, help="requests in flight (default 8)")
    parser.add_argument(
        "--second-consumer", type=float, default=0.0, metavar="SHARE",
        help="part of every window that another client uses up, 0 to 1",
    )  # fmt: skip
    parser.add_argument("--folder", type=Path, help="keeps the account; a temporary one without it")
    parser.add_argument("--stored", action="store_true", help="sync, in place of parse and drop")
    parser.add_argument("--part", choices=["serve"], help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.part:
        _serve(asked)
        return
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the start")
    with tempfile.TemporaryDirectory() as temporary:
        asked.folder = asked.folder or Path(temporary)
        with _server(asked) as told:
            _measure(told, asked)


def _serve(asked: argparse.Namespace) -> None:
    """Serve the account with Klaviyo's limits, as a process of its own."""
    plan = ShopPlan(profiles=SIZES[asked.size])
    shop = build_shop(plan, folder=asked.folder / account_id(plan), processes=2)
    rules = [f"second-consumer:share={asked.second_consumer}"] if asked.second_consumer else []
    with SandboxServer(shop, faults=rules) as server:
        told = {"url": server.url, "key": server.key, "account": shop.account.id}
        print(json.dumps(told), flush=True)
        sys.stdin.read()  # until the other side closes it


@contextmanager
def _server(asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    command = [sys.executable, __file__, "--part", "serve", "--size", asked.size]
    command += ["--folder", str(asked.folder), "--second-consumer", str(asked.second_consumer)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as serving:
        assert serving.stdin is not None
        assert serving.stdout is not None
        line = serving.stdout.readline()
        if not line:
            raise SystemExit("the server ended without a word; its error is above")
        try:
            yield json.loads(line)
        finally:
            serving.stdin.close()


def _measure(told: dict[str, Any], asked: argparse.Namespace) -> None:
    statuses: Counter[tuple[int, int | None]] = Counter()

    def count(record: RequestRecord) -> None:
        statuses[int(time.time() // 60), record.status] += 1

    client = KlaviyoClient(key=told["key"], url=told["url"], revision=REVISION, on_request=count)
    with client:
        work = _sync if asked.stored else _ask
        minutes, events, cpu = work(client, told, asked)
    left = XL.steady - math.floor(XL.steady * asked.second_consumer)
    print(f"{'minute':>8} {'answered':>10} {'refused':>9} {'of the limit':>13}")
    for number, minute in enumerate(minutes, start=1):
        good, bad = statuses[minute, 200], statuses[minute, 429]
        print(f"{number:>8} {good:>10,} {bad:>9,} {good / left:>13.1%}")
    good = sum(statuses[minute, 200] for minute in minutes)
    bad = sum(statuses[minute, 429] for minute in minutes)
    print(
        f"{good / (left * len(minutes)):.1%} used of the {left:,} requests a minute that are left"
    )
    print(f"{bad / (good + bad):.2%} of {good + bad:,} requests refused")
    print(f"{events:,} events {'stored' if asked.stored else 'parsed and dropped'}")
    print(
        f"{cpu:.0f} s of processor used by this process, load {os.getloadavg()[0]:.1f} at the end"
    )


def _ask(
    client: KlaviyoClient, told: dict[str, Any], asked: argparse.Namespace
) -> tuple[range, int, float]:
    """Ask for pages through whole minutes: which, how many events came, and processor seconds."""
    urls = cycle(_pages(client, asked.page))
    read = partial(event_page, account_id=told["account"], currency="USD")
    first = math.ceil(time.time() / 60)
    until = first + asked.minutes
    lock, events = threading.Lock(), Counter[str]()

    def ask() -> None:
        while time.time() < until * 60:
            with lock:
                url = next(urls)
            page = client.fetch(url, read=read)
            with lock:
                events["read"] += len(page)

    print(f"asking from the next whole minute on, in {first * 60 - time.time():.0f} s")
    time.sleep(first * 60 - time.time())
    before = time.process_time()
    with ThreadPoolExecutor(asked.connections) as pool:
        for done in [pool.submit(ask) for _ in range(asked.connections)]:
            done.result()
    return range(first, until), events["read"], time.process_time() - before


def _pages(client: KlaviyoClient, size: int) -> list[str]:
    """Addresses of pages that the server has made and so serves at once: it is not the subject."""
    found: list[str] = []
    following: str | None = f"/api/events?page[size]={size}&include=attributions&sort=-datetime"
    while following and len(found) < _PAGES:
        found.append(following)
        following = client.get(following)["links"]["next"]
    return found


def _sync(
    client: KlaviyoClient, told: dict[str, Any], asked: argparse.Namespace
) -> tuple[range, int, float]:
    """Sync all events: the whole minutes that it took, events stored, and processor seconds."""
    with cluster() as server, Progress() as progress:
        server.renew()
        before, first = time.process_time(), math.ceil(time.time() / 60)
        with Database(server.url) as database:
            summary = sync_account(
                database,
                client,
                progress=progress,
                clock=time.monotonic,
                asked=Asked(resources=("events",), connections=asked.connections),
            )
        print(f"synced in {summary.seconds:.0f} s")
        cpu, minutes = time.process_time() - before, range(first, int(time.time() // 60))
        return minutes, server.count(), cpu


if __name__ == "__main__":
    main()
