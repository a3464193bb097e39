"""What cannot be done is said in two lines, with what to do, and leaves nothing behind."""

from __future__ import annotations

import dataclasses
import math
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from conftest import Server, free_port
from psycopg.conninfo import make_conninfo

from workbench.db import Database
from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, build_shop
from workbench.settings import Settings

from .conftest import ended, environment

_WRITTEN = """
select
    (select count(*) from klaviyo.account) + (select count(*) from ops.sync_run)
    + (select count(*) from ops.sync_window) + (select count(*) from ops.notebook_run)
"""


def refused(*arguments: str, env: dict[str, str]) -> str:
    """The two lines of a refusal."""
    exit_code, said, complained = ended(*arguments, env=env)
    assert exit_code == 1, complained
    assert said == ""
    message, hint = complained.splitlines()
    assert message.startswith("error: ")
    assert hint.startswith("  try: ")
    return complained


@pytest.fixture
def untouched(embedded_database: Database, embedded_settings: Settings) -> Iterator[Settings]:
    """Settings of a workbench in which a test writes nothing."""
    yield embedded_settings
    with embedded_database.connection() as connection:
        assert connection.execute(_WRITTEN).fetchone() == (0,)
    assert not embedded_settings.runs_dir.exists()


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_no_key(untouched: Settings) -> None:
    told = refused("sync", env=environment(untouched))
    assert "no Klaviyo key is set" in told
    assert "export KLAVIYO_API_KEY=" in told


def test_wrong_key(untouched: Settings, sandbox: SandboxServer) -> None:
    key = "pk_of_somebody_else"
    told = refused("sync", env={**environment(untouched, sandbox), "KLAVIYO_API_KEY": key})
    assert "Klaviyo does not accept the key: Incorrect authentication credentials" in told
    assert "set KLAVIYO_API_KEY" in told
    assert key not in told


def test_a_key_cut_short_with_an_ellipsis(untouched: Settings, sandbox: SandboxServer) -> None:
    env = {**environment(untouched, sandbox), "KLAVIYO_API_KEY": "pk_\u2026"}
    assert "a character that no key has" in refused("sync", env=env)


def test_nobody_at_the_address(untouched: Settings, sandbox: SandboxServer) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    told = refused("sync", env={**environment(untouched, sandbox), "WORKBENCH_KLAVIYO_URL": url})
    assert f"no answer from {url}/api/accounts: ConnectError" in told
    assert "WORKBENCH_KLAVIYO_URL" in told


def test_no_address(untouched: Settings, sandbox: SandboxServer) -> None:
    env = {**environment(untouched, sandbox), "WORKBENCH_KLAVIYO_URL": "a.klaviyo.com"}
    assert "klaviyo_url is 'a.klaviyo.com'" in refused("sync", env=env)


def test_another_service_at_the_address(untouched: Settings, sandbox: SandboxServer) -> None:
    url = f"{sandbox.url}/elsewhere"
    told = refused("sync", env={**environment(untouched, sandbox), "WORKBENCH_KLAVIYO_URL": url})
    assert "/api/accounts answered 404" in told


@pytest.mark.parametrize("command", [["sync"], ["run", "report_weekly"]])
def test_database_down(
    embedded_settings: Settings, sandbox: SandboxServer, command: list[str]
) -> None:
    port = free_port()
    url = make_conninfo(str(embedded_settings.database_url), port=port)
    settings = dataclasses.replace(embedded_settings, database_url=url)
    told = refused(*command, env=environment(settings, sandbox))
    assert "cannot open the database: " in told
    assert str(port) in told
    assert "start the server, or correct host and port in WORKBENCH_DATABASE_URL" in told
    assert not settings.runs_dir.exists()


def test_database_without_tables(
    embedded_server: Server, sandbox: SandboxServer, tmp_path: Path
) -> None:
    with embedded_server.copy(tmp_path, template="template1") as settings:
        told = refused("sync", env=environment(settings, sandbox))
    assert "is older than this code" in told
    assert "workbench migrate" in told


@pytest.mark.parametrize(
    "command", [["sandbox", "--profiles", "1", "--days", "1"], ["dashboards"]], ids=lambda c: c[0]
)
def test_port_taken(untouched: Settings, taken_port: int, command: list[str]) -> None:
    told = refused(*command, "--port", str(taken_port), env=environment(untouched))
    assert str(taken_port) in told.splitlines()[0]


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["report_weekly", "-p", "wekk", "2026-W44"], "wekk"),
        (["forecast_metric", "-p", "horizon", "soon"], "horizon"),
        (["forecast_metric", "-p", "horizon", "1.5"], "horizon"),
        (["report_wekly"], "report_wekly"),
    ],
    ids=lambda value: "" if isinstance(value, str) else " ".join(value),
)
def test_a_notebook_that_cannot_be_run_as_asked(
    untouched: Settings, command: list[str], told: str
) -> None:
    assert told in refused("run", *command, env=environment(untouched)).splitlines()[0]


@pytest.mark.notebook
def test_no_account_yet(embedded_database: Database, embedded_settings: Settings) -> None:
    told = refused("run", "report_weekly", env=environment(embedded_settings))
    assert "no account is in the database" in told
    with embedded_database.connection() as connection:
        found = connection.execute("select status, error from ops.notebook_run").fetchall()
    ((status, error),) = found
    assert status == "failed"
    assert "no account is in the database" in error


@pytest.fixture(scope="module")
def empty_shop() -> Shop:
    return build_shop(ShopPlan(profiles=1, days=1))


@pytest.mark.notebook
def test_an_account_in_which_nothing_happened_yet(
    embedded_settings: Settings, empty_shop: Shop
) -> None:
    with SandboxServer(empty_shop, limiter=Limiter(scale=math.inf)) as sandbox:
        env = environment(embedded_settings, sandbox)
        for command in (["sync"], ["run", "report_weekly"]):
            exit_code, said, complained = ended(*command, env=env)
            assert (exit_code, complained) == (0, "")
    report = Path(said.split(": ")[-1].strip())
    text = BeautifulSoup(report.read_text(encoding="utf-8"), "html.parser").get_text(" ")
    assert "0 orders brought $0.00" in text
    assert "n/a: nothing delivered" in text
    assert not re.search(
        r"\b(nan|NaN|None|inf)\b(?!\.)", text.split("Key numbers")[1].split("Run ")[0]
    )
