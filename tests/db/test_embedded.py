"""The embedded server: shared, found again, started again, and nobody else's process touched."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import psycopg
import pytest
from conftest import REPOSITORY

from workbench.db import embedded_status, open_database, start_embedded, stop_embedded
from workbench.db.binaries import bin_dir, major_version, ordinary_user
from workbench.errors import DatabaseUnavailable
from workbench.settings import Settings

_NOBODY = 65534
_SOMEONE = 12345


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    stop_embedded(tmp_path)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A server that runs, for tests that only look at it."""
    folder = tmp_path_factory.mktemp("running")
    start_embedded(folder)
    yield folder
    stop_embedded(folder)


@pytest.fixture
def open_dir() -> Iterator[Path]:
    """A folder that other users can reach, unlike pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="workbench-test-"))
    folder.chmod(0o755)
    yield folder
    stop_embedded(folder)
    shutil.rmtree(folder)


def settings_of(data_dir: Path) -> Settings:
    return Settings(project_dir=REPOSITORY, data_dir=data_dir, runs_dir=data_dir / "runs")


def python(program: str, data_dir: Path, *, user: Sequence[str] = ()) -> str:
    """What another process prints that has this data directory as `data_dir`."""
    head = "import sys; from pathlib import Path; data_dir = Path(sys.argv[1])\n"
    command = [*user, sys.executable, "-B", "-c", head + program, str(data_dir)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def execute(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


def test_status_starts_and_writes_nothing(tmp_path: Path) -> None:
    status = embedded_status(tmp_path / "none")
    assert (status.pid, status.port, status.url) == (None, None, None)
    assert not stop_embedded(tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def test_running_one_is_found(running: Path) -> None:
    status = embedded_status(running)
    assert status.url == start_embedded(running)
    assert psutil.Process(status.pid).name() == "postgres"
    assert execute(status.url, "select current_setting('listen_addresses')") == [("127.0.0.1",)]


def test_second_process_shares_it_and_leaves_it_up(running: Path) -> None:
    url = start_embedded(running)
    assert python("from workbench.db import *; print(start_embedded(data_dir))", running) == url
    assert execute(url, "select 1") == [(1,)]


def test_text_is_utf8_and_sorts_by_code_point(running: Path) -> None:
    query = "select lower('ÄÖ'), 'Z' < 'a', current_setting('server_encoding')"
    assert execute(start_embedded(running), query) == [("äö", True, "UTF8")]


def test_password_is_kept_from_others(running: Path) -> None:
    folder = running / "postgres"
    password = json.loads((folder / "server.json").read_text())["password"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "server.json").stat().st_mode) == 0o600
    assert password not in repr(embedded_status(running))
    assert password not in (folder / "server.log").read_text()
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(start_embedded(running).replace(password, "guess"))


def test_stop_cuts_open_connections(data_dir: Path) -> None:
    connection = psycopg.connect(start_embedded(data_dir))
    connection.execute("create table half_done (n integer)")
    assert stop_embedded(data_dir)
    with pytest.raises(psycopg.OperationalError):
        connection.execute("select 1")
    connection.close()
    assert embedded_status(data_dir).pid is None
    assert not stop_embedded(data_dir)


def test_server_gets_no_secret_of_its_starter(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KLAVIYO_API_KEY", "pk_secret")
    monkeypatch.setenv("PGPORT", "1")
    start_embedded(data_dir)
    environ = psutil.Process(embedded_status(data_dir).pid).environ()
    assert not {"KLAVIYO_API_KEY", "PGPORT"} & environ.keys()


def test_starter_leaves_it_up_even_when_killed(data_dir: Path) -> None:
    program = (
        "import os; from workbench.db import *; start_embedded(data_dir)\n"
        "print(embedded_status(data_dir).pid, flush=True); os.kill(os.getpid(), 9)"
    )
    with pytest.raises(AssertionError):
        python(program, data_dir)
    assert embedded_status(data_dir).url is not None


def test_six_starters_get_one_server(data_dir: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from workbench.db import *\n"
        "print(start_embedded(Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", program, str(data_dir)]
    starters = [
        subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    urls = {starter.communicate(timeout=120)[0].strip() for starter in starters}
    assert urls == {embedded_status(data_dir).url}


@pytest.mark.parametrize("also", ["", "its children"])
def test_killed_server_comes_back_with_committed_rows(data_dir: Path, also: str) -> None:
    url = start_embedded(data_dir)
    execute(url, "create table kept as select n from generate_series(1, 1000) as n")
    uncommitted = psycopg.connect(url)
    uncommitted.execute("insert into kept values (0)")
    server = psutil.Process(embedded_status(data_dir).pid)
    for process in [server, *(server.children() if also else [])]:
        process.kill()
    while embedded_status(data_dir).pid is not None:
        time.sleep(0.01)
    assert start_embedded(data_dir) == url
    assert execute(url, "select count(*) from kept") == [(1000,)]
    uncommitted.close()


def test_stranger_with_the_old_pid_is_left_alone(data_dir: Path) -> None:
    start_embedded(data_dir)
    stop_embedded(data_dir)
    with subprocess.Popen(["sleep", "600"]) as stranger:
        note = data_dir / "postgres" / "data" / "postmaster.pid"
        note.write_text(f"{stranger.pid}\n{note.parent}\n0\n5432\n\n127.0.0.1\n0 0\nready   \n")
        assert embedded_status(data_dir).pid is None
        assert not stop_embedded(data_dir)
        assert execute(start_embedded(data_dir), "select 1") == [(1,)]
        assert stop_embedded(data_dir)
        assert stranger.poll() is None
        stranger.kill()


def test_port_is_kept_while_free(data_dir: Path) -> None:
    url = start_embedded(data_dir)
    port = embedded_status(data_dir).port
    stop_embedded(data_dir)
    assert start_embedded(data_dir) == url
    stop_embedded(data_dir)
    with socket.create_server(("127.0.0.1", port)):
        assert start_embedded(data_dir) != url
        assert embedded_status(data_dir).port != port


def test_two_data_directories_do_not_collide(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    try:
        execute(start_embedded(one), "create table only_here (n integer)")
        assert execute(start_embedded(two), "select to_regclass('only_here')") == [(None,)]
        stop_embedded(one)
        assert embedded_status(two).url is not None
    finally:
        stop_embedded(one)
        stop_embedded(two)


def test_open_database_tells_of_a_stopped_server_and_starts_it_again(data_dir: Path) -> None:
    with open_database(settings_of(data_dir)) as database:
        assert database.label.startswith("embedded PostgreSQL 1")
        stop_embedded(data_dir)
        with pytest.raises(DatabaseUnavailable, match="gave no connection"):
            database.connection().__enter__()
    with open_database(settings_of(data_dir)) as database, database.connection() as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_ordinary_user_can_run_it(open_dir: Path) -> None:
    user = ordinary_user(open_dir)
    program = (
        "import os; from workbench.db import *; from workbench.db.binaries import ordinary_user\n"
        "start_embedded(data_dir); print(os.geteuid() != 0, ordinary_user(data_dir))"
    )
    assert python(program, open_dir, user=user) == "True []"
    server = psutil.Process(embedded_status(open_dir).pid)
    assert server.uids().real == open_dir.stat().st_uid


def test_root_runs_it_as_the_owner_of_the_folder(open_dir: Path) -> None:
    (open_dir / "postgres").mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(open_dir / "postgres", _NOBODY, _NOBODY)
    assert execute(start_embedded(open_dir), "select 1") == [(1,)]
    owners = {path.stat().st_uid for path in (open_dir / "postgres").rglob("*")}
    assert owners == {(open_dir / "postgres").stat().st_uid}


def test_root_without_user_namespaces_gives_the_folder_away(
    open_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = open_dir / "programs"
    programs.mkdir()
    for name in ("setpriv", "sh"):
        (programs / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(programs))
    assert execute(start_embedded(open_dir), "select 1") == [(1,)]
    expected = _NOBODY if os.geteuid() == 0 else os.geteuid()
    assert psutil.Process(embedded_status(open_dir).pid).uids().real == expected


def test_folder_of_another_user_is_refused(open_dir: Path) -> None:
    user = ordinary_user(open_dir)
    folder = open_dir / "postgres"
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(folder, _SOMEONE, _SOMEONE)
    else:
        folder.chmod(0)
    program = (
        "from workbench.db import *; from workbench.errors import DatabaseUnavailable\n"
        "try: start_embedded(data_dir)\n"
        "except DatabaseUnavailable as error: print(error)"
    )
    told = python(program, open_dir, user=user)
    folder.chmod(0o700)
    assert "belongs to another user" in told


def cluster_without_password(data_dir: Path, *, version: int) -> Path:
    data = data_dir / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text(f"{version}\n")
    return data


def test_other_major_version_is_refused(data_dir: Path) -> None:
    cluster_without_password(data_dir, version=9)
    with pytest.raises(DatabaseUnavailable, match="made by PostgreSQL 9, installed here is"):
        start_embedded(data_dir)


def test_lost_password_is_told(data_dir: Path) -> None:
    cluster_without_password(data_dir, version=major_version(bin_dir()))
    with pytest.raises(DatabaseUnavailable, match=r"server\.json, which holds the password"):
        start_embedded(data_dir)


def test_reason_of_a_failed_start_is_told(data_dir: Path) -> None:
    data = cluster_without_password(data_dir, version=major_version(bin_dir()))
    data.chmod(0o700)
    (data.parent / "server.json").write_text('{"port": 0, "password": "x"}')
    (data / "postgresql.conf").write_text("shared_buffers = plenty\n")
    with pytest.raises(DatabaseUnavailable, match=r"does not start: .*postgresql\.conf"):
        start_embedded(data_dir)


def test_missing_programs_are_told(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (data_dir / "initdb").write_text("#!/bin/sh\nexit 1\n")
    monkeypatch.setenv("PG_BINDIR", str(data_dir))
    with pytest.raises(DatabaseUnavailable, match=r"cannot run .*postgres"):
        start_embedded(data_dir)


def test_interrupted_initdb_is_begun_anew(data_dir: Path) -> None:
    half = data_dir / "postgres" / "initdb-half"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    assert execute(start_embedded(data_dir), "select 1") == [(1,)]
    assert not half.exists()
