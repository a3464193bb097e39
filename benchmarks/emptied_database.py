"""A database of its own for each contender: migrated, empty, on one embedded server."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg
from psycopg import sql

from workbench.db import migrate, open_database, start_embedded, stop_embedded
from workbench.settings import Settings

__all__ = ["Cluster", "cluster"]

_TEMPLATE, _NAME = "workbench", "race"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Cluster:
    """The embedded server.

    Attributes:
        url: of the database that contenders write to.
        pid: of its main process.
        version: of PostgreSQL.
    """

    url: str
    pid: int
    version: str

    def renew(self) -> None:
        """The database anew, with no work left over from what was there before."""
        with psycopg.connect(_named(self.url, "postgres"), autocommit=True) as connection:
            name, template = sql.Identifier(_NAME), sql.Identifier(_TEMPLATE)
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(name))
            connection.execute(sql.SQL("create database {} template {}").format(name, template))
            connection.execute("checkpoint")

    def count(self) -> int:
        """Events that are stored."""
        with psycopg.connect(self.url) as connection:
            row = connection.execute("select count(*) from klaviyo.event").fetchone()
        assert row is not None
        return int(row[0])

    def dump(self, path: Path) -> None:
        """Write the events to a file as COPY reads them, in the order in which they are stored."""
        with (
            psycopg.connect(self.url) as connection,
            connection.cursor() as cursor,
            path.open("wb", buffering=_CHUNK) as rows,
            cursor.copy("copy klaviyo.event to stdout") as copy,
        ):
            for chunk in copy:
                rows.write(chunk)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """An embedded server in a temporary folder, gone with the block."""
    with tempfile.TemporaryDirectory(prefix="race-") as folder:
        data_dir = Path(folder)
        url = start_embedded(data_dir)
        try:
            settings = Settings(project_dir=Path.cwd(), data_dir=data_dir, runs_dir=data_dir)
            with open_database(settings) as database:
                migrate(database)
                version = database.server_version
            pid_file = data_dir / "postgres" / "data" / "postmaster.pid"
            pid = int(pid_file.read_text().splitlines()[0])
            assert psutil.pid_exists(pid)
            yield Cluster(_named(url, _NAME), pid, version)
        finally:
            stop_embedded(data_dir)


def _named(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
