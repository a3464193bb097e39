"""A Singer tap for Klaviyo, as published: it prints messages as lines, records among them."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["SingerTap"]


class SingerTap:
    """A tap's command line.

    Args:
        python: of the environment that it is installed in.
        folder: gets its configuration and catalog.
        config: what it is told, its key among that.
        environment: that leads it to the sandbox.
    """

    def __init__(
        self,
        python: Path,
        folder: Path,
        *,
        config: Mapping[str, Any],
        environment: Mapping[str, str],
    ) -> None:
        self._command = [str(python.parent / "tap-klaviyo"), "--config"]
        self._folder, self._environment = folder, environment
        path = folder / "config.json"
        path.write_text(json.dumps(config))
        path.chmod(0o600)
        self._command.append(str(path))

    def read(self) -> tuple[Counter[str], Counter[str]]:
        """Records of each stream that it offers, and what it complained of."""
        catalog = json.loads(self._ran("--discover").stdout)
        for stream in catalog["streams"]:
            for entry in stream["metadata"]:
                entry["metadata"]["selected"] = True
        path = self._folder / "catalog.json"
        path.write_text(json.dumps(catalog))
        ran = self._ran("--catalog", str(path))
        messages = [json.loads(line) for line in ran.stdout.splitlines()]
        records = Counter(each["stream"] for each in messages if each["type"] == "RECORD")
        for stream in catalog["streams"]:
            records.setdefault(stream["stream"], 0)
        words = ("ERROR", "CRITICAL", "WARNING")
        lines = [line for line in ran.stderr.splitlines() if any(word in line for word in words)]
        complaints = Counter(line[:200] for line in lines)
        if ran.returncode:
            complaints[f"it ended with {ran.returncode}: {ran.stderr.strip()[-300:]}"] += 1
        return records, complaints

    def _ran(self, *asked: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._command, *asked],
            capture_output=True,
            text=True,
            check=False,
            env=dict(self._environment),
            cwd=self._folder,
        )
