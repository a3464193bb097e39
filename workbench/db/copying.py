"""Rows, lines and frames into a table by COPY, the fastest way in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson
import pandas as pd
import psycopg
from psycopg import sql

__all__ = ["copy_frame", "copy_lines", "copy_new_lines", "copy_rows"]

_JSON = {psycopg.adapters.types[name].oid for name in ("json", "jsonb")}
_INTEGERS = {psycopg.adapters.types[name].oid for name in ("int2", "int4", "int8")}
_FRAME_ROWS = 50_000  # rows turned into Python objects at once
_LINES = 500  # written at once: a whole window's would be held twice more, joined and on its way


def copy_rows(
    cursor: psycopg.Cursor, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """Append rows to a table; returns how many.

    Args:
        cursor: of the transaction to write in.
        table: ``"schema.name"``, or ``"name"`` of a temporary table.
        columns: the columns that each row gives, in its order.
        rows: values a column: None is null; for a json column a dict, a list, or JSON as text.
    """
    types = _types(cursor, table, columns)
    json = [n for n, oid in enumerate(types) if oid in _JSON]
    count = 0
    into = sql.SQL("copy {} ({}) from stdin").format(_table(table), _list(columns))
    with cursor.copy(into) as copy:
        for row in _with_json_text(rows, at=json) if json else rows:
            copy.write_row(row)
            count += 1
    return count


def copy_lines(
    cursor: psycopg.Cursor,
    table: str,
    columns: Sequence[str],
    lines: Sequence[bytes],
    *,
    separator: str,
    null: str,
) -> None:
    """Append rows that are written already as COPY reads them.

    Args:
        cursor: of the transaction to write in.
        table: ``"schema.name"``, or ``"name"`` of a temporary table.
        columns: the columns that each line gives, in its order.
        lines: text format in UTF-8, backslashes and line ends escaped.
        separator: one character between columns.
        null: what stands for null.
    """
    options = "format text, encoding 'UTF8', delimiter {}, null {}"
    into = sql.SQL("copy {} ({}) from stdin with (" + options + ")").format(
        _table(table), _list(columns), sql.Literal(separator), sql.Literal(null)
    )
    with cursor.copy(into) as copy:
        for first in range(0, len(lines), _LINES):
            copy.write(b"\n".join((*lines[first : first + _LINES], b"")))


def copy_new_lines(
    cursor: psycopg.Cursor,
    table: str,
    columns: Sequence[str],
    lines: Sequence[bytes],
    **written: str,
) -> bool:
    """The same, unless one of the rows is there already: then none is appended, and it is false."""
    try:
        with cursor.connection.transaction():
            copy_lines(cursor, table, columns, lines, **written)
    except psycopg.errors.UniqueViolation:
        return False
    return True


def copy_frame(cursor: psycopg.Cursor, table: str, frame: pd.DataFrame) -> int:
    """Append a frame to a table; returns how many rows. NaN, NaT and None become null.

    Args:
        cursor: of the transaction to write in.
        table: ``"schema.name"``, or ``"name"`` of a temporary table.
        frame: columns named as the table's; the index is not written.

    Raises:
        TypeError: an integer column of the table would have got a fraction.
    """
    columns = [str(name) for name in frame.columns]
    types = _types(cursor, table, columns)
    return copy_rows(cursor, table, columns, _rows(frame, types=types))


def _rows(frame: pd.DataFrame, *, types: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    whole = [
        name
        for name, oid in zip(frame.columns, types, strict=True)
        if oid in _INTEGERS and pd.api.types.is_float_dtype(frame[name])
    ]
    for start in range(0, len(frame), _FRAME_ROWS):
        # a nullable integer was read as float64: 3.0 must go back as 3
        part = frame.iloc[start : start + _FRAME_ROWS].astype(dict.fromkeys(whole, "Int64"))
        cells = part.astype(object).mask(part.isna(), None)
        yield from cells.itertuples(index=False, name=None)


def _with_json_text(rows: Iterable[Sequence[Any]], *, at: Sequence[int]) -> Iterator[Sequence[Any]]:
    """Rows whose dicts and lists for a json column are text; psycopg would send lists as arrays."""
    for row in rows:
        values = row
        for n in at:
            if isinstance(row[n], (dict, list)):
                values = [*values]
                values[n] = orjson.dumps(row[n]).decode()
        yield values


def _types(cursor: psycopg.Cursor, table: str, columns: Sequence[str]) -> list[int]:
    cursor.execute(sql.SQL("select {} from {} limit 0").format(_list(columns), _table(table)))
    return [column.type_code for column in cursor.description or []]


def _table(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split("."))


def _list(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
