"""Kept results: always those that would be computed now, whoever changed what behind them."""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from workbench import load
from workbench.db import Database, ResultCache, statement
from workbench.db.caching import relations_named
from workbench.db.memory import Memory
from workbench.db.packing import packed, unpacked
from workbench.errors import DataMissing
from workbench.periods import DateRange
from workbench.settings import Settings
from workbench.store import store_holidays

from .conftest import Book, days

CACHED = ("reads/base_measures", "reads/daily_revenue", "reads/campaigns", "reads/flows")
WEEK = days("2026-10-26", "2026-11-01")
READS = (load.load_key_numbers, load.load_daily_revenue, load.load_campaigns, load.load_flows)


def same(
    read: Callable[[load.Account, DateRange], pd.DataFrame], book: Book, of: DateRange
) -> None:
    """What is read equals what is computed, also when it is read again and when it is missing."""
    account = book.account
    try:
        with load.uncached():
            expected = read(account, of)
    except DataMissing as missing:
        with pytest.raises(DataMissing, match=re.escape(str(missing))):
            read(account, of)
        return
    for _ in range(2):
        assert_frame_equal(read(account, of), expected, check_exact=True)


def used(database: Database, source: str) -> int:
    """Reads from one source that were written down."""
    with database.connection() as connection:
        row = connection.execute(
            "select coalesce(sum(count_reads), 0) from ops.cache_use where source = %s", [source]
        ).fetchone()
    assert row is not None
    return int(row[0])


def version(database: Database, *relations: str) -> Any:
    with database.connection() as connection:
        row = connection.execute(
            statement("reads/cache/data_version"), {"relations": list(relations)}
        ).fetchone()
    assert row is not None
    return row[0]


@pytest.fixture
def sold(book: Book) -> Book:
    """A week with two orders, one of them credited to a campaign that was opened."""
    book.event("received", "2026-10-27 14:00+00", message="C1")
    book.event("opened", "2026-10-27 14:05+00", message="C1")
    book.order("2026-10-27 15:00+00", "100.10", message="C1")
    book.order("2026-10-28 15:00+00", "50.05", "P2")
    book.refresh()
    return book


def test_a_result_is_computed_once_and_then_held(sold: Book) -> None:
    for read in READS:
        same(read, sold, WEEK)
    with open_other(sold.database) as other:  # another process has another memory
        load.use_database(other)
        for read in READS:
            same(read, sold, WEEK)
        assert [used(other, source) for source in ("computed", "database")] == [4, 4]
        rates = {row[0]: row[1] for row in rate(other)}
    # the reads from memory are written down with the next that is not: one of them is still to come
    assert set(rates) == set(CACHED)
    assert min(rates.values()) >= 0.5


def test_the_command_line_shows_where_results_came_from(
    embedded_settings: Settings, new_embedded_book: Callable[..., Book]
) -> None:
    book = new_embedded_book()
    book.order("2026-10-27 15:00+00", 1)
    book.refresh()
    for week in (WEEK, days("2026-10-26"), WEEK):
        load.load_daily_revenue(book.account, week)
    load.load_flows(book.account, WEEK)
    done = [
        subprocess.run(
            [sys.executable, "-m", "workbench", "status", "--cache", *more],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[2],
            env={"WORKBENCH_DATABASE_URL": str(embedded_settings.database_url), "COLUMNS": "40"},
        ).stdout
        for more in ((), ("--json",))
    ]
    daily = next(row for row in json.loads(done[1]) if row["statement"] == "reads/daily_revenue")
    assert daily | {"count_bytes": 0} == {
        "statement": "reads/daily_revenue",
        "count_reads": 3,
        "from_memory": 1,
        "from_database": 0,
        "computed": 2,
        "failed": 0,
        "hit_rate": 0.3333,
        "count_results": 2,
        "count_bytes": 0,
    }
    assert re.search(r"reads/daily_revenue\W+3\W+1\W+0\W+2\W+0\W+33%\W+2", done[0])


def rate(database: Database) -> list[tuple[Any, ...]]:
    with database.connection() as connection:
        return connection.execute("select statement, hit_rate from ops.cache_hit_rate").fetchall()


def open_other(database: Database) -> Database:
    with database.connection() as connection:
        info = connection.info
        return Database(f"{info.dsn} password='{info.password}'")


def test_what_a_reader_does_to_its_frame_is_its_own(sold: Book) -> None:
    for _ in range(3):
        daily = load.load_daily_revenue(sold.account, WEEK)
        assert daily.revenue.max() == 100.10
        daily["revenue"] = 0.0


def test_a_refresh_that_changes_nothing_leaves_the_results(sold: Book) -> None:
    same(load.load_daily_revenue, sold, WEEK)
    before = version(sold.database, "mart.fact_revenue")
    for _ in range(4):  # what a connection changed before is counted as its own for a second
        with sold.database.connection() as connection:
            connection.execute("select pg_stat_force_next_flush()")
    sold.refresh()
    assert version(sold.database, "mart.fact_revenue") == before


CHANGES: dict[str, Callable[[Book], object]] = {
    "order": lambda book: (book.order("2026-10-29 15:00+00", 10), book.refresh()),
    "order elsewhere": lambda book: (
        book.order("2026-10-29 15:00+00", 10, currency="EUR"),
        book.refresh(),
    ),
    "send": lambda book: (
        book.event("received", "2026-10-29 15:00+00", "P3", message="FM1"),
        book.refresh(),
    ),
    "nothing": lambda book: book.refresh(),
    "unmapped": lambda book: (book.map_revenue(None), book.refresh()),
    "mapped": lambda book: (book.map_revenue("order"), book.refresh()),
    "mapped otherwise": lambda book: (book.map_revenue("old_order"), book.refresh()),
    "campaign renamed": lambda book: book.execute(
        "update klaviyo.campaign set name = name || '!' where account_id = %(account_id)s"
    ),
    "flow paused": lambda book: book.execute(
        "update klaviyo.flow set status = 'draft' where account_id = %(account_id)s"
    ),
    "currency": lambda book: book.execute(
        "update klaviyo.account set currency = case currency when 'USD' then 'EUR' else 'USD' end"
        " where account_id = %(account_id)s"
    ),
    "holiday": lambda book: store_holidays(
        book.account,
        pd.DataFrame({"ds": [pd.Timestamp("2026-10-27")], "holiday": ["Navy Day"]}),
    ),
    "no holiday": lambda book: store_holidays(
        book.account, pd.DataFrame({"ds": [], "holiday": []})
    ),
    "deleted by hand": lambda book: book.execute(
        "delete from mart.fact_revenue where account_id = %(account_id)s and day = '2026-10-27'"
    ),
    "rolled back": lambda book: rolled_back(book),
}
PERIODS = (WEEK, days("2026-10-27"), days("2026-10-01", "2026-11-30"))


def rolled_back(book: Book) -> None:
    with book.database.connection() as connection, connection.transaction(force_rollback=True):
        connection.execute("delete from mart.fact_revenue")
        connection.execute("delete from mart.orders")


@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(sorted(CHANGES)),
            st.integers(0, 1),
            st.sampled_from(READS),
            st.sampled_from(PERIODS),
        ),
        min_size=3,
        max_size=10,
    )
)
def test_a_kept_result_is_what_would_be_computed(
    new_embedded_book: Callable[..., Book], steps: list[tuple[Any, ...]]
) -> None:
    books = [new_embedded_book(), new_embedded_book()]
    with open_other(books[0].database) as other:
        for book in books:
            book.order("2026-10-27 15:00+00", "100.10")
            book.event("received", "2026-10-27 14:00+00", message="C1")
            book.refresh()
        for change, whose, read, period in steps:
            CHANGES[change](books[whose])
            for database in (books[0].database, other):
                load.use_database(database)
                for book in books:
                    same(read, book, period)
            load.use_database(books[0].database)


READER = """
import sys
from workbench.db import open_database
from workbench.load import load_account, load_key_numbers, use_database
from workbench.periods import DateRange
from workbench.settings import read_settings
import datetime as dt
with open_database(read_settings()) as database:
    use_database(database)
    week = DateRange(dt.date(2026, 10, 26), dt.date(2026, 11, 1))
    for line in sys.stdin:
        numbers = load_key_numbers(load_account("A1"), week).set_index("metric")
        print(numbers.value["revenue"], flush=True)
"""


def test_another_process_sees_what_this_one_changed(
    embedded_settings: Settings, new_embedded_book: Callable[..., Book], tmp_path: Path
) -> None:
    book = new_embedded_book()
    environment = {"WORKBENCH_DATABASE_URL": str(embedded_settings.database_url), "PATH": ""}
    with subprocess.Popen(
        [sys.executable, "-c", READER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        total = 0
        for number in range(1, 6):
            total += number
            book.order(f"2026-10-27 15:0{number}+00", number)
            book.refresh()
            for _ in range(3):
                process.stdin.write("\n")
                process.stdin.flush()
                assert float(process.stdout.readline()) == total
        process.stdin.close()
    assert process.returncode == 0
    assert used(book.database, "computed") == 5


def behind(database: Database, path: str) -> set[str]:
    """The tables that a plan of a statement reads."""
    days = {"first": dt.date(2026, 1, 1), "last": dt.date(2026, 1, 2)}
    arguments = {"account_id": "A1", "currency": "USD"} | days
    with database.connection() as connection:
        row = connection.execute(
            "explain (verbose, format json) " + statement(path), arguments
        ).fetchone()
    assert row is not None
    found = re.findall(r"'Relation Name': '(\w+)'.*?'Schema': '(\w+)'", str(row[0]))
    return {f"{schema}.{name}" for name, schema in found}


@pytest.mark.parametrize("path", CACHED)
def test_each_table_behind_a_kept_result_is_followed(database: Database, path: str) -> None:
    named = relations_named(path)
    before = version(database, *named)
    assert before is not None
    tables = behind(database, path)
    assert len(tables) >= 2
    for table in tables:
        with database.connection() as connection:
            connection.execute(f"truncate {table} cascade")
        after = version(database, *named)
        assert after != before, table
        before = after


@pytest.mark.parametrize("path", CACHED)
def test_a_kept_result_depends_on_no_clock(database: Database, path: str) -> None:
    with database.connection() as connection:
        views = connection.execute(
            "select definition from pg_views where %s ~ (schemaname || '\\.' || viewname || '\\y')",
            [statement(path)],
        ).fetchall()
    for text in (statement(path), *(view for (view,) in views)):
        assert not re.search(r"now\(|current_|_timestamp\(|random|today|current_setting", text)


def test_a_relation_that_is_not_followed_is_not_kept(database: Database) -> None:
    assert version(database, "mart.nowhere") is None
    assert version(database, "ops.touched", "mart.orders") is None
    assert version(database, "mart.orders", "mart.message") is not None
    with database.connection() as connection:
        connection.execute("create function mart.n() returns int language sql as 'select 1'")
        connection.execute("create view mart.of_function as select mart.n() as n")
    assert version(database, "mart.of_function") is None


WRITES = {
    "insert": "insert into klaviyo.event (account_id, metric_id, occurred_at, event_id, payload)"
    " select account_id, 'M', '2026-10-02', 'E' || random(), '{}' from klaviyo.account",
    "update": "update klaviyo.event set value = 1",
    "delete": "delete from klaviyo.event",
    "truncate": "truncate klaviyo.event",
}


def test_each_kind_of_change_is_noted_on_a_hypertable_too(book: Book) -> None:
    book.order("2026-10-01 12:00+00", 1)
    before = version(book.database, "klaviyo.event")
    for kind, text in WRITES.items():
        book.execute(text.replace("%", "%%"))
        after = version(book.database, "klaviyo.event")
        assert after != before, kind
        before = after
    with (
        book.database.connection() as connection,
        connection.cursor() as cursor,
        cursor.copy(
            "copy klaviyo.event (account_id, metric_id, occurred_at, event_id, payload) from stdin"
        ) as copy,
    ):
        copy.write_row((book.account_id, "M", "2026-10-03", "E", "{}"))
    assert version(book.database, "klaviyo.event") != before


def test_changes_are_added_up_and_say_the_same(sold: Book) -> None:
    relations = ("mart.orders", "mart.message")
    before = version(sold.database, *relations)
    for most in (10_000, 0):
        sold.execute(statement("writes/cache/add_up_changes"), most=most)
        assert version(sold.database, *relations) == before
    assert sold.execute("select count(*) from ops.data_change") == [(0,)]
    sold.order("2026-10-29 15:00+00", 1)
    sold.refresh()
    assert version(sold.database, *relations) != before


def test_a_change_of_a_restored_server_is_noted(sold: Book) -> None:
    """A server begun anew numbers its transactions anew: an old row may have the same number."""
    with sold.database.connection() as connection:
        connection.execute(
            "insert into ops.data_change (relation, transaction_id, changed_at)"
            " values ('mart.orders', pg_current_xact_id(), '2020-01-01')"
        )
        before = connection.execute(
            statement("reads/cache/data_version"), {"relations": ["mart.orders"]}
        ).fetchone()
        connection.execute("delete from mart.orders")
        after = connection.execute(
            statement("reads/cache/data_version"), {"relations": ["mart.orders"]}
        ).fetchone()
    assert after != before


@pytest.mark.parametrize("broken", ["result_cache", "data_change", "cache_use"])
def test_a_cache_that_cannot_be_used_fails_no_read(
    sold: Book, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    sold.execute(f"alter table ops.{broken} rename to moved")
    if broken == "data_change":  # what cannot be noted may not be written either
        sold.execute("alter table ops.moved rename to data_change")
        sold.execute("alter table ops.data_change_total rename to moved")
    with caplog.at_level(logging.WARNING):
        for read in READS:
            same(read, sold, WEEK)
    assert "no result of reads/base_measures is kept" in caplog.text


def test_what_is_kept_is_bounded(sold: Book) -> None:
    cache = ResultCache(sold.database, most_bytes=20_000)
    kept = "select count(*), coalesce(sum(octet_length(result)), 0) from ops.result_cache"
    for number in range(30):
        first = dt.date(2026, 10, 1) + dt.timedelta(days=number)
        key = {"account_id": sold.account_id, "currency": "USD"}
        wanted = key | {"first": first, "last": first}
        cache.read("reads/daily_revenue", wanted)
        [(count, size)] = sold.execute(kept)
        assert 0 < size <= 20_000
    assert count < 30


def test_memory_gives_up_what_is_used_least() -> None:
    frame = pd.DataFrame({"n": np.zeros(100)})
    memory = Memory(most_bytes=3 * int(frame.memory_usage(deep=True).sum()))
    for key in "abc":
        memory.put(key, frame, version="1")
    assert memory.get("a", version="1") is not None
    memory.put("d", frame, version="1")
    held = [key for key in "abcd" if memory.get(key, version="1") is not None]
    assert held == ["a", "c", "d"]
    assert memory.get("a", version="2") is None
    memory.put("e", pd.DataFrame({"n": np.zeros(10_000)}), version="1")
    assert memory.get("e", version="1") is None


FRAMES = {
    "types": pd.DataFrame(
        {
            "at": pd.to_datetime(["2026-03-29 00:30", None], utc=True).as_unit("ns"),
            "day": pd.to_datetime(["2026-03-29", None]).as_unit("ns"),
            "length": pd.to_timedelta(["1 day", None]),
            "value": [1.5, np.nan],
            "n": [2**60, 1],
            "is_new": pd.array([True, None], dtype="boolean"),
            "name": ["ä", None],
        }
    ),
    "empty": pd.DataFrame({"n": pd.Series(dtype="int64"), "name": pd.Series(dtype="object")}),
    "no columns": pd.DataFrame(),
    "lists": pd.DataFrame({"many": [[1, 2], None]}),
    "objects": pd.DataFrame({"payload": [{"a": 1}, {"b": [1]}]}),
    "mixed": pd.DataFrame({"any": ["a", 1]}),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_comes_out_as_it_went_in_or_is_not_packed(name: str) -> None:
    frame = FRAMES[name]
    content = packed(frame)
    assert (content is None) == (name in {"lists", "objects", "mixed"})
    if content is not None:
        assert_frame_equal(unpacked(content), frame, check_exact=True)
