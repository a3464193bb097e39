"""Facts by the hour, of engagement, of forms and of groups, against events counted one by one."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from workbench.db import Database, copy_rows, statement
from workbench.load import load_account
from workbench.sandbox import Truth

from .conftest import Book


def read(database: Database, text: str) -> list[dict[str, Any]]:
    with database.connection() as connection:
        cursor = connection.execute(text)
        names = [column.name for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.mark.parametrize("timezone", ["America/New_York", "Asia/Kolkata", "Asia/Kathmandu"])
def test_hours_hold_every_event_once(new_book: Callable[..., Book], timezone: str) -> None:
    """Also where two days share an hour of UTC, and only one of them is written anew."""
    book = new_book(timezone=timezone)
    wanted: dict[tuple[str, str, str], list[Decimal]] = defaultdict(list)
    first = dt.datetime(2026, 10, 30, tzinfo=dt.UTC)
    for number in range(120):
        at = first + dt.timedelta(minutes=37 * number)
        value, currency = Decimal(number) / 10, ("USD", "EUR")[number % 2]
        book.order(at, value, currency=currency)
        hour = at.replace(minute=0)
        wanted[hour.isoformat(), "order", currency].append(value)
        if number % 40 == 0:
            book.refresh()
    book.event("viewed", first)
    wanted[first.isoformat(), "viewed", ""].append(Decimal(0))
    book.refresh()
    found = {
        (row["hour_at"], row["metric_id"], row["currency"]): (row["count_events"], row["sum_value"])
        for row in book.rows("mart.metric_hourly")
    }
    assert found == {
        key: (len(values), float(sum(values)) if key[2] else None) for key, values in wanted.items()
    }


def test_hours_add_up_to_days_of_whole_hours(synced_database_everywhere: Database) -> None:
    differing = """
        with hours as (
            select h.account_id, h.metric_id, d.day, h.currency,
                sum(h.count_events) as count_events, sum(h.sum_value) as sum_value
            from mart.metric_hourly as h
            inner join mart.dim_date as d on h.account_id = d.account_id
                and h.hour_at >= d.starts_at and h.hour_at < d.ends_at
            group by 1, 2, 3, 4
        )

        select * from mart.metric_daily as m
        full join hours as h using (account_id, metric_id, day, currency)
        where m.count_events is distinct from h.count_events
            or m.sum_value is distinct from h.sum_value
    """
    assert read(synced_database_everywhere, differing) == []
    assert read(synced_database_everywhere, "select 1 from mart.metric_hourly limit 1")


ROLES = {
    "received": "received",
    "opened": "opens",
    "clicked": "clicks",
    "bounced": "bounces",
    "unsubscribed": "unsubscribes",
    "marked_spam": "spam_complaints",
}


def test_engagement_adds_up_to_the_metrics_of_the_day(synced_database_everywhere: Database) -> None:
    daily = """
        select m.day::text as day, r.channel, r.role, sum(m.count_events)::bigint as events
        from mart.metric_daily as m inner join mart.metric_role as r using (account_id, metric_id)
        where r.channel is not null group by 1, 2, 3
    """
    wanted = {
        (row["day"], row["channel"], ROLES[row["role"]]): row["events"]
        for row in read(synced_database_everywhere, daily)
    }
    found: Counter[tuple[str, str, str]] = Counter()
    for row in read(synced_database_everywhere, "select * from mart.fact_engagement"):
        for name in ROLES.values():
            found[str(row["day"]), row["channel"], name] += row[name]
    assert {key: count for key, count in found.items() if count} == wanted


def test_engagement_is_that_of_the_events(synced_database: Database) -> None:
    """Counts, human counts and distinct profiles of every row, by pandas."""
    account = load_account_of(synced_database)
    events = pd.DataFrame(
        read(
            synced_database,
            "select e.occurred_at, e.profile_id, e.flow_id, e.message_ref, r.role, r.channel,"
            " e.is_machine_open, e.is_bot_click from klaviyo.event as e"
            " inner join mart.metric_role as r using (account_id, metric_id)"
            " where r.channel is not null",
        )
    )
    zone = ZoneInfo(account.timezone)
    events["day"] = pd.to_datetime(events.occurred_at, utc=True).dt.tz_convert(zone).dt.date
    events["source"] = "none"
    events.loc[events.message_ref.notna(), "source"] = "campaign"
    events.loc[events.flow_id.notna(), "source"] = "flow"
    is_human = ~(events.is_machine_open.eq(True) | events.is_bot_click.eq(True))
    kinds = {name: events.role == role for role, name in ROLES.items()}
    kinds |= {f"human_{name}": kinds[name] & is_human for name in ("opens", "clicks")}
    by = ["day", "channel", "source"]
    wanted = pd.DataFrame(index=events.groupby(by).size().index)
    for name, is_one in kinds.items():
        groups = events[is_one].groupby(by).profile_id
        wanted[name] = groups.size()
        wanted[f"unique_{name}"] = groups.nunique()
    wanted = wanted.fillna(0).astype("int64").sort_index(axis=1)
    found = pd.DataFrame(read(synced_database, "select * from mart.fact_engagement"))
    found = found.drop(columns="account_id").set_index(by).sort_index().sort_index(axis=1)
    pd.testing.assert_frame_equal(found, wanted.sort_index())
    assert (found.human_opens < found.opens).any()


def load_account_of(database: Database) -> Any:
    from workbench.load import use_database

    use_database(database)
    return load_account()


def test_forms_are_those_of_the_shop(synced_database_everywhere: Database, truth: Truth) -> None:
    days = truth.form_days()
    wanted = {
        (str(row.ds), row.form_id, row.form_version_id): (
            (row.views, row.submits, row.closes),
            (row.unique_viewers, row.unique_submitters),
        )
        for row in days.itertuples()
    }
    found = {
        (str(row["day"]), row["form_id"], row["form_version_id"]): (
            (row["count_views"], row["count_submits"], row["count_closes"]),
            # the shop counts each event without a profile as a visitor
            (
                row["unique_viewers"] + row["count_anonymous_views"],
                row["unique_submitters"] + row["count_anonymous_submits"],
            ),
        )
        for row in read(synced_database_everywhere, "select * from mart.form_daily")
    }
    assert found
    assert found == wanted


def test_a_form_that_an_event_does_not_name_is_not_lost(book: Book) -> None:
    book.execute(
        "insert into klaviyo.metric (account_id, metric_id, name, integration_name, payload)"
        " values (%(account_id)s, 'form', 'Submitted Form', 'Klaviyo', '{}')"
    )
    book.event("form", "2026-10-27 15:00+00")
    book.refresh()
    (row,) = book.rows("mart.form_daily")
    assert (row["form_id"], row["form_version_id"], row["count_submits"]) == ("", "", 1)


def members(database: Database, account_id: str, day: int, stays: dict[str, str]) -> None:
    """A reading of all members of a segment at noon of a day of October."""
    at = f"2026-10-{day} 12:00+00"
    told = {"account_id": account_id, "group_type": "segment", "group_id": "S1"}
    rows = [(*told.values(), profile, joined) for profile, joined in stays.items()]
    told |= {"since": None, "is_sweep": True, "as_of": at, "read_at": at}
    with database.connection() as connection, connection.cursor() as cursor:
        copy_rows(cursor, "ops.group_member", (*list(told)[:3], "profile_id", "joined_at"), rows)
        for name in ("merge_membership", "record_group_read", "clear_group_member"):
            cursor.execute(statement(f"writes/sync/{name}"), told)


def test_members_are_counted_from_day_to_day(book: Book) -> None:
    ada, bob, cyd = "2026-10-20 15:00+00", "2026-10-21 03:00+00", "2026-10-23 15:00+00"
    book.event("viewed", "2026-10-20 15:00+00")
    members(book.database, book.account_id, 22, {"ada": ada, "bob": bob})
    book.refresh()
    # read again: nobody new; then bob is out and cyd in; then ada is out, met late is dee
    members(book.database, book.account_id, 24, {"ada": ada, "bob": bob})
    book.refresh()
    members(book.database, book.account_id, 25, {"ada": ada, "cyd": cyd})
    book.refresh()
    members(book.database, book.account_id, 27, {"cyd": cyd, "dee": "2026-10-21 15:00+00"})
    book.refresh()
    found = [
        (row["day"][-2:], row["count_members"], row["count_joined"], row["count_left"])
        for row in book.rows("mart.segment_daily")
    ]
    assert sorted(found) == [
        ("20", 2, 2, 0),  # 03:00 UTC is the evening before in New York
        ("21", 3, 1, 0),
        ("22", 3, 0, 0),
        ("23", 4, 1, 0),
        ("24", 4, 0, 0),
        ("25", 3, 0, 1),
        ("26", 3, 0, 0),
        ("27", 2, 0, 1),
    ]
    observed = {row["day"][-2:] for row in book.rows("mart.segment_daily") if row["is_observed"]}
    assert observed == {"23", "24", "25", "26", "27"}


def test_a_stay_that_goes_on_is_counted_on(book: Book) -> None:
    ada, bob = "2026-10-20 15:00+00", "2026-10-20 16:00+00"
    for day, stays in (
        (22, {"ada": ada, "bob": bob}),
        (23, {"bob": bob}),
        (25, {"ada": ada, "bob": bob}),
    ):
        members(book.database, book.account_id, day, stays)
        book.refresh()
    counts = {row["day"][-2:]: row["count_members"] for row in book.rows("mart.segment_daily")}
    assert counts == {str(day): 2 for day in range(20, 26)}


def test_members_are_those_of_the_last_reading(synced_database_everywhere: Database) -> None:
    last = """
        select distinct on (group_type, group_id) group_type, group_id, count_members
        from mart.segment_daily order by group_type, group_id, day desc
    """
    inside = """
        select group_type, group_id,
            count(*) filter (where left_at is null) as count_members
        from klaviyo.membership group by 1, 2 order by 1, 2
    """
    found = read(synced_database_everywhere, last)
    assert found
    assert found == read(synced_database_everywhere, inside)
