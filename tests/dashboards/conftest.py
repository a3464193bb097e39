"""An account to draw, and the real server in a process of its own."""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from workbench.dashboards.bundle import vega_bundle
from workbench.load import Account
from workbench.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
_SERVE = """
from workbench.dashboards import serve_dashboards
from workbench.settings import read_settings
serve_dashboards(read_settings(), port=0)
"""


@pytest.fixture
def account() -> Account:
    return Account(
        account_id="AbC123",
        name="Fern & Field",
        timezone="America/New_York",
        currency="USD",
        country="United States",
        is_simulated=True,
        as_of=dt.datetime(2026, 11, 2, 6, tzinfo=dt.UTC),
        first_day=dt.date(2024, 11, 1),
        last_day=dt.date(2026, 11, 1),
    )


@dataclass(frozen=True)
class Server:
    """A dashboard server that answers at ``url``, which ends with a slash."""

    url: str
    process: subprocess.Popen[str]


Serve = Callable[[Settings], AbstractContextManager[Server]]


@pytest.fixture(scope="session")
def vega_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return vega_bundle(tmp_path_factory.mktemp("vega"))


@pytest.fixture(scope="session")
def serve(vega_script: Path) -> Serve:
    """Serves the dashboards of some settings, as ``workbench dashboards`` does."""

    @contextmanager
    def served(settings: Settings) -> Iterator[Server]:
        kept = settings.data_dir / "static" / vega_script.name
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(vega_script.read_bytes())
        with subprocess.Popen(
            [sys.executable, "-c", _SERVE],
            env=_environment(settings),
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            said = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
            assert said, "the server ended before it answered"
            try:
                yield Server(said[0], process)
            finally:
                process.terminate()

    return served


def _environment(settings: Settings) -> dict[str, str]:
    told = {
        "KLAVIYO_API_KEY": "pk_never_seen_by_a_kernel",
        "PYTHONPATH": str(REPOSITORY),
        "WORKBENCH_PROJECT_DIR": str(settings.project_dir),
        "WORKBENCH_DATA_DIR": str(settings.data_dir),
        "WORKBENCH_RUNS_DIR": str(settings.runs_dir),
    }
    if settings.database_url:
        told["WORKBENCH_DATABASE_URL"] = settings.database_url
    return {**os.environ, **told}
