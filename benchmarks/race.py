"""One run of one contender, measured."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from airbyte import Airbyte
from emptied_database import Cluster
from measuring import MB, Cost, Meter, Watch
from served_shop import Served

__all__ = ["Race", "Result"]

_HERE = Path(__file__).parent
_RECORD = b'{"type":"RECORD"'


@dataclass(frozen=True, slots=True)
class Result:
    """What a contender did.

    Attributes:
        events: that it stored, or gave out where it stores none.
        requests: that the server answered.
        cost: of it, of the server of pages and of the database.
        peak: bytes of memory that it held at most.
        after: seconds that it went on when every row was stored, and its requests in them.
    """

    name: str
    events: int
    requests: int
    cost: Cost
    peak: int
    after: tuple[float, int] = (0.0, 0)

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.cost.seconds

    def a_million(self, who: str) -> float:
        """Processor seconds that a million events took somebody."""
        return self.cost.processor[who] / self.events * 1e6

    def told(self) -> str:
        """One line."""
        spent = ", ".join(f"{who} {each:.1f} s" for who, each in self.cost.processor.items())
        seconds, asked = self.after
        proven = f"; proven in {seconds:.1f} s more, {asked:,} requests" if asked else ""
        return (
            f"{self.name:<8} {self.events:>9,} events, {self.requests:,} requests,"
            f" {self.cost.seconds:.1f} s, {self.rate:,.0f} a second; {spent};"
            f" {self.peak / MB:,.0f} MB{proven}"
        )


class Race:
    """Runs contenders on one account and one server.

    Args:
        shop: whose events they bring in.
        cluster: where to.
        folder: for the rows that are copied.
        airbyte: the connector, where there is one.
    """

    def __init__(
        self, shop: Served, cluster: Cluster, *, folder: Path, airbyte: Airbyte | None
    ) -> None:
        self._shop, self._cluster, self._airbyte = shop, cluster, airbyte
        self._dump = folder / "events.copy"

    def run(self, name: str) -> Result:
        """Let one run, alone, into an empty database."""
        self._cluster.renew()
        self._shop.requests()
        if name == "airbyte":
            return self._airbyte_run()
        result = self._own_run(name)
        if name == "sync" and not self._dump.exists():
            self._cluster.dump(self._dump)
        return result

    def _own_run(self, name: str) -> Result:
        """One of benchmarks/contenders.py."""
        command = [sys.executable, str(_HERE / "contenders.py"), name]
        if name == "copy":
            command.append(str(self._dump))
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self._environment(),
        ) as process:
            _wait(process, "begin")
            watch, meter = Watch(process.pid), self._meter(process.pid)
            try:
                _wait(process, "end")
                cost, requests, ended = meter.cost(), self._requests(), time.perf_counter()
                _wait(process, "done")
                after = (time.perf_counter() - ended, self._requests())
            finally:
                watch.stop()
            assert process.stdin is not None
            process.stdin.close()
        return Result(name, self._cluster.count(), requests, cost, watch.peak, after)

    def _airbyte_run(self) -> Result:
        assert self._airbyte is not None
        catalog = self._airbyte.catalog(["events"])
        self._shop.requests()
        with self._airbyte.started(catalog) as process:
            watch, meter, events, other = Watch(process.pid), self._meter(process.pid), 0, []
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith(_RECORD):
                    events += 1
                elif b'"STARTED"' in line:
                    meter = self._meter(process.pid)
                elif b'"ERROR"' in line or b'"FATAL"' in line:
                    other.append(line)
                elif b'"COMPLETE"' in line or b'"INCOMPLETE"' in line:
                    cost = meter.cost()
            watch.stop()
        if other:
            print(f"  airbyte complained {len(other)} times: {other[0][:300]!r}")
        return Result("airbyte", events, self._requests(), cost, watch.peak)

    def _meter(self, client: int) -> Meter:
        return Meter(
            {"client": client, "pages": self._shop.process.pid, "database": self._cluster.pid}
        )

    def _requests(self) -> int:
        return sum(self._shop.requests().values())

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "KLAVIYO_API_KEY": self._shop.key,
            "WORKBENCH_KLAVIYO_URL": self._shop.url,
            "WORKBENCH_DATABASE_URL": self._cluster.url,
            "SSL_CERT_FILE": str(self._shop.certificate),
            # of the packages that this benchmark stands beside
            "PYTHONPATH": str(_HERE.parent),
        }


def _wait(process: subprocess.Popen[str], word: str) -> None:
    """Until a contender says that word."""
    assert process.stdout is not None
    if not any(line == f"said {word}\n" for line in process.stdout):
        raise SystemExit(f"a contender ended before its {word}; its error is above")
