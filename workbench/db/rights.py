"""What a login of the database may not do, found out or told in our own words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from workbench.db.connect import Database
from workbench.errors import RightMissing

__all__ = ["may_see_upkeep", "rights_told"]

_MAY_LOOK = "select has_schema_privilege(to_regnamespace('ops'), 'usage') is not false"
_HINT = "connect as a writer or owner, or ask one; docs/security.md says what each role may do"


def may_see_upkeep(database: Database) -> bool:
    """Whether this login sees migrations, syncs and runs, which readers and analysts do not."""
    with database.connection() as connection:
        return connection.execute(_MAY_LOOK).fetchone() == (True,)


@contextmanager
def rights_told() -> Iterator[None]:
    """Raise RightMissing where the server refuses what the block asks of it.

    Raises:
        RightMissing: this login may not read or write that.
    """
    try:
        yield
        return
    except (errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction) as error:
        said = _said(error)
    # raised outside the handler: psycopg's error carries the connection, and that the password
    raise RightMissing(f"this login may not do that: {said}", hint=_HINT)


def _said(error: psycopg.Error) -> str:
    return error.diag.message_primary or str(error).partition("\n")[0]
