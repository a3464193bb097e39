"""How fast are events brought in, beside others that do the same, and beside the ceiling?

    .venv/bin/python benchmarks/sync.py
    .venv/bin/python benchmarks/sync.py --events 100000 --rounds 1 --only sync copy

One simulated account, served over TLS by a process of its own without limits, and one embedded
PostgreSQL in a temporary folder. Each contender is a process too and finds an empty database:

    sync     this workbench's sync, of events alone
    sdk      Klaviyo's own SDK, page after page, each inserted with executemany
    airbyte  the Airbyte connector, its records counted and stored nowhere
    copy     the rows as they stand, by one COPY into the same table: nobody can be faster

Who pages runs once before it is measured, so that the server has written every page it asks for.
A contender is measured from when it is loaded and connected until its last row is committed (the
connector from when it begins to read). The sync then compares what it has with Klaviyo's counts, as
fast as its limit lets it: nobody else does, so that is told apart. Rounds follow each other so
that each meets the machine as the others do; the median is told, and the fastest and slowest round
beside it.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import statistics
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from airbyte import AIRBYTE, Airbyte
from client_environments import environment_python
from emptied_database import cluster
from race import Race, Result
from served_shop import EVENTS_A_PROFILE, served
from tunnel import Tunnel

from workbench.sandbox import SIZES

NAMES = ("sync", "sdk", "airbyte", "copy")
GOALS = {"airbyte": (10, 30), "sdk": (5, 10), "copy": (0.5, 0.8)}


def main() -> None:
    asked = _parser().parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # leave nothing behind
    profiles = SIZES[asked.size] if asked.size else max(1, asked.events // EVENTS_A_PROFILE)
    load = os.getloadavg()[0]
    print(
        f"{os.cpu_count()} processors, load {load:.1f} at the start (quiet is under 0.5),"
        f" Python {platform.python_version()}"
    )
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="race-")))
        names = [name for name in NAMES if name in asked.only]
        python = _airbyte_python(asked.airbyte, folder) if "airbyte" in names else None
        if python is None and "airbyte" in names:
            names.remove("airbyte")
        shop = opened.enter_context(served(profiles, folder=asked.folder, walks=len(names)))
        print(f"{shop.events:,} events of {profiles:,} profiles, from {shop.since} to {shop.now}")
        if not shop.fits:
            print("memory does not hold all pages: some are written while they are asked for")
        postgres = opened.enter_context(cluster())
        print(f"PostgreSQL {postgres.version}, embedded, its own settings")
        airbyte = None
        if python:
            tunnel = opened.enter_context(Tunnel(shop.url))
            led = tunnel.environment(folder, certificate=shop.certificate)
            airbyte = Airbyte(python, folder, key=shop.key, since=shop.since, environment=led)
        race = Race(shop, postgres, folder=folder, airbyte=airbyte)
        results = _raced(race, names, rounds=asked.rounds)
        _print(results, shop.events)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=400_000, help="about so many")
    parser.add_argument("--size", choices=SIZES, help="of the account, in place of --events")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--airbyte",
        type=Path,
        help=f"Python of an environment with {AIRBYTE}; made for the occasion without it",
    )
    parser.add_argument("--folder", type=Path, help="where shops larger than memory are kept")
    return parser


def _airbyte_python(given: Path | None, folder: Path) -> Path | None:
    """Python of the connector's environment; None, said, where there is none."""
    if given:
        return given
    print(f"installing {AIRBYTE} into an environment of its own")
    found = environment_python(folder / "airbyte", [AIRBYTE])
    if found is None:
        print("left out: airbyte, which could not be installed (no Python 3.11, or no network)")
    return found


def _raced(race: Race, names: Sequence[str], *, rounds: int) -> dict[str, list[Result]]:
    """The measured rounds of each, after one that only warms the pages."""
    results: dict[str, list[Result]] = {name: [] for name in names}
    for number in range(rounds + 1):
        for name in names:
            if number == 0 and name == "copy":
                continue  # asks for no pages
            result = race.run(name)
            print(f"  {f'round {number}' if number else 'warming'} {result.told()}", flush=True)
            if number:
                results[name].append(result)
    return results


def _print(results: dict[str, list[Result]], events: int) -> None:
    print(
        f"\n{'':<8} {'events':>10} {'seconds':>8} {'events a second':>24}"
        f" {'processor seconds a million: client, pages, database':>54} {'memory':>8}"
    )
    rates: dict[str, float] = {}
    for name, rounds in results.items():
        middle = sorted(rounds, key=lambda each: each.rate)[len(rounds) // 2]
        speeds = [each.rate for each in rounds]
        rates[name] = statistics.median(speeds)
        spread = f"{rates[name]:,.0f} ({min(speeds):,.0f}-{max(speeds):,.0f})"
        spent = ", ".join(f"{middle.a_million(who):.1f}" for who in middle.cost.processor)
        print(
            f"{name:<8} {middle.events:>10,} {middle.cost.seconds:>8.1f} {spread:>24}"
            f" {spent:>54} {middle.peak / 1e6:>5,.0f} MB"
        )
        if middle.after[1]:
            print(f"{'':<8} then proven in {middle.after[0]:.1f} s, {middle.after[1]:,} requests")
        if middle.events != events:
            print(f"{'':<8} of {events:,} events: {middle.events - events:+,}")
    for name, (least, aim) in GOALS.items():
        if name in rates and "sync" in rates:
            ratio = rates["sync"] / rates[name]
            work = _work(results[name]) / _work(results["sync"])
            print(
                f"sync / {name:<8} {ratio:>6.2f} by the clock (at least {least}, aim {aim}),"
                f" {work:.2f} by the processor"
            )


def _work(rounds: Sequence[Result]) -> float:
    """Processor seconds an event, of client and database: what a busy machine changes least."""
    return statistics.median(
        each.a_million("client") + each.a_million("database") for each in rounds
    )


if __name__ == "__main__":
    main()
