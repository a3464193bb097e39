"""pg_dump and pg_restore, told where the database is without showing the password.

A command line can be read by every user of a machine. The password goes by the environment,
which only the same user can read.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg import Connection, pq
from psycopg.conninfo import make_conninfo

from workbench.db.binaries import client_dir
from workbench.errors import DatabaseUnavailable

__all__ = ["client_started", "server_major"]

_SECRET = b"*"  # how libpq marks the parameters that are not to be shown


def server_major(connection: Connection) -> int:
    """Major version of the server, such as 18."""
    return connection.info.server_version // 10_000


@contextmanager
def client_started(
    name: str, *arguments: str | Path, connection: Connection, version: int
) -> Iterator[subprocess.Popen[str]]:
    """A program of PostgreSQL at work on the database of a connection; it has ended afterwards.

    Args:
        name: pg_dump or pg_restore.
        arguments: words after it.
        connection: whose server, user and database it gets.
        version: the lowest major version of PostgreSQL that it may be of.

    Raises:
        DatabaseUnavailable: no such program is installed, or it ended with an error.
    """
    info = connection.info
    secrets = {o.keyword.decode() for o in pq.Conninfo.get_defaults() if o.dispchar == _SECRET}
    given = {key: word for key, word in info.get_parameters().items() if key not in secrets}
    command = [client_dir(version) / name, "--no-password", *arguments]
    env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "PGPASSWORD": info.password}
    with subprocess.Popen(
        [*command, f"--dbname={make_conninfo('', **given)}"],
        env=env | {key: os.environ[key] for key in ("HOME",) if key in os.environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
            _, complained = process.communicate()
        finally:
            process.kill()  # no more than a gesture to one that has ended
    if process.returncode != 0:
        raise DatabaseUnavailable(
            f"{name} failed: {_reason(complained)}",
            hint="mend that; what it wrote is removed",
        )


def _reason(complained: str) -> str:
    """The first line that tells of an error; a row's values, which follow it, are left out."""
    lines = [line for line in complained.splitlines() if "error:" in line]
    return (lines or complained.splitlines() or ["no message"])[0].partition("error: ")[2] or "?"
