"""Does the sandbox keep Klaviyo's contract? The official SDK, every body, generated requests.

    .venv/bin/python benchmarks/sandbox_contract.py openapi-2026-07-15.json
    .venv/bin/python benchmarks/sandbox_contract.py openapi-2026-07-15.json --size medium \\
        --events 300000 --part bodies

The file is Klaviyo's OpenAPI specification, revision 2026-07-15. Three parts, each with a table:
coverage, the operations of the file that are not served; bodies, every page of every resource
through the SDK's models and against the file's schemas; requests, right and wrong ones that
schemathesis makes. It exits with 1 when one of them finds a violation.
"""

from __future__ import annotations

import argparse
import datetime as dt
import math
import resource
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from contract_schemas import Contract, Key
from generated_requests import Account, Tally, generated

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from sandbox.official_sdk import OfficialSdk
from sandbox.sdk_walk import PROMISED, Walk, Walked

from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, build_shop
from workbench.sandbox.shop.plan import SIZES

PARTS = ("coverage", "bodies", "requests")
# what the sandbox is to serve: everything read but these
LEFT_OUT = (
    "conversation",
    "image",
    "profile-import",
    "push-tokens",
    "tracking-settings",
    "webhook",
)


def served() -> list[Key]:
    return [(each.method, each.path) for each in PROMISED]


def uncovered(contract: Contract) -> int:
    """Print the operations that are not served; how many of them should be."""
    asks = [key for key, said in contract.operations.items() if "200" in said["responses"]]
    missing = sorted(set(asks) - set(served()))
    foreign = sorted(set(served()) - set(contract.operations))
    owed = [key for key in missing if not any(word in key[1] for word in LEFT_OUT)]
    print(f"coverage: {len(served())} operations served, {len(asks)} in the file")
    for key in missing:
        print(f"  not served{'' if key in owed else ', left out'}: {' '.join(key)}")
    for key in foreign:
        print(f"  served, not in the file: {' '.join(key)}")
    return len(owed)


def bodies(walk: Walk) -> Walked:
    """Page through everything, which prints what came of each operation."""
    started = time.perf_counter()
    print("bodies: resources of all parents, parents without any")
    met = walk.everything()
    seconds = time.perf_counter() - started
    print(f"bodies: {sum(met.resources.values()):,} resources in {seconds:,.0f} s")
    return met


def miscounted(shop: Shop, now: int, met: Walked, *, most: float) -> int:
    """Print what was served beside what the columns hold; how many of the counts differ."""
    people, spells = shop.people, shop.memberships
    exists = (people.created <= now) & (people.merged_at > now) & (people.deleted_at > now)
    inside = (spells.joined_at <= now) & (spells.left_at > now) & exists[spells.profile]
    is_list = np.array([group.is_list for group in shop.groups])[spells.group]
    held = {
        "/api/profiles": exists.sum(),
        "/api/lists/{id}/profiles": (inside & is_list).sum(),
        "/api/segments/{id}/profiles": (inside & ~is_list).sum(),
        "/api/events": (shop.events.visible_at <= now).sum(),
    }
    print("counts: served, held")
    wrong = 0
    for path, count in held.items():
        served_count = met.resources["GET", path]
        is_part = path == "/api/events" and most < count
        wrong += served_count != count and not is_part
        print(f"  {path:<30} {served_count:>10,} {count:>10,}{' (a part)' if is_part else ''}")
    return wrong


def requests(found: Iterable[tuple[Key, Tally]], violations: dict[Key, Counter[str]]) -> None:
    """Ask generated requests and print what came of each operation."""
    print("requests: answers by status, asked for all fields | for some | for nonsense")
    for key, tally in found:
        counts = [
            " ".join(f"{status}:{count}" for status, count in sorted(each.items()))
            for each in tally.statuses.values()
        ]
        report(key, " | ".join(counts), tally.violations)
        violations[key] += tally.violations


def report(key: Key, state: str, violations: Counter[str]) -> None:
    print(f"  {key[0]:<4} {key[1]:<58} {state}, {violations.total()} violations", flush=True)
    for text, count in violations.most_common(6):
        print(f"         {count} x {text}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path, help="Klaviyo's OpenAPI file")
    parser.add_argument("--size", choices=SIZES, help="of the shop, over two years")
    parser.add_argument("--profiles", type=int, default=400, help="in place of a size")
    parser.add_argument("--days", type=int, default=240, help="days of history beside profiles")
    parser.add_argument("--each", type=int, default=40, help="resources of a type asked one by one")
    parser.add_argument(
        "--events", type=int, help="page through so many events; all (5 million take half an hour)"
    )
    parser.add_argument("--examples", type=int, default=20, help="requests of either sort")
    parser.add_argument("--part", action="append", choices=PARTS, help="repeatable; all of them")
    asked = parser.parse_args()
    contract = Contract(asked.file)
    parts = asked.part or list(PARTS)
    failed = uncovered(contract) if "coverage" in parts else 0
    if set(parts) - {"coverage"}:
        failed += checked(contract, asked, parts)
    print(f"{failed} violations or missing operations")
    raise SystemExit(1 if failed else 0)


def checked(contract: Contract, asked: argparse.Namespace, parts: list[str]) -> int:
    """Serve a shop and check what it answers; how many violations there are."""
    violations: dict[Key, Counter[str]] = defaultdict(Counter)

    def seen(key: Key, status: int, body: bytes) -> None:
        if key in contract.operations:
            violations[key].update(contract.problems(key, status, body))

    def failed(key: Key, error: Exception) -> None:
        violations[key][f"SDK: {type(error).__name__} {error}"[:400]] += 1

    def visited(key: Key) -> None:
        met, seconds = walk.met, walk.met.seconds[key]
        state = f"{met.resources[key]:>9,} in {seconds:6,.1f} s, {met.absent[key]:>3} without"
        report(key, state, violations[key])

    plan = ShopPlan(profiles=asked.profiles, days=asked.days)
    if asked.size:
        plan = ShopPlan(profiles=SIZES[asked.size])
    shop = build_shop(plan)
    print(f"shop: {plan.profiles:,} profiles, {plan.days} days, {len(shop.events.at):,} events")
    with (
        SandboxServer(shop, tls=True, limiter=Limiter(scale=math.inf)) as server,
        OfficialSdk(
            server.url, key=server.key, certificate=str(server.certificate), seen=seen
        ) as sdk,
    ):
        now = dt.datetime.fromtimestamp(server.now, dt.UTC)
        walk = Walk(
            sdk,
            until=now,
            each=asked.each,
            events=asked.events or math.inf,
            failed=failed,
            visited=visited,
        )
        met = bodies(walk)
        wrong = miscounted(shop, server.now, met, most=asked.events or math.inf)
        if "requests" in parts:
            account = Account(
                server.url,
                server.key,
                str(server.certificate),
                ids={folder: list(known) for folder, known in met.ids.items()},
                metric=met.revenue_metric,
                now=now,
            )
            keys = [key for key in served() if key in contract.operations]
            requests(generated(contract, account, keys, examples=asked.examples), violations)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of this process, server and client together: {peak:,.0f} MB")
    return wrong + sum(each.total() for each in violations.values())


if __name__ == "__main__":
    main()
