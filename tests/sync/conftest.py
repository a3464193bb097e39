"""A small shop, its server, and syncs of it: in this process and on the command line."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import orjson
import pytest
from conftest import REPOSITORY, unhurried_client

from workbench.db import Database
from workbench.klaviyo import KlaviyoClient
from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, build_shop
from workbench.settings import Settings
from workbench.sync import Asked, Progress, SyncSummary, sync_account

KEY = "pk_2d1f0e9c8b7a69584736251403f2e1d0c9"


@pytest.fixture(scope="session")
def shop() -> Shop:
    """Two months, in which three events in ten show late and nobody is merged or deleted."""
    plan = ShopPlan(profiles=80, days=60, late_share=0.3, very_late_share=0.0, fates_share=0.0)
    return build_shop(plan)


@pytest.fixture
def sandbox(shop: Shop) -> Iterator[SandboxServer]:
    with SandboxServer(shop, key=KEY, limiter=Limiter(scale=math.inf)) as running:
        yield running


def synced(database: Database, client: KlaviyoClient, *, reread_days: int = 7) -> SyncSummary:
    with client, Progress() as progress:
        return sync_account(
            database,
            client,
            progress=progress,
            clock=time.monotonic,
            asked=Asked(reread_days=reread_days),
        )


@pytest.fixture
def sync(sandbox: SandboxServer) -> Callable[[Database], SyncSummary]:
    """Syncs the sandbox as it is now."""
    return lambda database: synced(database, unhurried_client(sandbox))


class Edited(httpx.HTTPTransport):
    """The network, with some answers of the sandbox replaced.

    Args:
        edit: gives the answer in place of one, or the same.
    """

    def __init__(self, edit: Callable[[httpx.Request, httpx.Response], httpx.Response]) -> None:
        super().__init__()
        self._edit = edit

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        response.read()
        return self._edit(request, response)


def with_body(response: httpx.Response, body: object) -> httpx.Response:
    headers = {name: response.headers[name] for name in ("Date", "X-Simulated")}
    return httpx.Response(response.status_code, headers=headers, content=orjson.dumps(body))


def environment(settings: Settings, sandbox: SandboxServer | None = None) -> dict[str, str]:
    """What a user would have set, and nothing that this process has."""
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("WORKBENCH_", "KLAVIYO_"))
    }
    told = {
        "WORKBENCH_PROJECT_DIR": str(settings.project_dir),
        "WORKBENCH_DATA_DIR": str(settings.data_dir),
        "WORKBENCH_RUNS_DIR": str(settings.runs_dir),
        "WORKBENCH_DATABASE_URL": str(settings.database_url),
    }
    if sandbox is not None:
        told |= {"WORKBENCH_KLAVIYO_URL": sandbox.url, "KLAVIYO_API_KEY": sandbox.key}
    return own | told


@contextmanager
def started(*arguments: str, env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A command at work; it ends with the block."""
    with subprocess.Popen(
        [sys.executable, "-m", "workbench", *arguments],
        cwd=REPOSITORY,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(*arguments: str, env: dict[str, str]) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command."""
    with started(*arguments, env=env) as process:
        said, complained = process.communicate()
    return process.returncode, said, complained
