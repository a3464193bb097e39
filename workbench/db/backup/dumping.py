"""A backup: the dump and its manifest, of one snapshot."""

from __future__ import annotations

import datetime as dt
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg import Connection
from psycopg.errors import InsufficientPrivilege

from workbench import __version__
from workbench.db.backup.manifest import (
    DUMP,
    MANIFEST,
    Manifest,
    TableSum,
    Told,
    file_digest,
    table_sums,
)
from workbench.db.backup.programs import client_started, server_major
from workbench.db.binaries import client_dir, major_version
from workbench.db.connect import Database
from workbench.errors import DatabaseUnavailable, InputInvalid

__all__ = ["back_up"]

_BEGIN = "set transaction isolation level repeatable read read only"
_SNAPSHOT = "select pg_export_snapshot(), now(), current_database()"
_MIGRATIONS = "select name from ops.schema_migration where name like 'schema/%' order by name"


def back_up(database: Database, target: Path, *, told: Told) -> tuple[Path, Manifest]:
    """Write a backup; returns its folder and its manifest. Others may write meanwhile.

    Args:
        database: migrated; connected as the owner of its tables.
        target: the folder to make; where there is one already, a folder in it that is named for
            the database and the instant.
        told: called before each table whose checksum is taken.

    Raises:
        InputInvalid: the target is a file.
        DatabaseUnavailable: pg_dump is missing, too old or failed, or this user may not read all;
            nothing is left.
    """
    with database.connection() as connection:
        connection.execute(_BEGIN)
        row = connection.execute(_SNAPSHOT).fetchone()
        assert row is not None
        snapshot, taken_at, name = row
        backup = _backup_folder(target, name=name, taken_at=taken_at)
        with _draft(backup) as draft:
            tables = _dump(connection, draft / DUMP, snapshot=snapshot, told=told)
            manifest = Manifest(
                workbench=__version__,
                database=name,
                taken_at=taken_at.isoformat(),
                edition=database.edition.value,
                postgresql=server_major(connection),
                timescaledb=database.timescaledb_version,
                programs=major_version(client_dir(server_major(connection)), "pg_dump"),
                migrations=[applied for (applied,) in connection.execute(_MIGRATIONS)],
                dump_bytes=(draft / DUMP).stat().st_size,
                dump_sha256=file_digest(draft / DUMP),
                tables=tables,
            )
            (draft / MANIFEST).write_text(manifest.as_json(), encoding="utf-8")
    return backup, manifest


def _dump(connection: Connection, file: Path, *, snapshot: str, told: Told) -> list[TableSum]:
    with client_started(
        "pg_dump",
        "--format=custom",
        # a higher level takes twice the time for a tenth of the size
        "--compress=1",
        "--no-owner",
        "--no-privileges",
        "--lock-wait-timeout=60s",
        f"--snapshot={snapshot}",
        f"--file={file}",
        connection=connection,
        version=server_major(connection),
    ):
        try:
            return list(table_sums(connection, told))
        except InsufficientPrivilege as error:
            raise DatabaseUnavailable(
                f"this user may not read everything: {error.diag.message_primary}",
                hint="back up as the owner of the tables",
            ) from None


def _backup_folder(target: Path, *, name: str, taken_at: dt.datetime) -> Path:
    if target.is_file():
        raise InputInvalid(f"{target} is a file", hint="name a folder: a backup is one")
    if not target.is_dir():
        return target
    return target / f"{name}-{taken_at:%Y%m%dT%H%M%S}Z"


@contextmanager
def _draft(backup: Path) -> Iterator[Path]:
    """A folder under another name, which gets its own at the end, or goes."""
    backup.parent.mkdir(parents=True, exist_ok=True)
    draft = backup.with_name(f".{backup.name}.{secrets.token_hex(4)}")
    draft.mkdir(mode=0o700)  # it holds personal data
    try:
        yield draft
        draft.rename(backup)
    except BaseException:
        shutil.rmtree(draft)
        raise
