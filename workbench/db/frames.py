"""Rows of a statement as a typed frame."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import psycopg
from psycopg.types.numeric import FloatLoader

from workbench.db.connect import Database
from workbench.db.rights import rights_told
from workbench.db.statements import statement

__all__ = ["frame_of", "read_frame", "read_frames"]

_NUMBERS = itertools.count(1)  # two cursors of one transaction need two names

_KINDS = {
    psycopg.adapters.types[name].oid: kind
    for kind, names in {
        "day": ("date", "timestamp"),
        "instant": ("timestamptz",),
        "span": ("interval",),
        "float": ("float4", "float8", "numeric"),
        "integer": ("int2", "int4", "int8"),
        "truth": ("bool",),
    }.items()
    for name in names
}


def read_frame(
    source: psycopg.Connection | Database, path: str, params: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """Rows that a statement selects.

    The dtype of a column follows its SQL type, also when no row comes back: date and timestamp ->
    datetime64[ns], timestamptz -> datetime64[ns, UTC], interval -> timedelta64[ns], numeric and
    float -> float64, integers -> int64, boolean -> bool, anything else -> object. With a null
    among them integers become float64 (NaN) and booleans the nullable boolean, because NumPy has
    no null for either.

    Args:
        source: the transaction to read in, or a database: there it is read again when the
            connection is lost meanwhile.
        path: statement below sql/, such as ``"reads/metric_daily"``.
        params: values of its named parameters; a literal percent sign is written %% in the file.

    Raises:
        RightMissing: the login of the database may not read that.
    """
    if isinstance(source, Database):
        with rights_told():
            return source.read(lambda connection: read_frame(connection, path, params))
    with source.cursor() as cursor:
        cursor.adapters.register_loader("numeric", FloatLoader)
        cursor.execute(statement(path), params or {})
        return frame_of(cursor.fetchall(), cursor.description or [])


def read_frames(
    source: psycopg.Connection | Database,
    path: str,
    params: Mapping[str, Any] | None = None,
    *,
    rows: int = 50_000,
) -> Iterator[pd.DataFrame]:
    """Rows that a statement selects, in frames of some rows each; the server holds the rest.

    For results that do not fit in memory. The dtypes are those of read_frame, each frame's by its
    own rows. A statement without rows gives one frame without rows. The transaction stays open
    until the last frame is taken or the generator is closed.

    Args:
        source: the transaction to read in, or a database to open one on.
        path: statement below sql/; one that selects.
        params: values of its named parameters.
        rows: the most that one frame has.
    """
    if isinstance(source, Database):
        with source.connection() as connection:
            yield from read_frames(connection, path, params, rows=rows)
        return
    with source.cursor(f"frames_{next(_NUMBERS)}") as cursor:
        cursor.adapters.register_loader("numeric", FloatLoader)
        cursor.execute(statement(path), params or {})
        described = cursor.description or []
        part = cursor.fetchmany(rows)
        while True:
            yield frame_of(part, described)
            if not (part := cursor.fetchmany(rows)):
                return


def frame_of(rows: Sequence[tuple[Any, ...]], described: Sequence[psycopg.Column]) -> pd.DataFrame:
    """Rows as a frame, typed by the columns that a cursor describes."""
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * len(described)
    frame = pd.DataFrame(
        {n: _series(values, oid=described[n].type_code) for n, values in enumerate(columns)}
    )
    frame.columns = pd.Index([column.name for column in described])
    return frame


def _series(values: Sequence[Any], *, oid: int) -> pd.Series:
    match _KINDS.get(oid):
        case "instant":
            utc = [value and value.astimezone(dt.UTC).replace(tzinfo=None) for value in values]
            found = _finest(pd.Series(np.array(utc, dtype="datetime64[us]")))
            return pd.Series(found.dt.tz_localize("UTC"))
        case "day":
            return _finest(pd.Series(np.array(values, dtype="datetime64[us]")))
        case "span":
            return _finest(pd.Series(np.array(values, dtype="timedelta64[us]")))
        case "float":
            return pd.Series(values, dtype="float64")
        case "integer":
            return pd.Series(values, dtype="float64" if None in values else "int64")
        case "truth":
            return pd.Series(values, dtype="boolean" if None in values else "bool")
        case _:
            return pd.Series(values, dtype="object")


def _finest(times: pd.Series) -> pd.Series:
    """In nanoseconds, as pandas has them elsewhere; where those overflow (1677), as they are."""
    try:
        return pd.Series(times.dt.as_unit("ns"))
    except (pd.errors.OutOfBoundsDatetime, pd.errors.OutOfBoundsTimedelta):
        return times
