"""What a refresh of one new day reads does not grow with the history behind it."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

from .conftest import Book

LAST = dt.date(2026, 10, 1)
DAYS, SENDS = 90, 60
LARGE_PAGES = 30  # of a smaller table the planner rightly reads all
# each day some people get a message for the first time, a part opens it, some of these order
EVENTS = """
with sends as (
    select
        d.day::date as day,
        i,
        'P' || d.day::date || i as profile_id,
        case when i %% 3 = 0 then 'FM1' else 'C1' end as message_ref,
        d.day + i * interval '20 minutes' as at
    from generate_series(%(first)s::timestamp, %(last)s::timestamp, interval '1 day') as d (day)
    cross join generate_series(1, %(sends)s) as i
),

written as (
    insert into klaviyo.event (
        account_id, metric_id, occurred_at, event_id, profile_id, message_ref, value, currency,
        attributions, payload
    )
    select
        %(account_id)s, e.metric_id, (s.at + e.later) at time zone %(timezone)s,
        e.metric_id || s.day || s.i, s.profile_id,
        case when e.metric_id <> 'order' then s.message_ref end, e.value,
        case when e.value is not null then 'USD' end,
        case when e.metric_id = 'order' then jsonb_build_array(jsonb_build_object(
            'flow_id', 'F1', 'flow_message_id', 'FM1', 'attributed_event_id',
            'opened' || s.day || s.i
        )) end,
        '{}'
    from sends as s
    cross join lateral (values
        ('received', interval '0', true, null::numeric),
        ('opened', interval '1 hour', s.i %% 2 = 0, null),
        ('viewed', interval '2 hours', s.i %% 4 = 0, null),
        ('order', interval '3 hours', s.i %% 6 = 0, 10 + s.i)
    ) as e (metric_id, later, is_there, value)
    where e.is_there
    returning metric_id, occurred_at, message_ref
)

insert into ops.touched (account_id, metric_id, day, message_ref)
select distinct
    %(account_id)s, metric_id, (occurred_at at time zone %(timezone)s)::date,
    coalesce(message_ref, '')
from written
"""
READ = """
select
    coalesce(h.hypertable_name, s.relname) as relation,
    sum(s.seq_tup_read + coalesce(s.idx_tup_fetch, 0))::bigint as count_rows,
    sum(c.relpages)::bigint as count_pages
from pg_stat_user_tables as s
inner join pg_class as c on s.relid = c.oid
left join {chunks} as h on s.schemaname = h.chunk_schema and s.relname = h.chunk_name
where s.schemaname in ('klaviyo', 'mart', 'ops', '_timescaledb_internal')
group by 1
"""
CHUNKS = "timescaledb_information.chunks"
NO_CHUNKS = "(select null as hypertable_name, null as chunk_schema, null as chunk_name where false)"


NOT_VISIBLE = """
select coalesce(sum(c.relpages - c.relallvisible), 0)::bigint
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
where n.nspname in ('klaviyo', '_timescaledb_internal') and c.relkind = 'r' and c.relpages > 0
"""


def vacuum(book: Book) -> None:
    """Vacuum until all rows are known to be visible; an autovacuum at work holds that up."""
    ends_at = time.monotonic() + 120
    while True:
        with book.database.apart() as connection:
            connection.execute("vacuum (analyze)")
        ((left,),) = book.execute(NOT_VISIBLE)
        if not left:
            return
        assert time.monotonic() < ends_at, f"{left} pages"
        time.sleep(0.5)


def read_so_far(book: Book) -> dict[str, tuple[int, int]]:
    """Table -> rows that were read of it, and its pages; chunks count as their table."""
    chunks = NO_CHUNKS if book.database.timescaledb_version is None else CHUNKS
    book.execute("select pg_stat_force_next_flush()")
    return {name: (rows, pages) for name, rows, pages in book.execute(READ.format(chunks=chunks))}


def read_by_a_day(book: Book, day: dt.date) -> dict[str, int]:
    """Rows of large tables that the refresh of one new day reads."""
    vacuum(book)
    book.execute(EVENTS, first=day, last=day, sends=SENDS, timezone=book.timezone)
    before = read_so_far(book)
    summary = book.refresh()
    assert summary.recipients == SENDS
    return {
        name: rows - before[name][0]
        for name, (rows, pages) in read_so_far(book).items()
        if pages >= LARGE_PAGES
    }


def test_one_day_reads_as_much_with_twice_the_history(new_book: Callable[..., Book]) -> None:
    book = new_book()
    found = []
    for n in (1, 2):
        days = {"first": LAST - dt.timedelta(days=n * DAYS), "last": LAST - dt.timedelta(days=3)}
        if n == 2:
            days["last"] = LAST - dt.timedelta(days=DAYS + 1)
        book.execute(EVENTS, **days, sends=SENDS, timezone=book.timezone)
        book.refresh()
        found.append(read_by_a_day(book, LAST - dt.timedelta(days=3 - n)))
    once, twice = found
    assert twice.keys() >= {"event", "message_recipient", "metric_hourly_rollup", "orders"}
    grown = {
        name: (once.get(name, 0), rows)
        for name, rows in twice.items()
        if rows > 1.3 * once.get(name, 0) + 3 * SENDS
    }
    assert not grown


# each of them gets the flow's message every third day, and opens it
AGAIN = """
with written as (
    insert into klaviyo.event (
        account_id, metric_id, occurred_at, event_id, profile_id, message_ref, payload
    )
    select
        %(account_id)s, m.metric_id, (d.day + m.later) at time zone %(timezone)s,
        m.metric_id || d.day::date || i, 'P' || i, 'FM1',
        jsonb_build_object('text', repeat('x', 900))
    from generate_series(%(first)s::timestamp, %(last)s::timestamp, interval '3 days') as d (day)
    cross join generate_series(1, %(sends)s) as i
    cross join lateral (
        values ('received', interval '0'), ('opened', interval '1 hour')
    ) as m (metric_id, later)
    returning metric_id, occurred_at, message_ref
)

insert into ops.touched (account_id, metric_id, day, message_ref)
select distinct
    %(account_id)s, metric_id, (occurred_at at time zone %(timezone)s)::date, message_ref
from written
"""


def test_older_events_of_a_recipient_are_not_fetched_again(new_book: Callable[..., Book]) -> None:
    """What is asked of them is in the index, however long the flow has sent to somebody."""
    book = new_book()
    past = {"first": LAST - dt.timedelta(days=360), "last": LAST - dt.timedelta(days=3)}
    book.execute(AGAIN, **past, sends=SENDS, timezone=book.timezone)
    book.refresh()
    vacuum(book)
    book.execute(AGAIN, first=LAST, last=LAST, sends=SENDS, timezone=book.timezone)
    before, _ = read_so_far(book)["event"]
    assert book.refresh().recipients == 121 * SENDS
    fetched = read_so_far(book)["event"][0] - before
    new = 2 * SENDS
    assert new <= fetched <= 10 * new
