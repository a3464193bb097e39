"""The database that a process reads from."""

from __future__ import annotations

from workbench.db import Database, open_database, require_schema
from workbench.settings import read_settings

__all__ = ["current_database", "use_database"]

_current: list[Database] = []


def use_database(database: Database) -> None:
    """Make the functions of this room read from ``database``; its owner closes it."""
    _current[:] = [database]


def current_database() -> Database:
    """The database read from: the one given to ``use_database``, else that of the settings."""
    if not _current:
        database = open_database(read_settings())
        require_schema(database)
        use_database(database)
    return _current[0]
