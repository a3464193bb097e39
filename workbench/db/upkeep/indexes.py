"""Indexes that cost without serving, and those that are missed, as the server's counts show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from workbench.db.connect import Database
from workbench.db.statements import statement

__all__ = ["IndexFinding", "index_findings"]

_Connection = psycopg.Connection[tuple[Any, ...]]

_LARGE_ROWS = 10_000
_OFTEN = 50
_LONG_ENOUGH = dt.timedelta(days=30)  # every report and job of a month was seen


@dataclass(frozen=True, slots=True)
class IndexFinding:
    """One index, or one that is missing.

    Attributes:
        kind: unused, redundant, missing or invalid.
        table: schema and name.
        index: its name; of a missing one the columns it would have, as far as they are known.
        told: what was found.
        bytes: that it takes; None of one that is missing.
        mend: what to do.
    """

    kind: str
    table: str
    index: str
    told: str
    bytes: int | None
    mend: str


def index_findings(database: Database, *, now: dt.datetime) -> list[IndexFinding]:
    """What the server knows of the indexes of our tables; none that keeps a promise is unused.

    Args:
        database: migrated.
        now: how old its counts are is told by.
    """
    with database.connection() as connection:
        return [
            *_invalid(connection),
            *_redundant(connection),
            *_bare_references(connection),
            *_scanned(connection, now=now),
            *_unused(connection, now=now),
        ]


def _rows(connection: _Connection, name: str, **params: Any) -> list[tuple[Any, ...]]:
    return connection.execute(statement(f"reads/maintain/{name}"), params or None).fetchall()


def _unused(connection: _Connection, *, now: dt.datetime) -> Iterator[IndexFinding]:
    for schema, table, index, needed, valid, scans, size, since in _rows(connection, "index_use"):
        if needed or not valid or scans:
            continue
        is_young = now - since < _LONG_ENOUGH
        mend = f"drop index concurrently {schema}.{index}"
        yield IndexFinding(
            kind="unused",
            table=f"{schema}.{table}",
            index=index,
            told=f"never read {_since(since, now)}",
            bytes=size,
            mend="wait until uses were counted for 30 days" if is_young else mend,
        )


def _redundant(connection: _Connection) -> Iterator[IndexFinding]:
    for schema, table, index, kept, is_same, size in _rows(connection, "extra_indexes"):
        how = "the same columns as" if is_same else "the first columns of"
        yield IndexFinding(
            kind="redundant",
            table=f"{schema}.{table}",
            index=index,
            told=f"has {how} {kept}, which serves all that it does",
            bytes=size,
            mend=f"drop index concurrently {schema}.{index}",
        )


def _invalid(connection: _Connection) -> Iterator[IndexFinding]:
    for schema, table, index, _, valid, _, size, _ in _rows(connection, "index_use"):
        if not valid:
            yield IndexFinding(
                kind="invalid",
                table=f"{schema}.{table}",
                index=index,
                told="was not built to its end: it is written, and never read",
                bytes=size,
                mend=f"reindex index concurrently {schema}.{index}",
            )


def _bare_references(connection: _Connection) -> Iterator[IndexFinding]:
    for schema, table, constraint, columns in _rows(connection, "bare_references"):
        listed = ", ".join(columns)
        yield IndexFinding(
            kind="missing",
            table=f"{schema}.{table}",
            index=listed,
            told=f"no index begins with the columns of {constraint}",
            bytes=None,
            mend=f"create index concurrently on {schema}.{table} ({listed})",
        )


def _scanned(connection: _Connection, *, now: dt.datetime) -> Iterator[IndexFinding]:
    found = _rows(connection, "scanned_tables", least_rows=_LARGE_ROWS, least_scans=_OFTEN)
    for schema, table, rows, scans, a_scan, index_scans, since in found:
        yield IndexFinding(
            kind="missing",
            table=f"{schema}.{table}",
            index="",
            told=(
                f"{rows:,} rows, read from end to end {scans:,} times and by an index"
                f" {index_scans:,} times {_since(since, now)}, {a_scan:,} rows each time"
            ),
            bytes=None,
            mend="workbench maintain report: find the statement, and explain it",
        )


def _since(since: dt.datetime, now: dt.datetime) -> str:
    return f"in the {(now - since).days} days since counts began"
