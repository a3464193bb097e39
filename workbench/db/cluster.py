"""The files of the embedded server: a cluster made once, and the login to it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from workbench.db.binaries import major_version, run_program
from workbench.errors import DatabaseUnavailable

__all__ = ["Login", "free_port", "login", "make_cluster", "refuse_other_version"]

_BUILTIN_LOCALE_SINCE = 17


@dataclass(frozen=True, slots=True)
class Login:
    """What server.json keeps: the port of last time, 0 before the first, and the password."""

    port: int
    password: str = field(repr=False)


def make_cluster(folder: Path, *, programs: Path, user: Sequence[str]) -> None:
    """Make folder/data, whole or not at all, with an empty database workbench in it.

    Args:
        folder: an existing folder of the server; locked by the caller.
        programs: folder of initdb and postgres.
        user: words before a command, from ordinary_user.
    """
    for leftover in folder.glob("initdb-*"):
        shutil.rmtree(leftover)
    fresh = folder / f"initdb-{secrets.token_hex(4)}"
    given, password = folder / "password", secrets.token_urlsafe(24)
    _write_private(given, password)
    locale = ["--locale=C.UTF-8"]
    if major_version(programs) >= _BUILTIN_LOCALE_SINCE:
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    run_program(
        programs / "initdb",
        "--no-sync",
        "--username=workbench",
        "--auth=scram-sha-256",
        f"--pwfile={given}",
        "--encoding=UTF8",
        *locale,
        fresh,
        user=user,
    )
    given.unlink()
    create = "create database workbench\n"
    run_program(programs / "postgres", "--single", "-D", fresh, "postgres", user=user, feed=create)
    _write_login(folder, Login(port=0, password=password))
    fresh.rename(folder / "data")


def refuse_other_version(folder: Path, *, programs: Path) -> None:
    """Return only if these programs can serve folder/data.

    Raises:
        DatabaseUnavailable: another major version made it.
    """
    ours = int((folder / "data" / "PG_VERSION").read_text())
    if (installed := major_version(programs)) != ours:
        raise DatabaseUnavailable(
            f"{folder} was made by PostgreSQL {ours}, installed here is {installed}",
            hint=f"install PostgreSQL {ours} again (PG_BINDIR), or move the folder away",
        )


def login(folder: Path) -> Login:
    """The login to the cluster in that folder.

    Raises:
        DatabaseUnavailable: it is lost.
    """
    try:
        return Login(**json.loads((folder / "server.json").read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        raise DatabaseUnavailable(
            f"{folder / 'server.json'}, which holds the password, is missing or damaged",
            hint="restore it, or move the folder away to begin anew",
        ) from None


def free_port(folder: Path) -> int:
    """The port of last time, or another where that is taken now; kept for the next time.

    Raises:
        DatabaseUnavailable: all are taken.
    """
    last = login(folder)
    for port in (last.port, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            free = int(probe.getsockname()[1])
        _write_login(folder, replace(last, port=free))
        return free
    raise DatabaseUnavailable("no port of 127.0.0.1 is free", hint="end a server that listens")


def _write_login(folder: Path, login: Login) -> None:
    _write_private(folder / "server.json", json.dumps(asdict(login)))


def _write_private(path: Path, text: str) -> None:
    """Write a file whole, readable by the folder's owner alone."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    owner = path.parent.stat()
    os.chown(draft, owner.st_uid, owner.st_gid)
    draft.replace(path)
