"""Which statements take the server's time, where it keeps count of them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from psycopg import errors

from workbench.db.connect import Database
from workbench.db.frames import read_frame

__all__ = ["SlowQueries", "slow_queries"]


@dataclass(frozen=True, slots=True)
class SlowQueries:
    """Statements that have taken most time; without them, how to have them.

    Attributes:
        rows: one row a kind of statement, most time first; empty where it is not known.
        missing: why they are not known, and what to do; empty where they are.
    """

    rows: pd.DataFrame
    missing: str


def slow_queries(database: Database, *, most: int = 10) -> SlowQueries:
    """What pg_stat_statements has counted in this database.

    Args:
        database: of whose statements.
        most: rows at most.
    """
    state = read_frame(database, "reads/maintain/statement_statistics").iloc[0]
    missing = ""
    if not state.is_loaded:
        missing = (
            "the server keeps no statistics of statements: add pg_stat_statements to"
            " shared_preload_libraries, restart it, then: create extension pg_stat_statements"
        )
    elif state.schema_name is None:
        missing = "as a superuser: create extension pg_stat_statements"
    if not missing:
        try:
            with database.connection() as connection:
                path = f"{state.schema_name},pg_catalog"
                connection.execute("select set_config('search_path', %s, true)", (path,))
                found = read_frame(connection, "reads/maintain/slow_queries", {"most": most})
            return SlowQueries(found, "")
        except errors.InsufficientPrivilege:
            missing = "this user may not read it: grant pg_read_all_stats to it"
    return SlowQueries(pd.DataFrame(), missing)
