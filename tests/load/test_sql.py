"""What an analyst asks in SQL: answered, typed, told of where it is wrong, and never written."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench import load
from workbench.db import Database
from workbench.errors import QueryInvalid

from .conftest import Book


@pytest.fixture
def asked(embedded_database: Database) -> Database:
    load.use_database(embedded_database)
    with embedded_database.connection() as connection:
        connection.execute("create table mart.kept as select 1 as n")
        connection.execute(
            "create function mart.add_one() returns bigint language sql volatile as"
            " $$ insert into mart.kept values (2) returning n $$"
        )
    return embedded_database


def value(database: Database, text: str) -> object:
    with database.connection() as connection:
        row = connection.execute(text).fetchone()
    assert row is not None
    return row[0]


def refused(text: str, **params: object) -> QueryInvalid:
    with pytest.raises(QueryInvalid) as caught:
        load.sql(text, params)
    return caught.value


def test_types_are_those_of_every_frame(asked: Database) -> None:
    found = load.sql(
        "select timestamptz '2026-03-29 02:30+02' as at, date '2026-03-29' as day,"
        " 12.50::numeric as revenue, 7::bigint as orders, null::bool as is_new, 'ä' as name;"
    )
    assert [str(dtype) for dtype in found.dtypes] == [
        "datetime64[ns, UTC]",
        "datetime64[ns]",
        "float64",
        "int64",
        "boolean",
        "object",
    ]
    assert found["at"][0] == pd.Timestamp("2026-03-29 00:30", tz="UTC")


def test_values_are_bound_in_both_ways_of_naming_them(asked: Database) -> None:
    found = load.sql(
        """
        select :name as name, %(name)s || '%' as "it's :name", ':name' as text,  -- :name
            :day::date + 1 as next_day, (array[1, 2, 3])[2:3] as slice, 7 % 4 as rest,
            5 = any(:many) as is_among, $$ :name $$ as body
        /* :name */
        """,
        {
            "name": "'; drop table mart.kept; --",
            "day": dt.date(2026, 11, 1),
            "many": np.array([4, 5]),
        },
    )
    assert found.iloc[0].tolist() == [
        "'; drop table mart.kept; --",
        "'; drop table mart.kept; --%",
        ":name",
        pd.Timestamp("2026-11-02"),
        [2, 3],
        3,
        True,
        " :name ",
    ]


def test_a_value_that_is_not_given(asked: Database) -> None:
    with pytest.raises(QueryInvalid, match="the parameter :since has no value"):
        load.sql("select :since")


@pytest.mark.parametrize("missing", [pd.NaT, pd.NA, None])
def test_what_is_missing_is_null(asked: Database, missing: object) -> None:
    assert load.sql("select :at::timestamptz is null as n", {"at": missing}).n[0]


WRITES = [
    "select 1; drop table mart.kept",
    "select 1;; delete from mart.kept",
    "delete from mart.kept",
    "with gone as (delete from mart.kept returning n) select * from gone",
    "with gone as (delete from mart.kept returning n) delete from mart.kept",
    "select mart.add_one()",
    "select nextval(pg_get_serial_sequence('ops.touched', 'touched_id'))",
    "select set_config('transaction_read_only', 'off', true), mart.add_one()",
    "select query_to_xml('delete from mart.kept', true, true, '')",
    "select n into mart.copied from mart.kept",
    "select * from mart.kept for update",
    "copy mart.kept to program 'touch {path}'",
    "copy (select 1) to '{path}'",
    "select 1) to program 'touch {path}' --",
    "select lo_import('/etc/hostname')",
    "set role postgres",
    "set transaction read write",
    "commit",
    "rollback; delete from mart.kept",
    "begin",
    "call mart.add_one()",
    "do $$ begin delete from mart.kept; end $$",
    "listen news",
    "vacuum",
    "create table mart.copied as select 1 as n",
    "truncate mart.kept",
    "alter table mart.kept rename to was_kept",
    "explain analyze delete from mart.kept",
    "",
    ";",
    "-- nothing",
]


@pytest.mark.parametrize("text", WRITES)
def test_nothing_can_be_written(asked: Database, tmp_path: Path, text: str) -> None:
    refused(text.replace("{path}", str(tmp_path / "written")))
    assert list(tmp_path.glob("written")) == []
    assert value(asked, "select array_agg(n) from mart.kept") == [1]
    assert value(asked, "select to_regclass('mart.copied')") is None
    assert load.sql("select n from mart.kept").n.tolist() == [1]  # the next one is answered


def test_what_a_statement_sets_ends_with_it(asked: Database) -> None:
    load.sql(
        "select set_config('timezone', 'Asia/Tokyo', false), set_config('role', 'none', false),"
        " set_config('statement_timeout', '1ms', false), pg_advisory_lock(11)"
    )
    for _ in range(3):  # whichever connection the pool gives
        assert value(asked, "select current_setting('timezone')") == "UTC"
        assert value(asked, "select current_setting('statement_timeout')") == "0"
    assert value(asked, "select count(*) from pg_locks where locktype = 'advisory'") == 0


def test_a_mistake_is_shown_where_it_is(book: Book) -> None:
    error = refused(
        "select o.day,\n    :factor * o.revnue as double\nfrom mart.orders as o", factor=2
    )
    assert error.message == (
        "column o.revnue does not exist\n"
        "line 2:     :factor * o.revnue as double\n"
        "                      ^"
    )
    assert error.hint.startswith("did you mean revenue")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("select * from mart.order", 'relation "mart.order" does not exist', "mart.orders"),
        ("select * from orders", 'relation "orders" does not exist', "mart.orders"),
        ("select day form mart.orders", "syntax error", "one select at a time"),
        ("select 1; select 2", "multiple commands", "one select at a time"),
        ("delete from mart.orders", "syntax error", "one select at a time"),
        ("select 1 / 0", "division by zero", ""),
        ("select lenght('a')", "function lenght(unknown) does not exist", "No function matches"),
    ],
)
def test_what_a_mistake_is_called(asked: Database, text: str, message: str, hint: str) -> None:
    error = refused(text)
    assert message in error.message
    assert hint in error.hint


def test_a_mistake_tells_no_value_of_a_row(asked: Database) -> None:
    error = refused("select ('anna' || '@example.com')::int")
    assert error.message == "invalid input syntax for type integer"


def test_a_mistake_in_another_word_form_is_shown_in_the_right_column(asked: Database) -> None:
    error = refused("select 'Größe 😀', :a, %(a)s,\n  nowhere", a="x")
    assert error.message.endswith("line 2:   nowhere\n          ^")


def test_a_statement_that_takes_too_long(asked: Database) -> None:
    with pytest.raises(QueryInvalid, match=re.escape("ended after 0.2 s")) as caught:
        load.sql("select pg_sleep(60)", seconds=0.2)
    assert "seconds=" in caught.value.hint
    assert load.sql("select 1 as n").n[0] == 1


def test_a_result_that_is_cut_says_so(asked: Database) -> None:
    text = "select n from generate_series(1, 120000) as n"
    with pytest.warns(load.RowsCut, match="only the first 100,000 rows"):
        found = load.sql(text, max_rows=100_000)
    assert found.n.tolist() == list(range(1, 100_001))
    assert len(load.sql(text, max_rows=120_000)) == 120_000  # no warning: all of them
    assert len(load.sql(text, max_rows=None)) == 120_000
    assert load.sql(f"{text} where false", max_rows=1).n.dtype == "int64"


def test_an_error_holds_no_connection(asked: Database) -> None:
    error = refused("select nowhere")
    assert error.__cause__ is None
    assert error.__context__ is None


ODD = """
select
    n,
    timestamptz '2026-03-29 02:30+02' + n * interval '1 microsecond' as at,
    case when n <> 2 then date '2026-03-29' + n end as day,
    n / 8.0 as revenue,
    n > 2 as is_new,
    case n when 1 then '' when 3 then E'a "b",\\n\\\\N' when 4 then :name end as name,
    jsonb_build_object('n', n) as payload
from generate_series(1, 4) as n
"""


def test_arrow_says_what_the_frame_says(asked: Database) -> None:
    params = {"name": "it's 100% -- ; $1 :name %(name)s \\ )"}
    table = load.sql_arrow(ODD, params)
    frame = load.sql(ODD, params)
    assert table.column_names == list(frame.columns)
    assert [str(each) for each in table.schema.types] == [
        "int64",
        "timestamp[us, tz=UTC]",
        "date32[day]",
        "double",
        "bool",
        "string",
        "string",
    ]
    expected = frame.drop(columns="payload")
    found = table.drop_columns("payload").to_pandas(date_as_object=False).astype(expected.dtypes)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert table["payload"][0].as_py() == '{"n": 1}'
    assert table["name"].to_pylist() == ["", None, 'a "b",\n\\N', params["name"]]


def test_arrow_of_no_rows_and_of_missing_values(asked: Database) -> None:
    assert load.sql_arrow("select n from mart.kept where false").num_rows == 0
    assert str(load.sql_arrow("select n from mart.kept where false").schema.types[0]) == "int64"
    assert load.sql_arrow("select null::int as n from mart.kept").to_pylist() == [{"n": None}]
    twice = load.sql_arrow("select 1 as n, 'a' as n")
    assert [each.to_pylist() for each in twice.columns] == [[1], ["a"]]
    with pytest.raises(QueryInvalid, match="no place in an Arrow table"):
        load.sql_arrow("select date '0044-03-15 BC' as day")


@pytest.mark.parametrize("text", WRITES)
def test_nothing_can_be_written_by_arrow(asked: Database, tmp_path: Path, text: str) -> None:
    with pytest.raises(QueryInvalid):
        load.sql_arrow(text.replace("{path}", str(tmp_path / "written")))
    assert list(tmp_path.glob("written")) == []
    assert value(asked, "select array_agg(n) from mart.kept") == [1]
    assert value(asked, "select to_regclass('mart.copied')") is None


@pytest.mark.parametrize("text", ["select nowhere", "select pg_sleep(60)"])
def test_arrow_tells_of_mistakes_as_the_frame_does(asked: Database, text: str) -> None:
    said = []
    for ask in (load.sql, load.sql_arrow):
        with pytest.raises(QueryInvalid) as caught:
            ask(text, seconds=0.2)
        said.append(str(caught.value))
    assert said[0] == said[1]
