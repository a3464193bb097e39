"""A frame's dtypes follow the SQL types, whatever the rows."""

from __future__ import annotations

import decimal
from pathlib import Path

import pandas as pd
import psycopg
import pytest

from workbench.db import Database, read_frame, read_frames
from workbench.errors import RightMissing

COLUMNS = """
select
    date '2026-03-29' as sent_on,
    timestamptz '2026-03-29 02:30+02' as sent_at,
    timestamp '2026-03-29 02:30' as local_at,
    interval '1 day 1 hour' as delay,
    12.5::numeric(10, 2) as revenue,
    0.25::real as open_rate,
    7::bigint as count_sent,
    true as is_flow,
    'München' as name,
    array[1.5::numeric] as steps,
    jsonb '{"a": [1]}' as payload
"""
DTYPES = {
    "sent_on": "datetime64[ns]",
    "sent_at": "datetime64[ns, UTC]",
    "local_at": "datetime64[ns]",
    "delay": "timedelta64[ns]",
    "revenue": "float64",
    "open_rate": "float64",
    "count_sent": "int64",
    "is_flow": "bool",
    "name": "object",
    "steps": "object",
    "payload": "object",
}


def query(folder: Path, text: str) -> str:
    path = folder / "query"
    path.with_suffix(".sql").write_text(text, encoding="utf-8")
    return str(path)


def dtypes(frame: pd.DataFrame) -> dict[str, str]:
    return {str(name): str(dtype) for name, dtype in frame.dtypes.items()}


def test_dtypes_and_values(embedded_database: Database, tmp_path: Path) -> None:
    frame = read_frame(embedded_database, query(tmp_path, COLUMNS))
    assert dtypes(frame) == DTYPES
    assert frame.iloc[0].to_dict() == {
        "sent_on": pd.Timestamp("2026-03-29"),
        "sent_at": pd.Timestamp("2026-03-29 00:30", tz="UTC"),
        "local_at": pd.Timestamp("2026-03-29 02:30"),
        "delay": pd.Timedelta(hours=25),
        "revenue": 12.5,
        "open_rate": 0.25,
        "count_sent": 7,
        "is_flow": True,
        "name": "München",
        "steps": [1.5],
        "payload": {"a": [1]},
    }


def test_no_row_keeps_the_dtypes(embedded_database: Database, tmp_path: Path) -> None:
    frame = read_frame(embedded_database, query(tmp_path, f"{COLUMNS} where false"))
    assert frame.empty
    assert dtypes(frame) == DTYPES


def test_null_beside_a_value(embedded_database: Database, tmp_path: Path) -> None:
    text = f"with one as ({COLUMNS}) select one.* from (values (1), (2)) as v (n)"
    frame = read_frame(embedded_database, query(tmp_path, f"{text} left join one on v.n = 1"))
    assert dtypes(frame) == {**DTYPES, "count_sent": "float64", "is_flow": "boolean"}
    assert frame.iloc[1].isna().all()


def test_parameters_and_percent_signs(embedded_database: Database, tmp_path: Path) -> None:
    path = query(tmp_path, "select %(since)s::date as ds, '5%%' as share")
    with embedded_database.connection() as connection:
        frame = read_frame(connection, path, {"since": "2026-01-31"})
    assert frame.to_dict("list") == {"ds": [pd.Timestamp("2026-01-31")], "share": ["5%"]}


def test_percent_signs_read_alike_without_parameters(
    embedded_database: Database, tmp_path: Path
) -> None:
    frame = read_frame(embedded_database, query(tmp_path, "select '5%%' as share"))
    assert frame.to_dict("list") == {"share": ["5%"]}


def test_only_frames_turn_numeric_into_float(embedded_database: Database, tmp_path: Path) -> None:
    path = query(tmp_path, "select 0.1 as revenue")
    with embedded_database.connection() as connection:
        read_frame(connection, path)
        row = connection.execute("select 0.1").fetchone()
    assert row == (decimal.Decimal("0.1"),)


def test_columns_of_one_name_both_stay(embedded_database: Database, tmp_path: Path) -> None:
    frame = read_frame(embedded_database, query(tmp_path, "select 1 as n, 2 as n"))
    assert frame.columns.tolist() == ["n", "n"]
    assert frame.to_numpy().tolist() == [[1, 2]]


def test_missing_parameter_is_an_error(embedded_database: Database, tmp_path: Path) -> None:
    with pytest.raises(psycopg.ProgrammingError, match="since"):
        read_frame(embedded_database, query(tmp_path, "select %(since)s"))


MANY = "select n, case when n > 5 then n::numeric / 2 end as half from generate_series(1, 7) as n"


@pytest.mark.parametrize("rows", [1, 3, 7, 100])
def test_parts_are_the_whole(embedded_database: Database, tmp_path: Path, rows: int) -> None:
    path = query(tmp_path, MANY)
    parts = list(read_frames(embedded_database, path, rows=rows))
    assert [len(part) for part in parts[:-1]] == [rows] * (len(parts) - 1)
    assert all(dtypes(part) == {"n": "int64", "half": "float64"} for part in parts)
    whole = read_frame(embedded_database, path)
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole)


def test_no_rows_are_one_frame(embedded_database: Database, tmp_path: Path) -> None:
    (part,) = read_frames(embedded_database, query(tmp_path, f"{COLUMNS} where false"))
    assert dtypes(part) == DTYPES
    assert part.empty


def test_the_server_holds_what_was_not_asked_for(
    embedded_database: Database, tmp_path: Path
) -> None:
    endless = query(tmp_path, "select generate_series(1, 1e15::bigint) as n")
    parts = read_frames(embedded_database, endless, rows=2)
    assert [list(next(parts).n) for _ in range(2)] == [[1, 2], [3, 4]]
    parts.close()
    with embedded_database.connection() as connection:
        assert connection.execute("select count(*) from pg_cursors").fetchone() == (0,)


def test_two_of_one_transaction(embedded_database: Database, tmp_path: Path) -> None:
    path = query(tmp_path, MANY)
    with embedded_database.connection() as connection:
        both = zip(
            read_frames(connection, path, rows=2),
            read_frames(connection, path, rows=2),
            strict=True,
        )
        assert all(one.equals(other) for one, other in both)


def test_reading_writes_nothing(embedded_database: Database, tmp_path: Path) -> None:
    with pytest.raises(RightMissing, match="read-only transaction"):
        read_frame(embedded_database, query(tmp_path, "create table public.t (n integer)"))


def test_times_that_nanoseconds_cannot_hold_are_read_in_microseconds(
    embedded_database: Database, tmp_path: Path
) -> None:
    early = "select timestamptz '1600-01-01 12:00+02' as said_at, date '1600-01-01' as day"
    path = query(tmp_path, f"{early} union all select null, null")
    frame = read_frame(embedded_database, path)
    assert str(frame.said_at.dtype) == "datetime64[us, UTC]"
    assert frame.said_at[0].isoformat() == "1600-01-01T10:00:00+00:00"
    assert (str(frame.day.dtype), frame.day[0].year) == ("datetime64[us]", 1600)
    assert frame.iloc[1].isna().all()
