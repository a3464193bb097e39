"""Do published clients of Klaviyo read the sandbox, unchanged? What each read, and what went wrong.

    .venv/bin/python benchmarks/real_clients.py
    .venv/bin/python benchmarks/real_clients.py --only sdk-24 sdk-25 --profiles 400

Official SDKs of two revisions, the Airbyte connector, and the Singer taps of Stitch and of
MeltanoLabs, each in an environment of its own, made once in --folder. A client whose address is
fixed is led to the sandbox by a proxy, and by trust in its certificate; nothing of it is changed.
What one of them asks for and the account does not have is told as 404; it exits with 1 when the
sandbox refused anything else.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from airbyte import AIRBYTE, Airbyte
from client_environments import environment_python, package_folder
from served_shop import Served, served
from singer_tap import SingerTap
from tunnel import Tunnel

MELTANO = "git+https://github.com/MeltanoLabs/tap-klaviyo"
SINGER = "tap-klaviyo==1.1.5"
REVISION = "2026-07-15"  # what that tap is to ask for
Read = tuple[Mapping[str, int], Mapping[str, int]]


def main() -> None:
    asked = _parser().parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # leave nothing behind
    refused = 0
    with tempfile.TemporaryDirectory(prefix="clients-") as temporary:
        folder = (asked.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        with served(asked.profiles) as shop, Tunnel(shop.url) as tunnel:
            print(f"{shop.events:,} events of {asked.profiles:,} profiles")
            clients = _clients(shop, tunnel, folder, meltano=asked.meltano)
            for name in asked.only:
                refused += _tell(name, clients[name], shop, tunnel)
    raise SystemExit(1 if refused else 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = ("sdk-24", "sdk-25", "airbyte", "singer", "meltano")
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--profiles", type=int, default=300)
    parser.add_argument("--meltano", default=MELTANO, help="what pip installs that tap from")
    parser.add_argument("--folder", type=Path, help="keeps the environments; else temporary")
    return parser


def _clients(
    shop: Served, tunnel: Tunnel, folder: Path, *, meltano: str
) -> dict[str, Callable[[], Read | None]]:
    """How each is run; None comes of one that could not be installed."""

    def sdk(version: str, revision: str) -> Read | None:
        found = package_folder(folder / f"sdk-{version}", f"klaviyo-api=={version}")
        return found and _sdk(found, shop, revision)

    def airbyte() -> Read | None:
        python = environment_python(folder / "airbyte", [AIRBYTE])
        if python is None:
            return None
        led = tunnel.environment(folder, certificate=shop.certificate)
        connector = Airbyte(python, folder, key=shop.key, since=shop.since, environment=led)
        return connector.read([stream["name"] for stream in connector.streams()])

    def tap(name: str, package: str, **config: Any) -> Read | None:
        python = environment_python(folder / name, [package])
        if python is None:
            return None
        led = tunnel.environment(folder, certificate=shop.certificate)
        config = {"start_date": shop.since, **config}
        return SingerTap(python, folder, config=config, environment=led).read()

    return {
        "sdk-24": lambda: sdk("24.0.0", "2026-07-15"),
        "sdk-25": lambda: sdk("25.0.0", "2026-10-15"),
        "airbyte": airbyte,
        "singer": lambda: tap("singer", SINGER, api_key=shop.key),
        "meltano": lambda: tap("meltano", meltano, auth_token=shop.key, revision=REVISION),
    }


def _sdk(packages: Path, shop: Served, revision: str) -> Read:
    command = [sys.executable, str(Path(__file__).with_name("sdk_everything.py"))]
    command += [shop.url, shop.key, str(shop.certificate), shop.now, revision]
    paths = os.pathsep.join([str(packages), str(Path(__file__).resolve().parents[1])])
    ran = subprocess.run(
        command, stdout=subprocess.PIPE, check=True, env={**os.environ, "PYTHONPATH": paths}
    )
    told = json.loads(ran.stdout)
    return told["records"], told["complaints"]


def _tell(name: str, run: Callable[[], Read | None], shop: Served, tunnel: Tunnel) -> int:
    """Print what a client read; how many of its requests were refused."""
    shop.requests()
    tunnel.refused.clear()
    began = time.perf_counter()
    read = run()
    if read is None:
        print(f"\n{name}: left out, it could not be installed")
        return 0
    records, complaints = read
    answers = _by_endpoint(shop.requests())
    refused = {each: count for each, count in answers.items() if int(each.split()[-1]) >= 400}
    print(
        f"\n{name}: {sum(records.values()):,} records of {len(records)} kinds,"
        f" {sum(answers.values()):,} requests, {time.perf_counter() - began:.0f} s"
    )
    for kind, count in sorted(records.items()):
        print(f"  {count:>9,} {kind}")
    for each, count in sorted(refused.items()):
        print(f"  refused {count} x {each}")
    for complaint, count in complaints.items():
        print(f"  complained {count} x {complaint}")
    for host, count in Counter(tunnel.refused).items():
        print(f"  asked {host} {count} x, which was not let through")
    return sum(count for each, count in refused.items() if not each.endswith(" 404"))


def _by_endpoint(requests: Mapping[str, int]) -> Counter[str]:
    """Requests with ids left out of their paths."""
    found: Counter[str] = Counter()
    for each, count in requests.items():
        found[re.sub(r"(/api/[^/ ]+/)[^/ ]+", r"\1{id}", each)] += count
    return found


if __name__ == "__main__":
    main()
