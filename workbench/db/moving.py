"""A whole database copied to another server: of any edition, and from any edition.

    1. the target gets the schema and a mark that says: unfinished; nothing else opens it
    2. table after table comes over in the order of its key, 50,000 rows a transaction, which also
       notes how far it has come
    3. every table is compared part by part, and parts that differ are copied again
    4. foreign keys are checked, numbers of identity columns set, and the mark is gone: one
       transaction

Killed at any moment, the next call goes on: what was copied stays, and what has changed in the
source meanwhile is found in step 3. The source is read as of one instant, and no sync of it can
run until the copy ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import orjson
import psycopg
from psycopg import sql

from workbench.db.batches import (
    Table,
    between,
    copy_rows_over,
    next_position,
    plain_session,
    table_named,
    writing,
)
from workbench.db.connect import Database
from workbench.db.digests import Digest, digests_by_part, relations_of
from workbench.db.editions import refresh_aggregates
from workbench.db.migrations import IS_UNFINISHED, migrate
from workbench.db.statements import statement
from workbench.errors import CopyDiffers, InputInvalid, SyncRunning

__all__ = ["CopiedTable", "Told", "copy_database", "count_rows"]

_SCHEMAS = ("klaviyo", "mart", "model", "ops")
# what each database says of itself
_KEPT_APART = {"ops.schema_migration", "ops.data_change", "ops.data_change_total"}
_ONLY_COPY = "select pg_try_advisory_xact_lock(hashtext('workbench copy'))"
_MARK = """
create schema if not exists workbench_copy;
create table if not exists workbench_copy.progress (
    relation text primary key,
    position jsonb not null,
    is_done boolean not null,
    count_rows bigint not null
);
comment on schema workbench_copy is 'An unfinished copy of another database; gone when complete.';
"""
_FOREIGN_KEYS = """
create table workbench_copy.foreign_key as
select c.conrelid::regclass::text as relation, c.conname as name, pg_get_constraintdef(c.oid) as def
from pg_catalog.pg_constraint as c
where c.contype = 'f' and c.conparentid = 0 and c.connamespace::regnamespace::text = any(%s)
"""
_SEQUENCES = """
select a.attname
from pg_catalog.pg_attribute as a
where a.attrelid = to_regclass(%s) and a.attidentity <> '' and not a.attisdropped
"""
_PROGRESS = """
select position, is_done, count_rows from workbench_copy.progress where relation = %s
"""
_NOTE = """
insert into workbench_copy.progress as p (relation, position, is_done, count_rows)
values (%(relation)s, %(position)s, %(is_done)s, %(rows)s)
on conflict (relation) do update
set
    position = excluded.position,
    is_done = excluded.is_done,
    count_rows = p.count_rows + excluded.count_rows
"""

Told = Callable[[str, str, int], None]


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table of both databases, found equal.

    Attributes:
        name: as schema.name.
        rows: on either side.
        checksum: of all rows, the same on both sides.
    """

    name: str
    rows: int
    checksum: int


def copy_database(
    source: Database, target: Database, *, told: Told, batch_rows: int = 50_000
) -> list[CopiedTable]:
    """Copy every table to an empty database, or go on with a copy that was interrupted.

    Args:
        source: of this code's schema; syncs of it are kept out.
        target: another database, whose owner this user is.
        told: called with what is done ("copy" or "compare"), the table, and rows done since.
        batch_rows: most rows of a transaction on the target.

    Raises:
        InputInvalid: the target is in use, or is the source.
        SyncRunning: a sync of the source is at work.
        CopyDiffers: a table is not equal although it was copied twice.
    """
    with ExitStack() as held:
        _keep_syncs_out(held.enter_context(source.connection()))
        _keep_copies_out(held.enter_context(target.connection()), target)
        reader = held.enter_context(source.connection())
        reader.execute("set transaction isolation level repeatable read, read only")
        plain_session(reader)
        _prepare(target)
        tables = list(_tables(reader))
        for table in tables:
            _copy_table(reader, target, table, told, batch_rows=batch_rows)
        copied = [_compared(reader, target, table, told) for table in tables]
        _finish(reader, target, tables)
    return copied


def count_rows(database: Database) -> int:
    """Rows of all tables that a copy would bring over."""
    with database.connection() as connection:
        count = sql.SQL("select count(*) from {}")
        found = [connection.execute(count.format(t.identifier)) for t in _tables(connection)]
        return sum(row[0] for each in found for row in each)


def _keep_syncs_out(connection: psycopg.Connection) -> None:
    plain_session(connection)
    connection.execute(_ONLY_COPY)
    for (account_id,) in connection.execute("select account_id from klaviyo.account").fetchall():
        params = {"account_id": account_id}
        row = connection.execute(statement("writes/lock_account_sync"), params).fetchone()
        if not row or not row[0]:
            raise SyncRunning(
                f"a sync of account {account_id} is at work", hint="wait for it, or stop it"
            )


def _keep_copies_out(connection: psycopg.Connection, target: Database) -> None:
    connection.execute("set local idle_in_transaction_session_timeout = 0")
    row = connection.execute(_ONLY_COPY).fetchone()
    if not row or not row[0]:
        raise InputInvalid(
            f"{target.label} is being copied to or from already, or is the database itself",
            hint="wait for the other copy, or name another database",
        )


def _prepare(target: Database) -> None:
    with target.connection() as connection:
        is_begun = bool(_value(connection, IS_UNFINISHED))
        if not is_begun and _value(connection, "select to_regclass('klaviyo.account')"):
            _refuse_used(connection, target)
        connection.execute(_MARK)
    migrate(target)
    with target.connection() as connection:
        # they halve the speed of COPY, and forbid to put a table right that others refer to
        if _value(connection, "select to_regclass('workbench_copy.foreign_key')") is None:
            connection.execute(_FOREIGN_KEYS, (list(_SCHEMAS),))
            for relation, name, _ in _foreign_keys(connection):
                drop = sql.SQL("alter table {} drop constraint {}")
                connection.execute(drop.format(_named(relation), sql.Identifier(name)))


def _refuse_used(connection: psycopg.Connection, target: Database) -> None:
    if accounts := _value(connection, "select count(*) from klaviyo.account"):
        raise InputInvalid(
            f"{target.label} holds {accounts} accounts already", hint="name an empty database"
        )


def _tables(reader: psycopg.Connection) -> Iterator[Table]:
    for schema in _SCHEMAS:
        for relation in relations_of(reader, schema, kinds=("r", "p")):
            if f"{schema}.{relation}" not in _KEPT_APART:
                yield table_named(reader, f"{schema}.{relation}")


def _copy_table(
    reader: psycopg.Connection, target: Database, table: Table, told: Told, *, batch_rows: int
) -> None:
    with target.connection() as connection:
        found = connection.execute(_PROGRESS, (table.name,)).fetchone()
    position, is_done, rows = found or (None, False, 0)
    told("copy", table.name, rows)
    while not is_done:
        after, position = position, next_position(reader, table, position, rows=batch_rows)
        is_done = position is None
        with writing(target, table) as writer:
            if after is None:
                writer.execute(sql.SQL("truncate {}").format(table.identifier))
            rows = copy_rows_over(reader, writer, table, where=between(table, after, position))
            note = {"relation": table.name, "is_done": is_done, "rows": rows}
            writer.execute(_NOTE, {**note, "position": orjson.dumps(position or []).decode()})
        told("copy", table.name, rows)


def _compared(
    reader: psycopg.Connection, target: Database, table: Table, told: Told
) -> CopiedTable:
    """The table, once both sides are equal; parts that differ are copied again, one time."""
    theirs = digests_by_part(reader, table.name, part=table.part)
    for is_repaired in (False, True):
        with target.connection() as connection:
            plain_session(connection)
            ours = digests_by_part(connection, table.name, part=table.part)
        differing = [p for p in {*theirs, *ours} if theirs.get(p) != ours.get(p)]
        if not differing:
            total = sum(theirs.values(), Digest())
            told("compare", table.name, total.rows)
            return CopiedTable(table.name, total.rows, total.checksum)
        if not is_repaired:
            _copy_parts(reader, target, table, sorted(differing))
    raise CopyDiffers(
        f"{table.name} differs from its source in {len(differing)} parts, such as {differing[0]}",
        hint="see that nobody else writes to the target; then run the command again",
    )


def _copy_parts(
    reader: psycopg.Connection, target: Database, table: Table, parts: Sequence[str]
) -> None:
    where = sql.SQL("{} = any({})").format(table.part, sql.Literal(list(parts)))
    with writing(target, table) as writer:
        writer.execute(sql.SQL("delete from {} where {}").format(table.identifier, where))
        copy_rows_over(reader, writer, table, where=where)


def _finish(reader: psycopg.Connection, target: Database, tables: Sequence[Table]) -> None:
    with target.apart() as connection:
        for table in tables:
            connection.execute(sql.SQL("analyze {}").format(table.identifier))
    refresh_aggregates(target)
    with target.connection() as connection:
        plain_session(connection)
        for table in tables:
            _set_numbers(reader, connection, table)
        for relation, name, definition in _foreign_keys(connection):
            add = sql.SQL("alter table {} add constraint {} " + definition)
            connection.execute(add.format(_named(relation), sql.Identifier(name)))
        connection.execute("drop schema workbench_copy cascade")


def _set_numbers(reader: psycopg.Connection, connection: psycopg.Connection, table: Table) -> None:
    """Let identity columns go on behind the source's numbers."""
    for (column,) in reader.execute(_SEQUENCES, (table.name,)).fetchall():
        sequence = _value(reader, "select pg_get_serial_sequence(%s, %s)", table.name, column)
        state = sql.SQL("select last_value, is_called from {}").format(_named(str(sequence)))
        last, is_called = reader.execute(state).fetchone() or (1, False)
        connection.execute(
            "select setval(pg_get_serial_sequence(%s, %s), %s, %s)",
            (table.name, column, last, is_called),
        )


def _foreign_keys(connection: psycopg.Connection) -> list[tuple[str, str, str]]:
    query = "select relation, name, def from workbench_copy.foreign_key order by relation, name"
    return connection.execute(query).fetchall()


def _value(connection: psycopg.Connection, query: str, *params: str) -> object:
    row = connection.execute(query, params).fetchone()
    return row[0] if row else None


def _named(relation: str) -> sql.Identifier:
    return sql.Identifier(*relation.split("."))
