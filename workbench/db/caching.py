"""Results of statements, kept until a table behind them changes.

A result is looked for in the memory of this process, then in ops.result_cache, then computed. Each
time the database is asked first how often the tables behind the statement were changed: a result is
used only if that is what it was when it was read. The tables are those that the statement names,
and those behind the views that it names; ops.note_data_change counts their changes, those of the
schema included. So a hit is always right, whoever wrote; the cost is that question, and that any
change of a table, also of another account's rows, makes its results be computed again.

A cache that cannot be used fails no read: it is computed, the log says why, and it is counted.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

import pandas as pd
import psycopg

from workbench.db.connect import Database
from workbench.db.frames import read_frame
from workbench.db.memory import Memory
from workbench.db.packing import packed, unpacked
from workbench.db.statements import statement

__all__ = ["ResultCache", "relations_named"]

_log = logging.getLogger(__name__)
_NAMED = re.compile(r"\b(?:klaviyo|mart|model|ops)\.\w+")
_FORMAT = "1"  # of what is kept: another one makes no use of it
_MOST_RESULTS = 2_000
_MOST_BYTES = 64 * 2**20
_MOST_OF_ONE = 4 * 2**20
_MOST_CHANGES = 500  # counted singly
_MOST_UNTOLD = 100  # reads from memory that are not written down yet


class ResultCache:
    """The kept results of one database.

    Args:
        database: whose.
        most_bytes: of what is kept in it.
    """

    def __init__(self, database: Database, *, most_bytes: int = _MOST_BYTES) -> None:
        self._database = database
        self._most_bytes = most_bytes
        self._memory = Memory()
        self._untold: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def read(self, path: str, params: Mapping[str, Any]) -> pd.DataFrame:
        """What ``read_frame`` gives, without computing it where nothing has changed since.

        Args:
            path: a statement below sql/ whose result depends on its parameters and on rows only:
                not on the clock, on chance, or on settings.
            params: values of its named parameters.
        """
        digest = _digest(path, params)
        try:
            found = self._found(path, digest)
        except psycopg.errors.InsufficientPrivilege:
            return read_frame(self._database, path, params)  # of a reader nothing is kept
        except psycopg.Error as error:
            self._tell(path, error)
            return read_frame(self._database, path, params)
        return self._computed(path, params, digest) if found is None else found

    def _found(self, path: str, digest: str) -> pd.DataFrame | None:
        version = self._database.read(lambda connection: _version(connection, path))
        if version is None:
            return None
        held = self._memory.get(digest, version=version)
        if held is not None:
            self._count(path, "memory")
            return held
        asked = {"digest": digest, "data_version": version}
        row = self._database.read(
            lambda connection: connection.execute(
                statement("reads/cache/result"), asked, binary=True
            ).fetchone()
        )
        if row is None:
            return None
        frame = unpacked(row[0])
        self._memory.put(digest, frame, version=version)
        self._count(path, "database")
        self._write_use()
        return frame

    def _computed(self, path: str, params: Mapping[str, Any], digest: str) -> pd.DataFrame:
        def work(connection: psycopg.Connection) -> tuple[str | None, pd.DataFrame]:
            # the rows and their version are of one moment
            connection.execute("set transaction isolation level repeatable read")
            return _version(connection, path), read_frame(connection, path, params)

        version, frame = self._database.read(work)
        self._count(path, "computed")
        if version is not None:
            self._memory.put(digest, frame, version=version)
            try:
                self._keep(path, frame, digest=digest, version=version)
            except psycopg.Error as error:
                self._tell(path, error)
        return frame

    def _keep(self, path: str, frame: pd.DataFrame, *, digest: str, version: str) -> None:
        content = packed(frame)
        if content is None or len(content) > _MOST_OF_ONE:
            self._write_use()
            return
        wanted = {
            "digest": digest,
            "data_version": version,
            "statement": path,
            "result": content,
            "most": _MOST_RESULTS,
            "most_bytes": self._most_bytes,
        }
        with self._database.connection() as connection:
            if not _is_alone(connection):
                return  # another process writes: this result is kept the next time
            for name in ("keep_result", "drop_old_results"):
                connection.execute(statement(f"writes/cache/{name}"), wanted)
            connection.execute(statement("writes/cache/add_up_changes"), {"most": _MOST_CHANGES})
            self._write_use(connection)

    def _count(self, path: str, source: str) -> None:
        with self._lock:
            self._untold[path, source] += 1
            is_much = self._untold.total() >= _MOST_UNTOLD
        if is_much:
            self._write_use()

    def _write_use(self, connection: psycopg.Connection | None = None) -> None:
        if connection is None:
            with self._database.connection() as opened:
                if _is_alone(opened):
                    self._write_use(opened)
            return
        with self._lock:
            untold, self._untold = self._untold, Counter()
        counted = {
            "statements": [path for path, _ in untold],
            "sources": [source for _, source in untold],
            "counts": list(untold.values()),
        }
        connection.execute(statement("writes/cache/note_use"), counted)

    def _tell(self, path: str, error: psycopg.Error) -> None:
        with self._lock:
            self._untold[path, "failed"] += 1
        said = error.diag.message_primary or type(error).__name__
        _log.warning("no result of %s is kept: %s", path, said)


def _version(connection: psycopg.Connection, path: str) -> str | None:
    """How often the tables behind a statement were changed; None when that is not known."""
    wanted = {"relations": relations_named(path)}
    row = connection.execute(statement("reads/cache/data_version"), wanted).fetchone()
    return row[0] if row else None


@cache
def relations_named(path: str) -> list[str]:
    """The tables and views that a statement names, and that which changes with the schema."""
    return sorted({"ops.schema_migration", *_NAMED.findall(statement(path))})


def _digest(path: str, params: Mapping[str, Any]) -> str:
    told = f"{_FORMAT}\n{statement(path)}\n{sorted(params.items())!r}"
    return hashlib.sha256(told.encode()).hexdigest()


def _is_alone(connection: psycopg.Connection) -> bool:
    """Whether no other process writes to the cache; it is not worth waiting for."""
    connection.execute("set local synchronous_commit = off")
    row = connection.execute(statement("writes/cache/lock_cache")).fetchone()
    return bool(row and row[0])
