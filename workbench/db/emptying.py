"""Tables emptied of one account's rows, to be written anew in the same transaction."""

from __future__ import annotations

from typing import Any

from psycopg import Cursor, sql

__all__ = ["empty_table"]


def empty_table(cursor: Cursor[Any], table: str, *, account_id: str) -> int:
    """Delete the rows of an account; returns how many there were.

    Not truncated: other accounts' rows stay, and readers see the old ones until the commit.

    Args:
        cursor: of an open transaction.
        table: as schema.table; has a column account_id.
        account_id: whose rows.
    """
    query = sql.SQL("delete from {table} where account_id = %s").format(
        table=sql.Identifier(*table.split("."))
    )
    return cursor.execute(query, (account_id,)).rowcount
