"""A backup made a database again, and compared with its manifest."""

from __future__ import annotations

import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from workbench.db.backup.manifest import (
    DUMP,
    Manifest,
    Told,
    Verdict,
    read_manifest,
    table_sums,
    verdicts,
)
from workbench.db.backup.programs import client_started, server_major
from workbench.db.binaries import client_dir, run_program
from workbench.db.connect import Database, Edition
from workbench.db.migrations import migrate, refuse_newer
from workbench.db.statements import statement
from workbench.errors import DatabaseUnavailable, InputInvalid, RestoreDiffers

__all__ = ["drill", "restore"]

# Roles belong to a server, not to a database: who may do what is made again by migrate. Comments
# on an extension belong to whoever installed it.
_MADE_AGAIN = re.compile(
    r"^\d+; \d+ \d+ (POLICY|ROW SECURITY|ACL|DEFAULT ACL|COMMENT \S+ (EXTENSION|POLICY)) "
)
_FORGET_SETS = "delete from ops.schema_migration where name not like 'schema/%'"
_OR_COPY = "; or copy the database itself, into any edition: workbench upgrade-edition --to URL"
_OWN_SCHEMAS = r"""
select nspname from pg_catalog.pg_namespace as n
where nspname not like 'pg\_%' and nspname not in ('public', 'information_schema')
    and not exists (
        select from pg_catalog.pg_depend as d
        where d.classid = 'pg_catalog.pg_namespace'::regclass and d.objid = n.oid
            and d.deptype = 'e'
    )
"""
_OFFERED = """
select exists (
    select from pg_catalog.pg_available_extension_versions
    where name = 'timescaledb' and version = %s
)
"""


def restore(backup: Path, *, database: Database, into: str | None, told: Told) -> Manifest:
    """Make a backup the content of a database, brought to the schema of this code.

    Args:
        backup: folder that back_up wrote.
        database: where to; it must be empty. With ``into``, any database of the server.
        into: name of a database to create; None for ``database`` itself.
        told: called at each step.

    Raises:
        InputInvalid: the backup is damaged, the database is not empty, or ``into`` exists.
        DatabaseOutdated: a newer workbench made the backup.
        DatabaseUnavailable: the server lacks what the backup needs, or a program failed.
        RestoreDiffers: what was restored is not what was dumped.
    """
    manifest = read_manifest(backup)
    refuse_newer(manifest.migrations)
    conninfo = _conninfo(database)
    if into is None:
        with _emptied_on_failure(conninfo):
            _make(backup, manifest, conninfo=conninfo, told=told)
        return manifest
    with _created(conninfo, into) as created:
        _make(backup, manifest, conninfo=created, told=told)
    return manifest


def drill(backup: Path, *, database: Database, told: Told) -> list[Verdict]:
    """Restore a backup into a database that is dropped again; how each table compares.

    Args:
        backup: folder that back_up wrote.
        database: any of the server to try it on; it is not touched.
        told: called at each step.

    Raises:
        InputInvalid: the backup is damaged.
        DatabaseUnavailable: the server lacks what the backup needs, or a program failed.
    """
    manifest = read_manifest(backup)
    conninfo, name = _conninfo(database), f"{manifest.database[:40]}_drill_{secrets.token_hex(4)}"
    with _created(conninfo, name) as scratch:
        try:
            _load(backup, manifest, conninfo=scratch, told=told)
            return _compared(manifest, conninfo=scratch, told=told)
        finally:
            _drop(conninfo, name)


def _make(backup: Path, manifest: Manifest, *, conninfo: str, told: Told) -> None:
    _load(backup, manifest, conninfo=conninfo, told=told)
    found = _compared(manifest, conninfo=conninfo, told=told)
    if differing := [verdict for verdict in found if not verdict.is_same]:
        first = differing[0]
        raise RestoreDiffers(
            f"{len(differing)} restored tables are not as the backup says, such as"
            f" {first.table}: {first.verdict}",
            hint="workbench restore --drill shows every table; restore an older backup",
        )
    told("schema", 0, 1)
    with Database(conninfo) as restored:
        with restored.connection() as connection:
            connection.execute(_FORGET_SETS)
        migrate(restored)
        with restored.connection() as connection:
            connection.execute("analyze")


def _load(backup: Path, manifest: Manifest, *, conninfo: str, told: Told) -> None:
    told(DUMP, 0, 1)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        _refuse_unfit(connection, manifest)
        version = max(server_major(connection), manifest.programs)
        with (
            _contents(backup / DUMP, programs=client_dir(version)) as contents,
            _timescaledb_restoring(connection, manifest),
            client_started(
                "pg_restore",
                "--single-transaction",
                "--exit-on-error",
                "--no-owner",
                "--no-privileges",
                f"--use-list={contents}",
                backup / DUMP,
                connection=connection,
                version=version,
            ),
        ):
            pass


def _refuse_unfit(connection: psycopg.Connection, manifest: Manifest) -> None:
    if (here := server_major(connection)) < manifest.postgresql:
        raise DatabaseUnavailable(
            f"the backup is of PostgreSQL {manifest.postgresql}, the server is {here}",
            hint=f"restore it on PostgreSQL {manifest.postgresql} or newer",
        )
    if (tables := connection.execute(statement("reads/stored_tables"), {}).fetchall()) != []:
        raise InputInvalid(
            f"the database {connection.info.dbname} is not empty: it has {len(tables)} tables",
            hint="restore into a new one: workbench restore BACKUP --into NAME",
        )
    if manifest.timescaledb is None:
        return
    row = connection.execute(_OFFERED, [manifest.timescaledb]).fetchone()
    if row != (True,):
        raise DatabaseUnavailable(
            f"the backup is of TimescaleDB {manifest.timescaledb}, which this server lacks",
            hint=f"install that very version there, and update it after the restore{_OR_COPY}",
        )


@contextmanager
def _timescaledb_restoring(connection: psycopg.Connection, manifest: Manifest) -> Iterator[None]:
    """The extension, of that version, leaving its catalog to the restore meanwhile."""
    if manifest.timescaledb is None:
        yield
        return
    create = sql.SQL("create extension if not exists timescaledb version {}")
    connection.execute(create.format(sql.Literal(manifest.timescaledb)))
    # only now does the server know the setting
    license_ = connection.execute("select current_setting('timescaledb.license', true)").fetchone()
    if manifest.edition == Edition.TIMESCALEDB_COMMUNITY.value and license_ == ("apache",):
        raise DatabaseUnavailable(
            f"the backup is of {manifest.edition}, whose columnstore this server cannot read",
            hint=f"restore it on a server with timescaledb.license = 'timescale'{_OR_COPY}",
        )
    connection.execute("select timescaledb_pre_restore()")
    try:
        yield
    finally:
        connection.execute("select timescaledb_post_restore()")


@contextmanager
def _contents(dump: Path, *, programs: Path) -> Iterator[Path]:
    """The list of what to restore, in a file."""
    listed = run_program(programs / "pg_restore", "--list", dump)
    kept = [line for line in listed.splitlines() if not _MADE_AGAIN.match(line)]
    with tempfile.NamedTemporaryFile("w", suffix=".list", encoding="utf-8") as file:
        file.write("\n".join(kept) + "\n")
        file.flush()
        yield Path(file.name)


def _compared(manifest: Manifest, *, conninfo: str, told: Told) -> list[Verdict]:
    with psycopg.connect(conninfo) as connection:
        return verdicts(manifest.tables, list(table_sums(connection, told)))


def _conninfo(database: Database) -> str:
    with database.connection() as connection:
        info = connection.info
        return make_conninfo("", **info.get_parameters(), password=info.password)


@contextmanager
def _created(conninfo: str, name: str) -> Iterator[str]:
    """Conninfo of a new database, which is dropped when the block fails."""
    create = sql.SQL("create database {} template template0").format(sql.Identifier(name))
    with psycopg.connect(conninfo, autocommit=True) as connection:
        try:
            connection.execute(create)
        except (psycopg.errors.DuplicateDatabase, psycopg.errors.InsufficientPrivilege) as error:
            raise InputInvalid(
                f"cannot create the database {name}: {error.diag.message_primary}",
                hint="choose another name, or let a user who may create databases do it",
            ) from None
    try:
        yield make_conninfo(conninfo, dbname=name)
    except BaseException:
        _drop(conninfo, name)
        raise


def _drop(conninfo: str, name: str) -> None:
    drop = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(drop)


@contextmanager
def _emptied_on_failure(conninfo: str) -> Iterator[None]:
    """The dump itself is restored whole or not at all; what follows it is undone here."""
    with psycopg.connect(conninfo) as connection:
        before = {name for (name,) in connection.execute(_OWN_SCHEMAS)}
    try:
        yield
    except BaseException:
        with psycopg.connect(conninfo) as connection:
            after = {name for (name,) in connection.execute(_OWN_SCHEMAS)}
            for name in sorted(after - before):
                connection.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(name)))
        raise
