"""The Airbyte connector for Klaviyo, as published, on the sandbox.

It runs in an environment of its own, knows nothing of the sandbox and is not changed: a tunnel
leads what it asks Klaviyo for to the sandbox, whose certificate it is told to trust.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = ["AIRBYTE", "Airbyte"]

AIRBYTE = "airbyte-source-klaviyo==2.13.1"


class Airbyte:
    """The connector's command line.

    Args:
        python: of the environment that it is installed in.
        folder: gets its configuration.
        key: of the sandbox.
        since: ISO instant; nothing older is read.
        environment: that leads it to the sandbox.
    """

    def __init__(
        self, python: Path, folder: Path, *, key: str, since: str, environment: Mapping[str, str]
    ) -> None:
        self._command = [str(python.parent / "source-klaviyo")]
        self._folder, self._environment = folder, environment
        self._config = folder / "config.json"
        self._config.write_text(json.dumps({"api_key": key, "start_date": since}))
        self._config.chmod(0o600)

    def check(self) -> str:
        """What it says of its configuration: SUCCEEDED, or why not."""
        for message in self._run("check"):
            if message["type"] == "CONNECTION_STATUS":
                status = message["connectionStatus"]
                return str(status.get("message") or status["status"])
        return "no word"

    def streams(self) -> list[dict[str, Any]]:
        """The streams that it offers, as its catalog has them."""
        for message in self._run("discover"):
            if message["type"] == "CATALOG":
                return list(message["catalog"]["streams"])
        return []

    def read(self, names: list[str]) -> tuple[Counter[str], Counter[str]]:
        """Records of each stream, and what it complained of."""
        records: Counter[str] = Counter(dict.fromkeys(names, 0))
        complaints: Counter[str] = Counter()
        for message in self._run("read", "--catalog", str(self.catalog(names))):
            if message["type"] == "RECORD":
                records[message["record"]["stream"]] += 1
            elif message["type"] == "LOG" and message["log"]["level"] in {"ERROR", "FATAL"}:
                complaints[message["log"]["message"].partition("\n")[0][:200]] += 1
        return records, complaints

    def catalog(self, names: list[str]) -> Path:
        """File of a catalog that asks for some streams, each as a sync would the first time."""
        chosen = [
            {
                "stream": stream,
                "sync_mode": stream["supported_sync_modes"][-1],
                "destination_sync_mode": "append",
            }
            for stream in self.streams()
            if stream["name"] in names
        ]
        path = self._folder / "catalog.json"
        path.write_text(json.dumps({"streams": chosen}))
        return path

    def started(self, catalog: Path) -> subprocess.Popen[bytes]:
        """A read at work, whose messages are its lines."""
        return self._started("read", "--catalog", str(catalog))

    def _started(self, *asked: str) -> subprocess.Popen[bytes]:
        command = [*self._command, asked[0], "--config", str(self._config), *asked[1:]]
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._environment,
            cwd=self._folder,
        )

    def _run(self, *asked: str) -> Iterator[dict[str, Any]]:
        with self._started(*asked) as running:
            assert running.stdout is not None
            for line in running.stdout:
                yield json.loads(line)
