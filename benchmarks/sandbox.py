"""What does a simulated account cost? Seconds, memory and disk to make it, and pages a second.

    .venv/bin/python benchmarks/sandbox.py --sizes small medium
    .venv/bin/python benchmarks/sandbox.py --sizes large --folder /var/tmp/shops

Each size is made in processes of its own, whose memory is added up while they run. Then a server
process answers this one, which asks for pages of 1,000 events over one connection, without limits:
new pages one behind the other by their links, then the same pages again.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import psutil
from measuring import MB, Watch

from workbench.sandbox import SIZES, Limiter, SandboxServer, ShopPlan, account_id, build_shop

REVISION = "2026-07-15"
PAGE = 1_000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["small", "medium"])
    parser.add_argument("--processes", type=int, default=2, help="that simulate at once")
    parser.add_argument("--pages", type=int, default=200, help="of events to ask for")
    parser.add_argument("--folder", type=Path, help="keeps the shops; a temporary one without it")
    parser.add_argument("--part", choices=("make", "serve"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.part:
        _part(asked)
        return
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} processors, load {load:.1f} at the start: quiet is under 0.5")
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        for size in asked.sizes:
            print(f"\n{size}: {SIZES[size]:,} profiles")
            _measure_making(size, folder, processes=asked.processes)
            _measure_serving(size, folder, pages=asked.pages)


def _part(asked: argparse.Namespace) -> None:
    """Make or serve the shop of one size, as a process of its own."""
    (size,) = asked.sizes
    plan = ShopPlan(profiles=SIZES[size])
    began = time.monotonic()
    shop = build_shop(plan, folder=asked.folder / account_id(plan), processes=asked.processes)
    seconds = time.monotonic() - began
    print(json.dumps({"events": len(shop.events), "seconds": seconds}), flush=True)
    if asked.part == "serve":
        with SandboxServer(shop, limiter=Limiter(scale=math.inf)) as server:
            print(json.dumps({"url": server.url, "key": server.key}), flush=True)
            sys.stdin.read()  # until the other side closes it


@contextmanager
def _process(part: str, size: str, folder: Path, processes: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, __file__, "--part", part, "--sizes", size, "--folder", str(folder)]
    command += ["--processes", str(processes)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as started:
        yield started


def _said(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise SystemExit("the process ended without a word; its error is above")
    return dict(json.loads(line))


def _measure_making(size: str, folder: Path, *, processes: int) -> None:
    plan = ShopPlan(profiles=SIZES[size])
    if (folder / account_id(plan)).exists():
        print("  made before: only opened now")
    before = os.times()
    with _process("make", size, folder, processes) as making:
        watch = Watch(making.pid)
        made = _said(making)
        watch.stop()
    after = os.times()
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    events, seconds = made["events"], made["seconds"]
    stored = list((folder / account_id(plan)).glob("*"))
    weight = sum(path.stat().st_size for path in stored)
    of_events = sum(path.stat().st_size for path in stored if path.name.startswith("events."))
    print(f"  made      {events:>12,} events in {seconds:.1f} s, {cpu:.1f} s of processor")
    print(f"            {events / seconds:>12,.0f} events a second")
    print(f"  memory    {watch.peak / MB:>12,.0f} MB at most, over all processes")
    print(f"  disk      {weight / MB:>12,.0f} MB, {of_events / events:.0f} bytes an event")


def _measure_serving(size: str, folder: Path, *, pages: int) -> None:
    with _process("serve", size, folder, 1) as serving:
        opened, told = _said(serving), _said(serving)
        process = psutil.Process(serving.pid)
        headers = {
            "Authorization": f"Klaviyo-API-Key {told['key']}",
            "revision": REVISION,
            "Accept-Encoding": "identity",
        }
        with httpx.Client(base_url=told["url"], headers=headers, timeout=120) as client:
            print(f"  opened    {opened['seconds']:>12.2f} s")
            _measure_windows(client)
            urls = _measure_new_pages(client, process, pages)
            again = [urls[at % len(urls)] for at in range(5 * pages)]
            _measure_known_pages(told, process, again)
        print(f"  memory    {process.memory_info().rss / MB:>12,.0f} MB held by the server")
        assert serving.stdin is not None
        serving.stdin.close()


def _measure_windows(client: httpx.Client) -> None:
    """The first page of an hour of some days, of one metric, asked for the first time."""
    metrics = client.get("/api/metrics").json()["data"]
    clicked = next(each["id"] for each in metrics if each["attributes"]["name"] == "Clicked Email")
    slowest: dict[str, float] = {"an hour": 0.0, "an hour, one metric": 0.0}
    for day in range(1, 29, 3):
        window = (
            f"greater-or-equal(datetime,2026-03-{day:02d}T10:00:00Z),"
            f"less-than(datetime,2026-03-{day:02d}T11:00:00Z)"
        )
        asked = {
            "an hour": window,
            "an hour, one metric": f"equals(metric_id,'{clicked}'),{window}",
        }
        for name, text in asked.items():
            began = time.perf_counter()
            answer = client.get(f"/api/events?page[size]={PAGE}&filter={quote(text)}")
            slowest[name] = max(slowest[name], time.perf_counter() - began)
            answer.raise_for_status()
    for name, seconds in slowest.items():
        print(f"  window    {seconds * 1000:>12.1f} ms for the first page of {name}, at most")


def _measure_new_pages(client: httpx.Client, process: psutil.Process, pages: int) -> list[str]:
    """Pages that nobody asked for before; the addresses come back."""
    following: str | None = f"/api/events?page[size]={PAGE}&sort=-datetime"
    urls: list[str] = []
    weight, before, began = 0, _cpu(process), time.perf_counter()
    while following and len(urls) < pages:
        urls.append(following)
        content = client.get(following).raise_for_status().content
        weight += len(content)
        following = _next_link(content)
    seconds, cpu = time.perf_counter() - began, _cpu(process) - before
    count = len(urls)
    print(
        f"  new       {count / seconds:>12,.0f} pages a second, {weight / count / MB:.2f} MB each"
    )
    print(f"            {1000 * cpu / count:>12.1f} ms of processor a page, in the server")
    return urls


def _measure_known_pages(told: dict[str, Any], process: psutil.Process, urls: list[str]) -> None:
    """Pages that are known by now, as they are and compressed."""
    for accepted in ("identity", "gzip"):
        lines = [
            f"Host: {urlsplit(told['url']).netloc}",
            f"Authorization: Klaviyo-API-Key {told['key']}",
            f"revision: {REVISION}",
            f"Accept-Encoding: {accepted}",
        ]
        with _Connection(told["url"], lines) as connection:
            for url in dict.fromkeys(urls):  # each is compressed when first asked for like that
                connection.get(url)
            before, began = _cpu(process), time.perf_counter()
            for url in urls:
                connection.get(url)
            seconds, cpu = time.perf_counter() - began, _cpu(process) - before
        count = len(urls)
        print(f"  known     {count / seconds:>12,.0f} pages a second, {accepted}")
        print(f"            {1000 * cpu / count:>12.1f} ms of processor a page, in the server")


class _Connection:
    """A bare HTTP connection: a client that takes pages apart would be what is measured.

    Args:
        url: of the server.
        lines: header lines.
    """

    def __init__(self, url: str, lines: list[str]) -> None:
        host, port = urlsplit(url).netloc.split(":")
        self._socket = socket.create_connection((host, int(port)))
        self._file = self._socket.makefile("rb")
        self._lines = lines

    def __enter__(self) -> _Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def get(self, url: str) -> bytes:
        """The body of an answer, as it is on the wire."""
        parts = urlsplit(url)
        target = quote(f"{parts.path}?{parts.query}", safe="/?&=%[]-")
        request = "\r\n".join([f"GET {target} HTTP/1.1", *self._lines, "", ""])
        self._socket.sendall(request.encode())
        status = self._file.readline()
        length = 0
        while (line := self._file.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert b" 200 " in status, status
        return self._file.read(length)


def _next_link(content: bytes) -> str | None:
    links: dict[str, str | None] = json.loads(content.rpartition(b'"links":')[2][:-1])
    return links["next"]


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    main()
