"""The schema of a database, brought to the version of this code.

These parts of sql/ make it, in this order:

    schema/       numbered; each file is applied once and never changed again
    views/        one object a file; all made again when one of them, or the schema, has changed
    timescaledb/  what the extension adds; idempotent, run again like the views, where it is there
    community/    what its Community edition adds, likewise
    access/       who may read and write what; idempotent, run again like the views
    comments/     what the columns mean; idempotent, run again like the views

ops.schema_migration records what was applied. A view that loses or retypes a column cannot be
replaced: a numbered migration drops it, and it is made again from its file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import errors

from workbench.db.connect import Database, Edition
from workbench.db.rights import may_see_upkeep
from workbench.db.script import statements_in
from workbench.db.statements import SQL_ROOT
from workbench.errors import DatabaseOutdated, DatabaseUnavailable, MigrationFailed

__all__ = ["IS_UNFINISHED", "migrate", "pending_migrations", "refuse_newer", "require_schema"]

_LOCK = """
set local idle_in_transaction_session_timeout = 0;
select pg_advisory_xact_lock(hashtext('workbench migrate'))
"""
_PREPARE = """
create schema if not exists ops;
create table if not exists ops.schema_migration (
    name text primary key,
    checksum text not null,
    applied_at timestamptz not null default now()
);
comment on table ops.schema_migration is 'One row per applied migration or set of SQL files.'
"""
_RECORD = """
insert into ops.schema_migration (name, checksum) values (%s, %s)
on conflict (name) do update set checksum = excluded.checksum, applied_at = now()
"""
# what a copy from another database notes while it is under way
IS_UNFINISHED = "select to_regclass('workbench_copy.progress') is not null"
_EVERY = frozenset(Edition)
# folders whose files are all run again when one of them, or the schema, has changed
_SETS = {
    "views": _EVERY,
    "timescaledb": _EVERY - {Edition.POSTGRESQL},
    "community": {Edition.TIMESCALEDB_COMMUNITY},
    "access": _EVERY,
    "comments": _EVERY,
}
# the setting is there when the server preloads the extension, without which creating it fails
_CAN_CREATE_TIMESCALEDB = """
select coalesce(bool_or(v.trusted and has_database_privilege(current_database(), 'create')
    or (select r.rolsuper from pg_catalog.pg_roles as r where r.rolname = current_user)), false)
from pg_catalog.pg_available_extension_versions as v
where v.name = 'timescaledb' and current_setting('timescaledb.disable_load', true) is not null
"""


@dataclass(frozen=True, slots=True)
class _Step:
    """Files applied together in one transaction, under one name."""

    name: str
    files: Sequence[Path]

    @property
    def checksum(self) -> str:
        texts = (f"{file.name}\n{file.read_text(encoding='utf-8')}" for file in self.files)
        return hashlib.sha256("".join(texts).encode()).hexdigest()


def migrate(database: Database, *, sql_root: Path = SQL_ROOT) -> list[str]:
    """Bring the schema to the version of this code; returns the names of what was applied.

    Each file of schema/ and each set is one transaction. Several processes may call it at once:
    one works, the others wait and find nothing left. Where the server offers TimescaleDB and this
    user may create it, it is created.

    Args:
        database: connected as the owner of its schemas.
        sql_root: folder that holds schema/, views/ and timescaledb/.

    Raises:
        MigrationFailed: a statement failed; earlier files stay applied, its own is rolled back.
        DatabaseOutdated: an applied file was changed, or the database is newer than the code.
    """
    with _alone(database):
        with database.connection() as connection:
            connection.execute(_PREPARE)
        _create_timescaledb(database)
        steps = _pending(database, sql_root)
        for step in steps:
            with database.connection() as connection:
                _apply(connection, step)
    return [step.name for step in steps]


def pending_migrations(database: Database, *, sql_root: Path = SQL_ROOT) -> list[str]:
    """Names of what migrate would apply; changes nothing.

    Raises:
        DatabaseOutdated: an applied file was changed, or the database is newer than the code.
    """
    return [step.name for step in _pending(database, sql_root)]


def require_schema(database: Database, *, sql_root: Path = SQL_ROOT) -> None:
    """Return only if the schema is that of this code, as far as this login may see.

    Raises:
        DatabaseOutdated: it is older or newer.
        DatabaseUnavailable: it is being copied from another one, and not complete.
    """
    with database.connection() as connection:
        if connection.execute(IS_UNFINISHED).fetchone() == (True,):
            raise DatabaseUnavailable(
                f"{database.label} is an unfinished copy of another database",
                hint="finish it: run the same workbench upgrade-edition --to again",
            )
    if not may_see_upkeep(database):
        return  # whoever made this login has migrated
    if pending := pending_migrations(database, sql_root=sql_root):
        raise DatabaseOutdated(
            f"the schema of {database.label} is older than this code: it lacks {pending[0]}",
            hint="workbench migrate",
        )


def refuse_newer(applied: Sequence[str], *, sql_root: Path = SQL_ROOT) -> None:
    """Return only if this code knows all these numbered migrations.

    Raises:
        DatabaseOutdated: it does not.
    """
    known = {f"schema/{file.stem}" for file in _files(sql_root / "schema")}
    if unknown := sorted(set(applied) - known):
        raise DatabaseOutdated(
            f"the backup has {unknown[0]}, which this code does not know",
            hint="install the newer workbench that made it",
        )


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    with database.connection() as connection:
        connection.execute(_LOCK)
        yield


def _create_timescaledb(database: Database) -> None:
    if database.edition is not Edition.POSTGRESQL:
        return
    with database.connection() as connection:
        row = connection.execute(_CAN_CREATE_TIMESCALEDB).fetchone()
        if row and row[0]:
            connection.execute("create extension timescaledb")
    database.find_edition()


def _pending(database: Database, root: Path) -> list[_Step]:
    numbered = [_Step(f"schema/{file.stem}", [file]) for file in _files(root / "schema")]
    folders = [name for name, editions in _SETS.items() if database.edition in editions]
    sets = [_Step(name, _files(root / name)) for name in folders]
    recorded = _recorded(database)
    _refuse_other_history(recorded, numbered)
    new = [step for step in numbered if step.name not in recorded]
    found = [step for step in sets if step.files]
    # a later set may replace what an earlier one makes, so it follows whenever that is run again
    stale = (n for n, step in enumerate(found) if new or recorded.get(step.name) != step.checksum)
    return new + found[next(stale, len(found)) :]


def _recorded(database: Database) -> dict[str, str]:
    with database.connection() as connection:
        if connection.execute("select to_regclass('ops.schema_migration')").fetchone() == (None,):
            return {}
        rows = connection.execute("select name, checksum from ops.schema_migration order by name")
        return dict(rows.fetchall())


def _refuse_other_history(recorded: Mapping[str, str], numbered: Sequence[_Step]) -> None:
    known = {step.name: step for step in numbered}
    applied = [name for name in recorded if name.startswith("schema/")]
    for name in applied:
        if name not in known:
            raise DatabaseOutdated(
                f"the database has {name}, which this code does not know",
                hint="install the newer workbench that this database was migrated by",
            )
        if recorded[name] != known[name].checksum:
            raise DatabaseOutdated(
                f"{name}.sql was changed after it was applied",
                hint="undo the change and write it as a new migration",
            )
    if late := [name for name in known if name not in recorded and name < max(applied, default="")]:
        raise DatabaseOutdated(
            f"{late[0]}.sql comes before {max(applied)}, which is applied already",
            hint="give it the next free number",
        )


def _apply(connection: psycopg.Connection, step: _Step) -> None:
    waiting = list(step.files)
    while waiting:
        late = [file for file in waiting if not _is_applied(connection, file)]
        if len(late) == len(waiting):
            _run(connection, late[0])
        waiting = late
    connection.execute(_RECORD, (step.name, step.checksum))


def _is_applied(connection: psycopg.Connection, file: Path) -> bool:
    """False where the file names an object that a later file of its set may make."""
    try:
        with connection.transaction():
            _run(connection, file)
    except MigrationFailed as failure:
        missing = (errors.UndefinedTable, errors.UndefinedColumn, errors.UndefinedFunction)
        if isinstance(failure.__cause__, missing):
            return False
        raise
    return True


def _run(connection: psycopg.Connection, file: Path) -> None:
    for line, text in statements_in(file.read_text(encoding="utf-8")):
        try:
            connection.execute(text)
        except psycopg.Error as error:
            if connection.broken:
                raise  # there is nothing to mend in the file
            position = int(error.diag.statement_position or 1)
            at = line + text.count("\n", 0, position - 1)
            raise MigrationFailed(
                f"{file.parent.name}/{file.name} line {at}: {error.diag.message_primary or error}",
                hint="nothing of that file was kept; mend it and run workbench migrate",
            ) from error


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.sql"))
