"""A fresh, migrated database for every test that asks for one.

    database, database_settings            once on the embedded PostgreSQL, once on TimescaleDB
    embedded_database, embedded_settings   on the embedded PostgreSQL only
    synced_database, synced_settings       the same, holding ``synced_shop``, synced and refreshed
    synced_database_everywhere             that on both

The servers start when the first test wants them, in folders of their own, and end with this
process, also when it is killed. TimescaleDB is the server at WORKBENCH_TEST_DSN (a user who may
create databases), else the root that tests/timescaledb.sh makes.
"""

from __future__ import annotations

import itertools
import math
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import distributed
import hypothesis
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from workbench import klaviyo, load
from workbench.db import Database, migrate, open_database, start_embedded
from workbench.db.binaries import bin_dir, run_program
from workbench.errors import DatabaseUnavailable
from workbench.forecast import holiday_frame
from workbench.klaviyo import KlaviyoClient
from workbench.refresh import refresh_facts
from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, Truth, build_shop
from workbench.settings import REVISION, Settings
from workbench.store import store_holidays
from workbench.sync import Progress, sync_account

# a busy machine is no failure
hypothesis.settings.register_profile("unhurried", hypothesis.settings.default, deadline=None)
hypothesis.settings.load_profile("unhurried")

REPOSITORY = Path(__file__).resolve().parents[1]
_SCRIPT = REPOSITORY / "tests" / "timescaledb.sh"
_ROOT = REPOSITORY / ".timescaledb" / "root"
_NO_TIMESCALEDB = (
    "no TimescaleDB: run make timescaledb as root on Debian, or set WORKBENCH_TEST_DSN"
)
# waits for its input to end, which it does however this process ends
_STOPPER = """
import shutil, sys
from pathlib import Path
from workbench.db import stop_embedded
sys.stdin.read()
stop_embedded(Path(sys.argv[1]))
shutil.rmtree(sys.argv[1])
"""


def pytest_report_header() -> str:
    postgres = run_program(bin_dir() / "postgres", "--version").split()[2]
    return f"databases: embedded PostgreSQL {postgres}; {_timescaledb_version()}"


def _timescaledb_version() -> str:
    if dsn := os.environ.get("WORKBENCH_TEST_DSN"):
        return f"TimescaleDB of WORKBENCH_TEST_DSN on PostgreSQL {_server_version(dsn)}"
    packages = _ROOT / "var/lib/dpkg/status"
    if not packages.is_file():
        return _NO_TIMESCALEDB
    stanza = re.compile(r"^Package: (\S+)$.*?^Version: ([\d.]+)", re.MULTILINE | re.DOTALL)
    installed = dict(stanza.findall(packages.read_text()))
    server, extension = installed["postgresql-17"], installed["postgresql-17-timescaledb"]
    return f"TimescaleDB {extension} on PostgreSQL {server}"


def _server_version(dsn: str) -> str:
    try:
        with Database(dsn) as database:
            return database.server_version
    except DatabaseUnavailable as error:
        return f"that does not answer: {error.message}"


@dataclass(frozen=True)
class Server:
    """A server for tests, and the migrated database that each test gets a copy of."""

    dsn: str
    template: str
    numbers: Iterator[int]

    @contextmanager
    def copy(self, folder: Path, *, template: str = "") -> Iterator[Settings]:
        """Settings of a fresh copy of a template; it is dropped afterwards."""
        name = f"{self.template}_{next(self.numbers)}"
        with (
            psycopg.connect(self.dsn, autocommit=True) as admin,
            _made(admin, name, template=template or self.template),
        ):
            yield Settings(
                project_dir=REPOSITORY,
                data_dir=folder / "data",
                runs_dir=folder / "runs",
                database_url=make_conninfo(self.dsn, dbname=name),
            )

    @contextmanager
    def filled(self, folder: Path, fill: Callable[[Database], None]) -> Iterator[str]:
        """Name of another template: the migrated database, and what ``fill`` wrote into it."""
        with self.copy(folder) as settings:
            with open_database(settings) as database:
                fill(database)
            name = str(conninfo_to_dict(str(settings.database_url))["dbname"])
            with psycopg.connect(self.dsn, autocommit=True) as admin:
                _close(admin, name)
            yield name


@contextmanager
def _made(admin: psycopg.Connection, name: str, *, template: str) -> Iterator[None]:
    """A database, for as long as the block takes."""
    # the fastest where fsync is off, as here
    made = SQL("create database {} template {} strategy file_copy")
    admin.execute(made.format(Identifier(name), Identifier(template)))
    try:
        yield
    finally:
        admin.execute(SQL("drop database {} with (force)").format(Identifier(name)))


def _close(admin: psycopg.Connection, name: str) -> None:
    """Let nobody in: TimescaleDB's scheduler would hold a template open, and so forbid copies."""
    admin.execute(SQL("alter database {} with allow_connections false").format(Identifier(name)))
    admin.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name]
    )


@contextmanager
def _server(dsn: str) -> Iterator[Server]:
    template = f"workbench_test_{os.getpid()}"
    with (
        psycopg.connect(dsn, autocommit=True) as admin,
        # TimescaleDB looks into template1 when it starts; into template0 nobody can look
        _made(admin, template, template="template0"),
    ):
        with Database(make_conninfo(dsn, dbname=template)) as database:
            migrate(database)
        _close(admin, template)
        yield Server(dsn, template, itertools.count())


@pytest.fixture(scope="session")
def embedded_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("embedded")
    stopper = [sys.executable, "-c", _STOPPER, str(folder)]
    with subprocess.Popen(
        stopper, stdin=subprocess.PIPE, cwd=REPOSITORY, start_new_session=True
    ) as process:
        dsn = start_embedded(folder)
        with psycopg.connect(dsn, autocommit=True) as admin:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                admin.execute(SQL("alter system set {} to off").format(Identifier(setting)))
            admin.execute("select pg_reload_conf()")
        with _server(dsn) as server:
            yield server
        assert process.stdin is not None
        process.stdin.close()
    assert process.returncode == 0


@pytest.fixture(scope="session")
def timescaledb_server() -> Iterator[Server]:
    if dsn := os.environ.get("WORKBENCH_TEST_DSN"):
        with _server(dsn) as server:
            yield server
        return
    if not _ROOT.is_dir() or os.geteuid() != 0:
        if os.environ.get("CI") == "true":
            pytest.fail(_NO_TIMESCALEDB)
        pytest.skip(_NO_TIMESCALEDB)
    port = free_port()
    with subprocess.Popen(
        [_SCRIPT, "serve", str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with _server(f"postgresql://postgres@127.0.0.1:{port}/postgres") as server:
            yield server
        process.stdin.close()
    assert process.returncode == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(params=["embedded", "timescaledb"])
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(f"{request.param}_server")
    return found


@pytest.fixture
def database_settings(server: Server, tmp_path: Path) -> Iterator[Settings]:
    with server.copy(tmp_path) as settings:
        yield settings


@pytest.fixture
def database(database_settings: Settings) -> Iterator[Database]:
    with open_database(database_settings) as database:
        yield database


@pytest.fixture
def embedded_settings(embedded_server: Server, tmp_path: Path) -> Iterator[Settings]:
    with embedded_server.copy(tmp_path) as settings:
        yield settings


@pytest.fixture
def embedded_database(embedded_settings: Settings) -> Iterator[Database]:
    with open_database(embedded_settings) as database:
        yield database


@pytest.fixture(scope="session")
def synced_shop() -> Shop:
    """Long enough for a forecast with its backtest, and for the same week of the year before."""
    return build_shop(ShopPlan(profiles=300, days=420))


@pytest.fixture(scope="session")
def truth(synced_shop: Shop) -> Truth:
    return Truth(synced_shop)


@pytest.fixture(scope="session")
def synced_embedded(
    embedded_server: Server, synced_shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("synced")
    with embedded_server.filled(folder, lambda database: _fill(database, synced_shop)) as template:
        yield template


@pytest.fixture(scope="session")
def synced_timescaledb(
    timescaledb_server: Server, synced_shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("synced")
    with timescaledb_server.filled(
        folder, lambda database: _fill(database, synced_shop)
    ) as template:
        yield template


def unhurried_client(sandbox: SandboxServer) -> KlaviyoClient:
    """A client that never waits: a minute passes whenever its limiter looks at the clock."""
    limiter = klaviyo.Limiter(clock=itertools.count(step=60).__next__)
    return KlaviyoClient(
        key=sandbox.key,
        url=sandbox.url,
        revision=REVISION,
        limiter=limiter,
        sleep=lambda seconds: None,
    )


def _fill(database: Database, shop: Shop) -> None:
    """Sync the shop and refresh its facts, as ``workbench demo`` does."""
    with (
        SandboxServer(shop, limiter=Limiter(scale=math.inf)) as sandbox,
        unhurried_client(sandbox) as client,
        Progress() as progress,
    ):
        sync_account(database, client, progress=progress, clock=time.monotonic)
    load.use_database(database)
    refresh_facts(load.load_account())
    account = load.load_account()
    assert account.first_day is not None
    years = range(account.first_day.year, account.last_day.year + 2)
    store_holidays(account, holiday_frame(str(account.country), years=years))


@pytest.fixture
def synced_settings(
    embedded_server: Server, synced_embedded: str, tmp_path: Path
) -> Iterator[Settings]:
    with embedded_server.copy(tmp_path, template=synced_embedded) as settings:
        yield settings


@pytest.fixture
def synced_database(synced_settings: Settings) -> Iterator[Database]:
    with open_database(synced_settings) as database:
        yield database


@pytest.fixture
def synced_database_everywhere(
    server: Server, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Database]:
    edition = request.node.callspec.params["server"]
    template = request.getfixturevalue(f"synced_{edition}")
    with (
        server.copy(tmp_path, template=template) as settings,
        open_database(settings) as database,
    ):
        yield database


@pytest.fixture(scope="session")
def scheduler() -> Iterator[str]:
    """A Dask scheduler with two workers, each a process of its own."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """Processes that tests start can be interrupted, also where the tests run in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_current_database() -> Iterator[None]:
    """What a test gave to ``use_database`` ends with it: it was a copy that is gone."""
    yield
    load.current._current.clear()
