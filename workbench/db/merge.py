"""COPY into a staging table, then one idempotent statement into the target."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from psycopg import Cursor, sql

from workbench.db.copying import copy_frame, copy_rows

__all__ = ["Merged", "insert_frame", "merge_rows", "staging_table"]


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did: rows that were not there, and rows that had changed."""

    new: int = 0
    changed: int = 0

    def __add__(self, other: Merged) -> Merged:
        return Merged(self.new + other.new, self.changed + other.changed)


def staging_table(cursor: Cursor[Any], table: str) -> str:
    """An empty temporary table shaped like ``table``, gone at the end of the transaction."""
    staged = f"staged_{table.split('.')[-1]}"
    made = sql.SQL(
        "create temporary table if not exists {staged} (like {table} including defaults)"
        " on commit drop"
    ).format(staged=sql.Identifier(staged), table=sql.Identifier(*table.split(".")))
    cursor.execute(made)
    cursor.execute(sql.SQL("truncate {}").format(sql.Identifier(staged)))
    return staged


def insert_frame(cursor: Cursor[Any], table: str, frame: pd.DataFrame) -> None:
    """Append a frame to a table with row security, which takes no COPY but its owner's.

    Args:
        cursor: of the transaction to write in.
        table: target as schema.table.
        frame: columns named as the table's; the index is not written.
    """
    staged = staging_table(cursor, table)
    copy_frame(cursor, staged, frame)
    insert = sql.SQL("insert into {table} ({columns}) select {columns} from {staged}")
    cursor.execute(
        insert.format(
            table=sql.Identifier(*table.split(".")),
            columns=sql.SQL(", ").join(sql.Identifier(str(name)) for name in frame.columns),
            staged=sql.Identifier(staged),
        )
    )


def merge_rows(
    cursor: Cursor[Any],
    table: str,
    *,
    key: Sequence[str],
    others: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> Merged:
    """Insert rows that are new, update those that differ, leave the rest alone.

    Args:
        cursor: of an open transaction.
        table: target as schema.table; has a column ``synced_at``.
        key: columns of its primary key.
        others: the columns that may change.
        rows: one sequence a row, key columns first.
    """
    staged = staging_table(cursor, table)
    copy_rows(cursor, staged, (*key, *others), rows)
    cursor.execute(_merge_statement(table, staged, key, others))
    new, changed = cursor.fetchone() or (0, 0)
    return Merged(new, changed)


def _merge_statement(
    table: str, staged: str, key: Sequence[str], others: Sequence[str]
) -> sql.Composed:
    names = [sql.Identifier(name) for name in (*key, *others)]
    target = sql.Identifier(*table.split("."))
    # the same row may stand on two pages: the later copy is the fresher one
    return sql.SQL("""
        with merged as (
            insert into {target} as stored ({columns})
            select distinct on ({key}) {columns}
            from {staged}
            order by {key}, ctid desc
            on conflict ({key}) do update
            set ({others}, synced_at) = row({excluded}, now())
            where ({stored}) is distinct from ({excluded})
            returning (xmax = 0) as is_new
        )

        select
            count(*) filter (where is_new) as new,
            count(*) filter (where not is_new) as changed
        from merged
    """).format(
        target=target,
        staged=sql.Identifier(staged),
        columns=sql.SQL(", ").join(names),
        key=sql.SQL(", ").join(map(sql.Identifier, key)),
        others=sql.SQL(", ").join(map(sql.Identifier, others)),
        stored=sql.SQL(", ").join(sql.Identifier("stored", name) for name in others),
        excluded=sql.SQL(", ").join(sql.Identifier("excluded", name) for name in others),
    )
