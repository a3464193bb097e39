"""Statements that an analyst writes: they read, and cannot write.

Four things see to it, each enough for most: the statement is declared as a cursor, which only a
select can be; it is sent in the form that takes one statement alone; its transaction is read only
from before its first word; and it is rolled back in the end, with all that it set.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import pandas as pd
import psycopg
import pyarrow as pa
from psycopg import errors
from psycopg.types.numeric import FloatLoader

from workbench.db.arrow import copied_table
from workbench.db.binding import Bound, bound
from workbench.db.connect import Database
from workbench.db.frames import frame_of
from workbench.db.likely import likely_names
from workbench.errors import QueryInvalid

__all__ = ["Answer", "ask", "ask_arrow"]

_Result = TypeVar("_Result")

_ROWS = 50_000  # held at once as Python objects
_CURSOR = "asked"
_BEFORE = len(f'DECLARE "{_CURSOR}" CURSOR FOR ')  # what the server counts before the statement
_DATA_ERROR = "22"  # class of errors whose message may quote a value
_SECRET = re.compile(r': ".*', re.DOTALL)
_SELECTS = "one select at a time (or with, values, table) can be asked here"


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows of a statement.

    Attributes:
        frame: the rows, typed as ``read_frame`` does it.
        is_cut: there were more.
    """

    frame: pd.DataFrame
    is_cut: bool


def ask(
    database: Database,
    text: str,
    params: Mapping[str, Any],
    *,
    max_rows: int | None,
    seconds: float,
) -> Answer:
    """Rows of a statement that can do nothing but read.

    Args:
        database: where to ask.
        text: one select; parameters are ``:name`` or ``%(name)s``.
        params: their values.
        max_rows: rows at most; all when None.
        seconds: after which the server ends it.

    Raises:
        QueryInvalid: it is wrong, is no select, would write, or takes too long.
    """
    asked = bound(text.strip().removesuffix(";"), params)
    return _answered(
        database,
        asked,
        lambda connection: _rows(connection, asked, max_rows=max_rows),
        seconds=seconds,
    )


def ask_arrow(
    database: Database, text: str, params: Mapping[str, Any], *, seconds: float
) -> pa.Table:
    """All rows of a statement as an Arrow table, which is several times faster; else as ``ask``."""
    asked = bound(text.strip().removesuffix(";"), params)

    def copied(connection: psycopg.Connection) -> pa.Table:
        # COPY itself would take more than a select: first it is proven to be one
        with psycopg.RawServerCursor(connection, _CURSOR) as cursor:
            cursor.execute(asked.sent, asked.values)
            described = cursor.description or []
        return copied_table(connection, asked.written_out, described)

    return _answered(database, asked, copied, seconds=seconds)


def _answered(
    database: Database,
    asked: Bound,
    work: Callable[[psycopg.Connection], _Result],
    *,
    seconds: float,
) -> _Result:
    try:
        with _nothing_kept(database, seconds=seconds) as connection:
            return work(connection)
    except psycopg.Error as error:
        failure = error
    # raised outside the handler: psycopg's error carries the connection, and that the password
    raise _told(database, asked, failure, seconds=seconds)


@contextmanager
def _nothing_kept(database: Database, *, seconds: float) -> Iterator[psycopg.Connection]:
    with database.connection() as connection:
        with connection.transaction(force_rollback=True):
            connection.execute("set transaction read only")
            connection.execute(
                "select set_config('statement_timeout', %s, true)", [f"{round(seconds * 1000)}ms"]
            )
            yield connection
        connection.execute("select pg_advisory_unlock_all()")  # outlive a rollback


def _rows(connection: psycopg.Connection, asked: Bound, *, max_rows: int | None) -> Answer:
    with psycopg.RawServerCursor(connection, _CURSOR) as cursor:
        cursor.adapters.register_loader("numeric", FloatLoader)
        cursor.execute(asked.sent, asked.values)
        described = cursor.description or []
        parts, left = [], None if max_rows is None else max_rows + 1
        while left is None or left > 0:
            rows = cursor.fetchmany(_ROWS if left is None else min(_ROWS, left))
            parts.append(frame_of(rows, described))
            if len(rows) < _ROWS:
                break
            left = None if left is None else left - len(rows)
    frame = _joined(parts)
    if max_rows is None or len(frame) <= max_rows:
        return Answer(frame, is_cut=False)
    return Answer(frame.iloc[:max_rows].reset_index(drop=True), is_cut=True)


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [part for part in parts if len(part)] or parts[:1]
    return filled[0] if len(filled) == 1 else pd.concat(filled, ignore_index=True)


def _told(
    database: Database, asked: Bound, error: psycopg.Error, *, seconds: float
) -> QueryInvalid:
    """What is wrong with a statement, in words of its author."""
    match error:
        case errors.QueryCanceled():
            return QueryInvalid(
                f"the statement was ended after {seconds:g} s",
                hint="ask for fewer days, or give it longer: seconds=600",
            )
        case errors.ReadOnlySqlTransaction():
            return QueryInvalid("the statement would write: it was refused", hint=_SELECTS)
    said = error.diag.message_primary or str(error).partition("\n")[0]
    state = error.sqlstate or ""
    if state.startswith(_DATA_ERROR):
        said = _SECRET.sub("", said)  # the value may be a person's
    names = likely_names(database, asked.text, said)
    hint = f"did you mean {' or '.join(names)}?" if names else _hint(error, said)
    return QueryInvalid(said + _place(asked, error), hint=hint)


def _hint(error: psycopg.Error, said: str) -> str:
    if isinstance(error, errors.SyntaxError) or "DECLARE CURSOR" in said:
        return _SELECTS
    return error.diag.message_hint or ""


def _place(asked: Bound, error: psycopg.Error) -> str:
    """The line of the mistake, and a caret below it."""
    counted = int(error.diag.statement_position or 0)
    if counted <= _BEFORE:
        return ""
    at = asked.written_at(counted - _BEFORE - 1)
    begin = asked.text.rfind("\n", 0, at) + 1
    line = asked.text[begin:].partition("\n")[0]
    number = f"line {asked.text.count(chr(10), 0, begin) + 1}: "
    return f"\n{number}{line}\n{' ' * (len(number) + at - begin)}^"
