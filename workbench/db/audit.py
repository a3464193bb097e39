"""What is written down when rows leave the database.

Changes to definitions, flags and access write themselves into ops.audit_log, by triggers.
"""

from __future__ import annotations

from workbench.db.connect import Database
from workbench.db.statements import statement

__all__ = ["record_export"]


def record_export(
    database: Database, exported: str, *, count_rows: int, account_id: str | None = None
) -> None:
    """Write into the audit log that rows left the database; the server adds who and when.

    Args:
        database: of anyone who may read.
        exported: what the rows are, such as ``"backup"``; nothing of a person.
        count_rows: how many.
        account_id: of which account; None for several.
    """
    told = {"exported": exported, "count_rows": count_rows, "account_id": account_id}
    with database.connection() as connection:
        connection.execute("set transaction read write")  # readers' are read-only unless told
        connection.execute(statement("writes/record_export"), told)
