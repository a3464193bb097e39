"""Rows of a table from one server to another, in batches along its key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from workbench.db.connect import Database
from workbench.db.digests import columns_of

__all__ = [
    "Table",
    "between",
    "copy_rows_over",
    "next_position",
    "plain_session",
    "table_named",
    "writing",
]

# how values are written as text, whatever the server's settings are
_SESSION = """
set local idle_in_transaction_session_timeout = 0;
set local statement_timeout = 0;
set local row_security = off;
set local datestyle = 'ISO';
set local intervalstyle = 'postgres';
set local extra_float_digits = 1
"""
_KEY = """
select a.attname, format_type(a.atttypid, null)
from pg_catalog.pg_index as i
cross join lateral unnest(i.indkey::int2[]) with ordinality as k (attnum, position)
inner join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
where i.indrelid = to_regclass(%s) and i.indisprimary
order by k.position
"""
# those that are always enabled note what happens to the database itself, copied rows too; those of
# TimescaleDB are its own
_TRIGGERS = """
select t.tgname
from pg_catalog.pg_trigger as t
where
    t.tgrelid = to_regclass(%s)
    and not t.tgisinternal
    and t.tgenabled = 'O'
    and t.tgname !~ '^ts_'
"""


@dataclass(frozen=True, slots=True)
class Table:
    """What of a table its copy needs to know.

    Attributes:
        name: as schema.name.
        columns: those that can be written.
        key: columns of the primary key, with their types; empty where there is none.
    """

    name: str
    columns: Sequence[str]
    key: Sequence[tuple[str, str]]

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(*self.name.split("."))

    @property
    def part(self) -> sql.Composable:
        """Of the rows: the day of their key, so that what is new is together; else 256 lots."""
        for column, type_ in self.key:
            if type_ == "timestamp with time zone":
                day = "({} at time zone 'UTC')::date::text"
                return sql.SQL(day).format(sql.Identifier(column))
            if type_ == "date":
                return sql.SQL("{}::text").format(sql.Identifier(column))
        columns = [name for name, _ in self.key] or self.columns
        return sql.SQL("left(md5(row({})::text), 2)").format(_list(columns))


def plain_session(connection: psycopg.Connection) -> None:
    """Let this transaction write values as text in one way, see every row, and take its time."""
    connection.execute(_SESSION)


def table_named(connection: psycopg.Connection, name: str) -> Table:
    """What a copy of a table needs to know.

    Args:
        connection: to a database that has it.
        name: as schema.name.
    """
    columns = columns_of(connection, name, with_generated=False)
    return Table(name, columns, connection.execute(_KEY, (name,)).fetchall())


def next_position(
    reader: psycopg.Connection, table: Table, after: Sequence[str] | None, *, rows: int
) -> list[str] | None:
    """Key, as text, of the last of the next rows; None where no more than these are left."""
    if not table.key:
        return None
    key = _list([name for name, _ in table.key])
    texts = sql.SQL(", ").join(
        sql.SQL("{}::text").format(sql.Identifier(name)) for name, _ in table.key
    )
    query = sql.SQL(
        "select {texts} from {table} where {where} order by {key} offset {skipped} limit 1"
    ).format(
        texts=texts,
        table=table.identifier,
        where=between(table, after, None),
        key=key,
        skipped=sql.Literal(rows - 1),
    )
    row = reader.execute(query).fetchone()
    return list(row) if row else None


def between(
    table: Table, after: Sequence[str] | None, through: Sequence[str] | None
) -> sql.Composable:
    """Condition: rows whose key is above the one and not above the other."""
    key = _list([name for name, _ in table.key])
    bounds: list[sql.Composable] = [sql.SQL("true")]
    for sign, position in ((">", after), ("<=", through)):
        if position is not None:
            values = sql.SQL(", ").join(
                sql.SQL("{}::" + type_).format(sql.Literal(text))
                for text, (_, type_) in zip(position, table.key, strict=True)
            )
            bounds.append(sql.SQL("({}) " + sign + " ({})").format(key, values))
    return sql.SQL(" and ").join(bounds)


@contextmanager
def writing(target: Database, table: Table) -> Iterator[psycopg.Connection]:
    """A transaction in which the table's own triggers stay still: what they did came along."""
    with target.connection() as writer:
        plain_session(writer)
        triggers = [name for (name,) in writer.execute(_TRIGGERS, (table.name,)).fetchall()]
        disable = sql.SQL("alter table {} disable trigger {}")
        enable = sql.SQL("alter table {} enable trigger {}")
        for name in triggers:
            writer.execute(disable.format(table.identifier, sql.Identifier(name)))
        yield writer
        for name in triggers:
            writer.execute(enable.format(table.identifier, sql.Identifier(name)))


def copy_rows_over(
    reader: psycopg.Connection,
    writer: psycopg.Connection,
    table: Table,
    *,
    where: sql.Composable,
) -> int:
    """Copy the rows of a table that meet a condition; returns how many.

    Args:
        reader: of the source.
        writer: of the target.
        table: on both sides.
        where: the condition, over its columns.
    """
    names = {"columns": _list(table.columns), "table": table.identifier}
    out = sql.SQL("copy (select {columns} from {table} where {where}) to stdout")
    into = sql.SQL("copy {table} ({columns}) from stdin").format(**names)
    with reader.cursor() as read, writer.cursor() as written:
        with read.copy(out.format(where=where, **names)) as given, written.copy(into) as taken:
            for block in given:
                taken.write(block)
        return written.rowcount


def _list(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
