"""What does a sync cost when nothing is new? Seconds, requests and memory, of a large account.

    .venv/bin/python benchmarks/second_sync.py --size medium
    .venv/bin/python benchmarks/second_sync.py --size large --folder /var/tmp/shops
    .venv/bin/python benchmarks/second_sync.py --size large --folder /var/tmp/shops --synced FOLDER

The account is served without limits, by a process of its own, to the command line of the workbench
as a user runs it, with an embedded PostgreSQL in a temporary folder that is removed at the end: a
first sync of everything, a second one with nothing new, which reads the last days again because
events come late, and one of the events alone. The large account has 49 million events, and needs
60 GB of disk and the better part of an hour. ``--keep`` leaves the database, ``--synced`` takes one
that was left and has had its first sync and refresh.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from measuring import MB, Watch
from served_shop import EVENTS_A_PROFILE, Served, served

from workbench.db import stop_embedded
from workbench.sandbox import SIZES

BYTES_AN_EVENT = 1_200  # in the database, its indexes and its log, at the most
TOLD_SECONDS = 60


def main() -> None:
    asked = _parser().parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # leave nothing behind
    profiles = asked.profiles or SIZES[asked.size]
    if asked.folder:
        asked.folder.mkdir(parents=True, exist_ok=True)
    with _data_dir(asked) as data_dir:
        if not asked.synced:
            _refuse_small_disk(data_dir, needed=profiles * EVENTS_A_PROFILE * BYTES_AN_EVENT)
        load = os.getloadavg()[0]
        print(f"{os.cpu_count()} processors, load {load:.1f} at the start: quiet is under 0.5")
        with served(profiles, folder=asked.folder or data_dir, walks=0, days=0) as shop:
            print(f"{shop.events:,} events of {profiles:,} profiles", flush=True)
            try:
                # so that the server is up, and is no child of a process that is watched
                workbench = [sys.executable, "-m", "workbench"]
                subprocess.run(
                    [*workbench, "migrate"], env=_environment(shop, data_dir), check=True
                )
                if not asked.synced:
                    _measure("first, everything", (), shop, data_dir)
                _measure("second, everything", (), shop, data_dir)
                _measure("third, events alone", ("events",), shop, data_dir)
            finally:
                stop_embedded(data_dir)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=SIZES, default="large")
    parser.add_argument("--profiles", type=int, help="in place of those of the size")
    parser.add_argument("--folder", type=Path, help="keeps the shop; all else in it is removed")
    kept = parser.add_mutually_exclusive_group()
    kept.add_argument("--keep", action="store_true", help="leave the database where it is")
    kept.add_argument("--synced", type=Path, help="a folder that --keep has left; it stays")
    return parser


@contextmanager
def _data_dir(asked: argparse.Namespace) -> Iterator[Path]:
    """Where the database lies, removed at the end if nobody wants it."""
    if asked.synced:
        yield asked.synced
        return
    made = Path(tempfile.mkdtemp(prefix="second-sync-", dir=asked.folder))
    try:
        yield made
    finally:
        if asked.keep:
            print(f"--synced {made} measures it again")
        else:
            shutil.rmtree(made)


def _refuse_small_disk(folder: Path, *, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise SystemExit(
            f"{folder.parent} has {free / 1e9:.0f} GB free, {needed / 1e9:.0f} GB are needed:"
            " pass --folder on a larger disk"
        )


def _measure(title: str, names: tuple[str, ...], shop: Served, data_dir: Path) -> None:
    """Run `workbench sync` with those resources, and print what it took."""
    command = [sys.executable, "-m", "workbench", "sync", *names, "--json"]
    began = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=_environment(shop, data_dir)
    ) as process:
        watch, ended = Watch(process.pid), threading.Event()
        teller = threading.Thread(target=_tell_progress, args=(title, watch, data_dir, ended))
        teller.start()
        said = process.communicate()[0]
        ended.set()
        teller.join()
        watch.stop()
    seconds = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"{title}: workbench sync ended with {process.returncode}")
    for summary in _summaries(said):
        requests = summary["requests"]
        print(
            f"{title}: {seconds:,.1f} s, {requests:,} requests, {watch.peak / MB:,.0f} MB at most"
        )
        for stream, count in summary["streams"].items():
            told = ", ".join(f"{count[what]:,} {what}" for what in ("read", "new", "changed"))
            print(f"    {stream:<24} {told}", flush=True)


def _summaries(said: str) -> list[dict[str, Any]]:
    told = json.loads(said)
    return list(told) if isinstance(told, list) else [told]


def _tell_progress(title: str, watch: Watch, data_dir: Path, ended: threading.Event) -> None:
    began = time.perf_counter()
    while not ended.wait(TOLD_SECONDS):
        minutes, free = (time.perf_counter() - began) / 60, shutil.disk_usage(data_dir).free
        print(
            f"  {title}: {minutes:.0f} min, {watch.peak / MB:,.0f} MB at most,"
            f" {free / 1e9:.0f} GB of disk left",
            flush=True,
        )


def _environment(shop: Served, data_dir: Path) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WORKBENCH_")}
    return {
        **kept,
        "KLAVIYO_API_KEY": shop.key,
        "WORKBENCH_KLAVIYO_URL": shop.url,
        "WORKBENCH_DATA_DIR": str(data_dir),
        "SSL_CERT_FILE": str(shop.certificate),
    }


if __name__ == "__main__":
    main()
