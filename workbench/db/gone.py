"""Rows whose originals are gone: found by what a whole listing did not have, kept and marked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from psycopg import Cursor, sql

__all__ = ["mark_gone", "rows_not_met", "unmark_gone"]


def rows_not_met(
    cursor: Cursor[Any], table: str, id_column: str, *, account_id: str, met: Collection[str]
) -> list[str]:
    """Ids that the table has, not marked, and that are not among those met; sorted.

    Args:
        cursor: of an open transaction.
        table: as schema.table; has columns account_id and deleted_at.
        id_column: the column of its ids.
        account_id: whose rows.
        met: the ids that a whole listing had.
    """
    query = sql.SQL(
        "select {id} from {table} where account_id = %s and deleted_at is null"
        " and {id} <> all(%s) order by {id}"
    ).format(id=sql.Identifier(id_column), table=_table(table))
    return [row[0] for row in cursor.execute(query, (account_id, list(met))).fetchall()]


def mark_gone(
    cursor: Cursor[Any],
    table: str,
    id_column: str,
    *,
    account_id: str,
    gone: Collection[str],
    at: dt.datetime,
) -> None:
    """Mark rows as deleted at an instant."""
    query = sql.SQL(
        "update {table} set deleted_at = %s where account_id = %s and {id} = any(%s)"
    ).format(id=sql.Identifier(id_column), table=_table(table))
    cursor.execute(query, (at, account_id, list(gone)))


def unmark_gone(
    cursor: Cursor[Any], table: str, id_column: str, *, account_id: str, met: Collection[str]
) -> None:
    """Take the mark from rows that are there again."""
    query = sql.SQL(
        "update {table} set deleted_at = null"
        " where account_id = %s and deleted_at is not null and {id} = any(%s)"
    ).format(id=sql.Identifier(id_column), table=_table(table))
    cursor.execute(query, (account_id, list(met)))


def _table(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split("."))
