"""workbench sandbox: what it refuses before it builds anything, and what it serves."""

from __future__ import annotations

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from workbench.cli.app import app
from workbench.errors import InputInvalid, PortTaken

KEY = "pk_of_this_test"


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (["--fault", "501"], InputInvalid, "there is no fault '501'"),
        (["--scope", "forms:write"], InputInvalid, "no endpoint asks for the scope 'forms:write'"),
        (["--without-scope", "forms"], InputInvalid, "no endpoint asks for the scope 'forms'"),
        ([], PortTaken, r"port \d+ of 127\.0\.0\.1 cannot be used"),
    ],
)
def test_it_refuses_before_it_builds(
    words: list[str], error: type[Exception], said: str, tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        # building would stumble over the file first
        begun = ["sandbox", "--port", port, "--orders", str(tmp_path / "none.csv")]
        done = CliRunner().invoke(app, [*begun, *words])
    with pytest.raises(error, match=said):
        raise done.exception or AssertionError(done.output)


@pytest.fixture
def served() -> Iterator[tuple[subprocess.Popen[str], str, Path]]:
    """A sandbox in a process of its own: that, its address and its certificate."""
    words = "sandbox --port 0 --profiles 20 --days 20 --tls --without-scope forms:read"
    rules = "--fault 500:path=/api/flows,share=1 --fault-seed 3 --cursor-seconds 60"
    with subprocess.Popen(
        [sys.executable, "-m", "workbench", *words.split(), *rules.split()],
        env=os.environ | {"WORKBENCH_SANDBOX_KEY": KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            first, second = process.stdout.readline(), process.stdout.readline()
            assert first.endswith("(simulated data)\n"), process.stderr and process.stderr.read()
            url = re.search(r"https://\S+", first)
            assert url is not None
            yield process, url[0], Path(second.removeprefix("clients have to trust ").strip())
        finally:
            process.kill()


def test_it_serves_until_it_is_told_to_stop(
    served: tuple[subprocess.Popen[str], str, Path],
) -> None:
    process, url, certificate = served
    headers = {"Authorization": f"Klaviyo-API-Key {KEY}", "revision": "2026-07-15"}
    trusted = ssl.create_default_context(cafile=certificate)
    with httpx.Client(base_url=url, headers=headers, verify=trusted) as client:
        urls = ("/api/accounts", "/api/flows", "/api/forms", "/sandbox/faults")
        assert [client.get(each).status_code for each in urls] == [200, 500, 403, 200]
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=30)
    assert (process.returncode, told) == (0, "")
    assert not certificate.parent.exists()
