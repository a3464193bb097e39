"""With every fault of the sandbox on, and killed again and again, a sync loses nothing."""

from __future__ import annotations

import json
import subprocess
import sys

from conftest import REPOSITORY, Server

from workbench.sandbox import FAULTS

_KILLS = 3


def test_a_sync_with_every_fault_on_and_killed_equals_an_undisturbed_one(server: Server) -> None:
    command = [sys.executable, "benchmarks/sync_soak.py", "--json", "--server", server.dsn]
    size = ["--profiles", "150", "--days", "90", "--kills", str(_KILLS)]
    done = subprocess.run(
        [*command, *size], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    told = json.loads(done.stdout) if done.stdout else {}
    assert done.returncode == 0, (done.stderr, told.get("differences"))
    assert told["differences"] == {}
    assert told["unproven"] == []
    assert told["windows_left"] == 0
    assert len(told["soaked"]["kills"]) == _KILLS
    assert told["rows"]["event"] > 3_000
    met = {rule.split(":")[0] for rule, count in told["soaked"]["faults"].items() if count}
    assert met == set(FAULTS) - {"retired-revision"}
