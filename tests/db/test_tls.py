"""TLS as the URL asks for it, and passwords that no process list, log or error shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from conftest import REPOSITORY, Server
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier, Literal

from workbench.db import open_database
from workbench.errors import DatabaseUnavailable
from workbench.sandbox.tls import Certificate, self_signed_certificate
from workbench.settings import Settings

WRITE = "copy (select unnest(string_to_array({}, E'\\n'))) to program {}"


def made(folder: Path) -> Certificate:
    folder.mkdir()
    return self_signed_certificate(folder)


@pytest.fixture
def certificate(timescaledb_server: Server, tmp_path: Path) -> Iterator[Path]:
    """The certificate that the server shows for as long as the test lasts."""
    shown = made(tmp_path / "server")
    parts = {"ssl_cert_file": shown.path, "ssl_key_file": shown.key_path}
    with psycopg.connect(timescaledb_server.dsn, autocommit=True) as admin:
        for setting, path in parts.items():
            kept = f"test_{os.getpid()}_{setting}.pem"
            put = SQL(WRITE).format(
                Literal(path.read_text().strip()), Literal(f"umask 077; cat >{kept}")
            )
            admin.execute(put)
            admin.execute(
                SQL("alter system set {} to {}").format(Identifier(setting), Literal(kept))
            )
        admin.execute("alter system set ssl to on")
        admin.execute("select pg_reload_conf()")
        try:
            yield shown.path
        finally:
            for setting in ("ssl", *parts):
                admin.execute(SQL("alter system reset {}").format(Identifier(setting)))
            admin.execute("select pg_reload_conf()")


@contextmanager
def _asking(server: Server, folder: Path, **options: str | Path) -> Iterator[Settings]:
    with server.copy(folder) as settings:
        url = make_conninfo(str(settings.database_url), **options)
        yield Settings(settings.project_dir, settings.data_dir, settings.runs_dir, database_url=url)


def test_the_certificate_that_the_url_names_is_trusted(
    timescaledb_server: Server, certificate: Path, tmp_path: Path
) -> None:
    with (
        _asking(
            timescaledb_server, tmp_path, sslmode="verify-full", sslrootcert=certificate
        ) as settings,
        open_database(settings) as database,
        database.connection() as connection,
    ):
        row = connection.execute(
            "select ssl, version from pg_stat_ssl where pid = pg_backend_pid()"
        ).fetchone()
    assert row is not None
    assert row[0] is True
    assert row[1].startswith("TLSv1.")


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("another authority", r"certificate verify failed.*sslrootcert"),
        ("another name", r"does not match host name.*sslrootcert"),
        ("no such file", r"nowhere\.pem.*does not exist.*sslrootcert"),
    ],
)
def test_no_other_certificate_is(
    timescaledb_server: Server, certificate: Path, tmp_path: Path, case: str, message: str
) -> None:
    options: dict[str, str | Path] = {
        "another authority": {"sslrootcert": made(tmp_path / "other").path},
        "another name": {
            "sslrootcert": certificate,
            "host": "shop.example",
            "hostaddr": "127.0.0.1",
        },
        "no such file": {"sslrootcert": tmp_path / "nowhere.pem"},
    }[case]
    with (
        _asking(timescaledb_server, tmp_path, sslmode="verify-full", **options) as settings,
        pytest.raises(DatabaseUnavailable, match=message) as caught,
    ):
        open_database(settings)
    assert caught.value.__context__ is None


def test_a_server_without_tls_is_refused_where_it_is_asked_for(
    embedded_server: Server, tmp_path: Path
) -> None:
    with (
        _asking(embedded_server, tmp_path, sslmode="require") as settings,
        pytest.raises(DatabaseUnavailable, match=r"does not support SSL.*turn TLS on") as caught,
    ):
        open_database(settings)
    password = str(conninfo_to_dict(embedded_server.dsn)["password"])
    assert password not in "".join(traceback.format_exception(caught.value))


def _watch(secrets: list[str], seen: set[str], over: threading.Event) -> None:
    """Command lines of this machine that hold one of the secrets, until it is over."""
    while not over.is_set():
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                seen.update(line for secret in secrets if secret in line)
        over.wait(0.02)


PROBE = "import sys, time; time.sleep(0.5)"


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="no /proc on this system")
@pytest.mark.parametrize("words", [["doctor"], ["status"], ["roles"], ["database", "status"]])
def test_no_process_that_a_command_starts_shows_the_password(
    embedded_settings: Settings, words: list[str]
) -> None:
    url = str(embedded_settings.database_url)
    password = str(conninfo_to_dict(url)["password"])
    seen: set[str] = set()
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=([password, "seen-by-all"], seen, over))
    watcher.start()
    try:
        # the watcher sees what stands on a command line
        subprocess.run([sys.executable, "-c", PROBE, "seen-by-all"], check=True)
        assert any("seen-by-all" in line for line in seen)
        done = subprocess.run(
            [sys.executable, "-m", "workbench", *words],
            cwd=REPOSITORY,
            env=os.environ | {"WORKBENCH_DATABASE_URL": url},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        over.set()
        watcher.join()
    assert password not in done.stdout + done.stderr
    assert not [line for line in seen if password in line]


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="no /proc on this system")
def test_the_first_start_of_an_embedded_server_shows_no_password(tmp_path: Path) -> None:
    """The password is made while initdb runs, so all that was seen is searched afterwards."""
    seen: set[str] = set()
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=([str(tmp_path)], seen, over))
    watcher.start()
    start = (
        "import sys; from pathlib import Path; from workbench.db import *\n"
        "url = start_embedded(Path(sys.argv[1])); stop_embedded(Path(sys.argv[1])); print(url)"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", start, str(tmp_path)],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    finally:
        over.set()
        watcher.join()
    password = str(conninfo_to_dict(done.stdout.strip())["password"])
    assert any(re.search(r"\binitdb\b|\bpostgres\b", line) for line in seen)
    assert not [line for line in seen if password in line]
    log = (tmp_path / "postgres" / "server.log").read_text(errors="replace")
    assert password not in log
