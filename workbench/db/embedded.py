"""The embedded PostgreSQL: one server a data directory, shared by every process that opens it.

    <data_dir>/postgres/
        data/         the cluster; appears whole or not at all
        server.json   port and password, mode 0600
        server.log

It listens on 127.0.0.1 only, at a port chosen once and kept as long as it is free. It is started
by whoever needs it first, outlives that process, and ends with stop_embedded or the machine; after
a crash of either the next user starts it again. The folder itself is the lock of those who start
or stop it.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from workbench.db.binaries import bin_dir, ordinary_user, run_program
from workbench.db.cluster import free_port, login, make_cluster, refuse_other_version
from workbench.errors import DatabaseUnavailable

__all__ = ["EmbeddedStatus", "embedded_status", "start_embedded", "stop_embedded"]

_LAUNCHES = 3
_SETTLE_SECONDS = 60
_PAUSE_SECONDS = 0.05
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_preload_libraries": "pg_stat_statements",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "shared_buffers": "256MB",
    "effective_cache_size": "2GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
}


@dataclass(frozen=True, slots=True)
class EmbeddedStatus:
    """Whether the embedded server of a data directory runs.

    Attributes:
        folder: where it lives.
        pid: of its main process; None when it does not run.
        port: it answers at; None while it does not.
        url: to connect with, holding the password; None while it does not answer.
    """

    folder: Path
    pid: int | None = None
    port: int | None = None
    url: str | None = field(default=None, repr=False)


def embedded_status(data_dir: Path) -> EmbeddedStatus:
    """How the embedded server of that data directory is; starts and writes nothing.

    Raises:
        DatabaseUnavailable: the folder belongs to another user, or lost its password.
    """
    folder = _folder(data_dir)
    with _readable(folder):
        process = _postmaster(folder)
        if process is None:
            return EmbeddedStatus(folder)
        port = _ready_port(folder)
        if port is None:
            return EmbeddedStatus(folder, process.pid)
        password = login(folder).password
    url = f"postgresql://workbench:{password}@127.0.0.1:{port}/workbench?sslmode=disable"
    return EmbeddedStatus(folder, process.pid, port, url)


def start_embedded(data_dir: Path) -> str:
    """URL of the embedded server of that data directory, made and started where needed.

    Raises:
        DatabaseUnavailable: it does not start, with the reason from its log.
    """
    if url := embedded_status(data_dir).url:
        return url
    folder = _folder(data_dir)
    with _readable(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(folder):
            return _started(folder)


def stop_embedded(data_dir: Path) -> bool:
    """End the embedded server, cutting the connections it has; whether it ran.

    Raises:
        DatabaseUnavailable: it does not end within a minute.
    """
    folder = _folder(data_dir)
    if not folder.is_dir():
        return False
    with _readable(folder), _locked(folder):
        process = _postmaster(folder)
        if process is None:
            return False
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        deadline = time.monotonic() + _SETTLE_SECONDS
        while _postmaster(folder) is not None:
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(
                    f"the embedded PostgreSQL still runs {_SETTLE_SECONDS} s after its stop",
                    hint=f"read {folder / 'server.log'}, then stop it again",
                )
            time.sleep(_PAUSE_SECONDS)
    return True


def _folder(data_dir: Path) -> Path:
    return data_dir.resolve() / "postgres"


def _started(folder: Path) -> str:
    programs, user = bin_dir(), ordinary_user(folder)
    if not (folder / "data").is_dir():
        make_cluster(folder, programs=programs, user=user)
    refuse_other_version(folder, programs=programs)
    reason = ""
    for _ in range(_LAUNCHES):
        if url := _settled_url(folder):
            return url
        reason = _launch(folder, port=free_port(folder), programs=programs, user=user)
    if url := _settled_url(folder):
        return url
    raise DatabaseUnavailable(
        f"the embedded PostgreSQL in {folder} does not start: {reason}",
        hint=f"read {folder / 'server.log'}, or set WORKBENCH_DATABASE_URL to another server",
    )


def _settled_url(folder: Path) -> str | None:
    """URL of a running server, or None once no process of one is left in the folder.

    A server may be on its way up or down, and children of a killed one take a moment to notice.
    """
    deadline = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < deadline:
        if url := embedded_status(folder.parent).url:
            return url
        if not any(_serves(process, folder) for process in psutil.process_iter()):
            return None
        time.sleep(_PAUSE_SECONDS)
    raise DatabaseUnavailable(
        f"processes of an earlier server are still at work in {folder}",
        hint="wait for them, or end them; then run the command again",
    )


def _launch(folder: Path, *, port: int, programs: Path, user: Sequence[str]) -> str:
    """Why the server did not start; empty when it did."""
    # The server refuses while its old pid is in use, even by a stranger. Only here, where no
    # server process is left in the folder, is it safe to take the note away.
    (folder / "data" / "postmaster.pid").unlink(missing_ok=True)
    log = folder / "server.log"
    known = log.stat().st_size if log.exists() else 0
    settings = {**_SETTINGS, "port": str(port)}
    try:
        run_program(
            programs / "pg_ctl",
            "start",
            "--wait",
            "--silent",
            f"--pgdata={folder / 'data'}",
            f"--log={log}",
            f"--options={shlex.join(f'--{name}={value}' for name, value in settings.items())}",
            user=user,
        )
    except DatabaseUnavailable as error:
        said = log.read_bytes()[known:].decode(errors="replace") if log.exists() else ""
        return said.strip().rpartition("\n")[2] or error.message
    return ""


def _postmaster(folder: Path) -> psutil.Process | None:
    """The main process, told from a stranger that got its number by where it works."""
    try:
        process = psutil.Process(int(_pid_file(folder)[0]))
        return process if _serves(process, folder) else None
    except (psutil.Error, IndexError, ValueError):
        return None


def _serves(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.cwd() == str(folder / "data") and Path(process.exe()).name == "postgres"
    except psutil.Error:
        return False


def _ready_port(folder: Path) -> int | None:
    lines = _pid_file(folder)
    return int(lines[3]) if len(lines) > 7 and lines[7].strip() == "ready" else None


def _pid_file(folder: Path) -> list[str]:
    try:
        return (folder / "data" / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def _readable(folder: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise DatabaseUnavailable(
            f"{error.filename or folder} belongs to another user",
            hint="become that user, or set WORKBENCH_DATA_DIR or WORKBENCH_DATABASE_URL",
        ) from None
