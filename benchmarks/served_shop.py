"""A simulated account served from a process of its own, over TLS and without limits.

Unless told otherwise its clock is moved past this machine's, because clients that ask up to their
own now would ask for what a simulated past has not seen yet, and past the latest late event, so
that what there is does not depend on the day on which it is asked for.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from tunnel import KLAVIYO

from workbench.sandbox import (
    BLOCK,
    Limiter,
    SandboxServer,
    ShopPlan,
    account_id,
    build_shop,
)

__all__ = ["EVENTS_A_PROFILE", "Served", "served"]

EVENTS_A_PROFILE = 109  # of the usual plan, over two years
_SETTLED_DAYS = 35  # after which the simulated tail is over and what came late in it has come
_BYTES_AN_EVENT = 1_500  # of a body, plain and packed


@dataclass(slots=True)
class Served:
    """The account, and the process that serves it.

    Attributes:
        events: that show.
        since: ISO instant of the first day of its history.
        now: its clock, ISO instant.
        fits: whether every page of as many walks as were promised is kept once written.
    """

    url: str
    key: str
    certificate: Path
    account_id: str
    events: int
    since: str
    now: str
    fits: bool
    process: subprocess.Popen[str]

    def requests(self) -> Counter[str]:
        """Requests since it was last asked for them: ``"GET /api/events 200"`` and how many."""
        assert self.process.stdin is not None
        self.process.stdin.write("requests\n")
        self.process.stdin.flush()
        return Counter(_said(self.process))


@contextmanager
def served(
    profiles: int, *, folder: Path | None = None, walks: int = 1, days: int | None = None
) -> Iterator[Served]:
    """Serve the account of that many profiles.

    Args:
        profiles: of the account.
        folder: where shops are kept; a shop that fits into memory needs none.
        walks: clients whose pages are to be kept.
        days: that its clock is moved on; past this machine's when None.
    """
    command = [sys.executable, __file__, str(profiles), str(folder or ""), str(walks)]
    if days is not None:
        command.append(str(days))
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        told = _said(process)
        yield Served(process=process, certificate=Path(told.pop("certificate")), **told)
        process.stdin.close()


def _said(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise SystemExit("the sandbox ended without a word; its error is above")
    return dict(json.loads(line))


def _serve(profiles: int, folder: str, walks: int, days: int | None) -> None:
    plan = ShopPlan(profiles=profiles)
    kept = Path(folder) / account_id(plan) if folder and profiles > BLOCK else None
    shop = build_shop(plan, folder=kept)
    wanted = walks * len(shop.events) * _BYTES_AN_EVENT
    free = psutil.virtual_memory().available // 2
    since = plan.until - dt.timedelta(days=plan.days)
    with SandboxServer(
        shop,
        tls=True,
        name=KLAVIYO,
        limiter=Limiter(scale=math.inf),
        cursor_seconds=math.inf,  # a cursor that ages is another address, and that another page
        kept_bytes=min(wanted, free),
    ) as server:
        until = dt.datetime.fromtimestamp(server.now, dt.UTC)
        ahead = (dt.datetime.now(dt.UTC) - until).days + 2
        server.advance(days=max(ahead, _SETTLED_DAYS) if days is None else days)
        _tell(
            url=server.url,
            key=server.key,
            certificate=str(server.certificate),
            account_id=shop.account.id,
            events=int((shop.events.visible_at <= server.now).sum()),
            since=f"{since.isoformat()}T00:00:00Z",
            now=dt.datetime.fromtimestamp(server.now, dt.UTC).isoformat(),
            fits=wanted <= free,
        )
        told = 0
        for _ in sys.stdin:  # until the other side closes it
            requests = server.requests
            _tell(**Counter(f"{r.method} {r.path} {r.status}" for r in requests[told:]))
            told = len(requests)


def _tell(**what: Any) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    profiles_, folder_, walks_, *days_ = sys.argv[1:]
    _serve(int(profiles_), folder_, int(walks_), int(days_[0]) if days_ else None)
