"""A sync that is killed half way loses nothing and leaves nothing half done."""

from __future__ import annotations

import math
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from conftest import REPOSITORY

from workbench.db import Database
from workbench.errors import SyncRunning
from workbench.sandbox import Limiter, SandboxServer, Shop
from workbench.sandbox.api.contract import Tier
from workbench.sandbox.api.limits import Allowance
from workbench.settings import Settings

from .conftest import KEY, ended, environment, started, synced, unhurried_client

# when a row was written depends on when it was synced; everything else must not
_WRITTEN_AT = ["synced_at", "first_seen_at", "changed_at", "run_id"]
_WINDOWS_BEFORE_THE_KILL = 8


class Dam(Limiter):
    """Lets some requests for events through, and tells the others to come in five minutes."""

    def __init__(self, let_through: float) -> None:
        super().__init__(scale=math.inf)
        self.left = let_through

    def allowance(self, quota: str, *, tier: Tier, taken: float = 0.0) -> Allowance:
        if quota == "/api/events":
            self.left -= 1
            if self.left < 0:
                return Allowance(False, {"Retry-After": "300"})
        return super().allowance(quota, tier=tier, taken=taken)


@pytest.fixture
def dam() -> Dam:
    # one finds the first event, the others read a window each, or half of a dense one
    return Dam(_WINDOWS_BEFORE_THE_KILL + 4)


@pytest.fixture
def dammed(synced_shop: Shop, dam: Dam) -> Iterator[SandboxServer]:
    with SandboxServer(synced_shop, key=KEY, limiter=dam) as running:
        yield running


def windows(database: Database) -> Mapping[str, int]:
    """How many windows of events are in each state."""
    query = "select status, count(*) from ops.sync_window where stream = 'events' group by status"
    with database.connection() as connection:
        return dict(connection.execute(query).fetchall())


def wait_until(is_reached: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not is_reached():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)


def klaviyo_rows(database: Database) -> dict[str, list[str]]:
    """Every row of every klaviyo table, in order."""
    tables = "select tablename from pg_catalog.pg_tables where schemaname = 'klaviyo' order by 1"
    found = {}
    with database.connection() as connection:
        for (table,) in connection.execute(tables).fetchall():
            query = f"select (to_jsonb(t) - %s::text[])::text from klaviyo.{table} as t order by 1"
            found[table] = [row for (row,) in connection.execute(query, [_WRITTEN_AT])]
    return found


def runs(database: Database) -> list[tuple[Any, ...]]:
    with database.connection() as connection:
        query = "select status, error, finished_at is null from ops.sync_run order by started_at"
        return connection.execute(query).fetchall()


def test_a_killed_sync_is_made_good_by_the_next(
    database: Database,
    database_settings: Settings,
    synced_database_everywhere: Database,
    dammed: SandboxServer,
    dam: Dam,
) -> None:
    env = environment(database_settings, dammed)
    with started("sync", env=env) as process:
        wait_until(lambda: windows(database).get("done", 0) >= _WINDOWS_BEFORE_THE_KILL, process)
        with pytest.raises(SyncRunning, match=r"another sync of account \w+ is at work.*wait"):
            synced(database, unhurried_client(dammed))
        process.kill()
        said, complained = process.communicate()
    assert (said, complained) == ("", "")
    left = windows(database)
    assert left["done"] > 0
    assert left["planned"] > 0
    assert runs(database) == [("running", None, True)]

    dam.left = math.inf
    exit_code, said, complained = ended("sync", env=env)
    assert (exit_code, complained) == (0, "")
    assert "new and 0 changed" in said
    assert KEY not in said
    assert runs(database) == [("failed", "interrupted", False), ("succeeded", None, False)]
    assert set(windows(database)) == {"done"}
    undisturbed = klaviyo_rows(synced_database_everywhere)
    for table, found in klaviyo_rows(database).items():
        assert found == undisturbed[table], table
    assert len(undisturbed["event"]) > 10_000


def test_a_stopped_sync_ends_at_once_also_while_it_waits_for_room(
    embedded_database: Database, embedded_settings: Settings, shop: Shop
) -> None:
    dam = Dam(let_through=1)
    with (
        SandboxServer(shop, key=KEY, limiter=dam) as sandbox,
        started("sync", env=environment(embedded_settings, sandbox)) as process,
    ):
        wait_until(lambda: dam.left < 0, process)
        process.terminate()
        said, complained = process.communicate(timeout=120)
    assert (process.returncode, said, complained) == (143, "", "")
    assert runs(embedded_database) == [("failed", "interrupted", False)]


# a process that was started in the background may not listen to the keyboard
_LISTENING = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from workbench.cli import main
main()
"""


def test_a_sync_stopped_at_the_keyboard_says_that_nothing_is_lost(
    embedded_database: Database, embedded_settings: Settings, shop: Shop
) -> None:
    dam = Dam(let_through=1)
    with (
        SandboxServer(shop, key=KEY, limiter=dam) as sandbox,
        subprocess.Popen(
            [sys.executable, "-c", _LISTENING, "sync"],
            cwd=REPOSITORY,
            env=environment(embedded_settings, sandbox),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        wait_until(lambda: dam.left < 0, process)
        process.send_signal(signal.SIGINT)
        said, complained = process.communicate(timeout=120)
    assert (process.returncode, said) == (130, "")
    assert complained == "stopped; what was read is kept, and the next sync goes on there\n"
    assert runs(embedded_database) == [("failed", "interrupted", False)]
