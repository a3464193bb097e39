"""What is copied in is read back the same."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from workbench.db import Database, copy_frame, copy_rows, read_frame

TABLE = """
create table public.shop (
    id bigint,
    sold_on date,
    sold_at timestamptz,
    revenue numeric,
    rate double precision,
    is_new boolean,
    name text,
    tags text[],
    payload jsonb
)
"""
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
LEAF = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT
JSON = st.dictionaries(TEXT, LEAF) | st.lists(LEAF)
ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.dates(),
        st.none() | st.datetimes(timezones=st.just(dt.UTC)),
        st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=4),
        st.none() | st.floats(allow_nan=False),
        st.none() | st.booleans(),
        st.none() | TEXT,
        st.none() | st.lists(TEXT),
        st.none() | JSON,
    )
)
COLUMNS = ["id", "sold_on", "sold_at", "revenue", "rate", "is_new", "name", "tags", "payload"]


@pytest.fixture
def shop(embedded_database: Database) -> Database:
    with embedded_database.connection() as connection:
        connection.execute(TABLE)
    return embedded_database


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=ROWS)
def test_rows_come_back(shop: Database, rows: list[tuple[object, ...]]) -> None:
    with shop.connection() as connection, connection.cursor() as cursor:
        cursor.execute("truncate public.shop")
        assert copy_rows(cursor, "public.shop", COLUMNS, iter(rows)) == len(rows)
        assert cursor.execute("select * from public.shop").fetchall() == rows


def test_json_text_stays_json(shop: Database) -> None:
    with shop.connection() as connection, connection.cursor() as cursor:
        copy_rows(cursor, "public.shop", ["payload"], [('{"a": 1}',), ({"a": 2},), ([{"a": 3}],)])
        rows = cursor.execute("select payload from public.shop").fetchall()
    assert rows == [({"a": 1},), ({"a": 2},), ([{"a": 3}],)]


def test_frame_comes_back(shop: Database, tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "id": [1, np.nan, 3],
            "sold_on": pd.to_datetime(["2026-03-29", None, "2026-10-25"]),
            "sold_at": pd.to_datetime(
                ["2026-03-29T01:00Z", "2026-03-29T02:00:00.25Z", None], format="ISO8601"
            ),
            "revenue": [0.1, np.nan, 1e6],
            "rate": [1 / 3, np.inf, np.nan],
            "is_new": pd.array([True, None, False], dtype="boolean"),
            "name": ['tab\tquote"backslash\\N', None, ""],
            "payload": [{"a": [1, None]}, None, [1]],
        }
    )
    (tmp_path / "all.sql").write_text(f"select {', '.join(frame.columns)} from public.shop")
    with shop.connection() as connection, connection.cursor() as cursor:
        assert copy_frame(cursor, "public.shop", frame) == 3
        back = read_frame(connection, str(tmp_path / "all"))
    assert_frame_equal(back, frame)


def test_empty_frame_writes_nothing(shop: Database) -> None:
    with shop.connection() as connection, connection.cursor() as cursor:
        assert copy_frame(cursor, "public.shop", pd.DataFrame({"id": []})) == 0


def test_fraction_for_an_integer_is_refused(shop: Database) -> None:
    with (
        pytest.raises(TypeError, match="cannot safely cast"),
        shop.connection() as connection,
        connection.cursor() as cursor,
    ):
        copy_frame(cursor, "public.shop", pd.DataFrame({"id": [1.5]}))


def test_long_frames_are_written_whole(shop: Database) -> None:
    frame = pd.DataFrame({"id": np.arange(120_001), "revenue": Decimal("1.5")})
    with shop.connection() as connection, connection.cursor() as cursor:
        assert copy_frame(cursor, "public.shop", frame) == 120_001
        row = cursor.execute(
            "select count(distinct id), min(id), max(id), sum(revenue) from public.shop"
        ).fetchone()
    assert row == (120_001, 0, 120_000, Decimal("180001.5"))


def test_a_bad_row_takes_all_back(shop: Database) -> None:
    with (
        pytest.raises(psycopg.errors.InvalidTextRepresentation),
        shop.connection() as connection,
        connection.cursor() as cursor,
    ):
        copy_rows(cursor, "public.shop", ["id"], [(1,), ("one",)])
    with shop.connection() as connection:
        assert connection.execute("select count(*) from public.shop").fetchone() == (0,)


def test_names_are_quoted(embedded_database: Database) -> None:
    with embedded_database.connection() as connection, connection.cursor() as cursor:
        cursor.execute('create temporary table "Odd; name" ("a b" integer)')
        assert copy_rows(cursor, "Odd; name", ["a b"], [(1,)]) == 1
