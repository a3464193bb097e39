"""However syncs and refreshes took turns, the facts are those that one full rebuild makes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from workbench.cli.app import app
from workbench.db import Database, copy_lines, copy_rows, merge_rows, staging_table, statement
from workbench.klaviyo.event_fields import NULL, SEPARATOR
from workbench.klaviyo.events import EVENT_COLUMNS, event_page
from workbench.klaviyo.records import TABLES
from workbench.load import load_account, use_database
from workbench.refresh import FACTS, rebuild_facts, refresh_facts
from workbench.settings import Settings

from .conftest import Book

BEGIN = dt.datetime(2026, 10, 29, 4, tzinfo=dt.UTC)  # three days before summer time ends
MORE_METRICS = {
    "refunded": ("Refunded Order", "Shopify"),
    "viewed_form": ("Viewed Form", "Klaviyo"),
    "submitted_form": ("Submitted Form", "Klaviyo"),
}
# the metric of event n is the one at n modulo their number; it happens 5 hours after event n - 1
CYCLE = (
    *("received", "opened", "order", "clicked", "viewed_form", "received_sms", "old_order"),
    *("bounced", "refunded", "submitted_form", "opened", "order", "unsubscribed"),
)
MONEY = {"order", "old_order", "refunded"}
FORMS = {"viewed_form", "submitted_form"}
PROFILES = ("P1", "P2", "P3")
# as events name them: two that are known, one of a campaign and one of a flow not yet read
MESSAGES = ("C1", "FM1", "CX", "FMX")
CREDITS = {
    "C1": {"campaign": "C1", "campaign-message": "CM1"},
    "CX": {"campaign": "CX", "campaign-message": "CMX"},
    "FM1": {"flow": "F1", "flow-message": "FM1"},
    "FMX": {"flow": "FX", "flow-message": "FMX"},
}
GROUPS = (("list", "L1"), ("segment", "S1"))
RELATIONS = """
select table_schema || '.' || table_name from information_schema.columns
where table_schema = 'mart' and column_name = 'account_id' order by 1
"""


@dataclass
class Shop:
    """An account that changes as Klaviyo's do, written by the statements that syncs use."""

    book: Book
    day: int = 0

    @property
    def told(self) -> dict[str, Any]:
        """What most statements want; each sync is a day later than the one before."""
        now = BEGIN + dt.timedelta(days=self.day, minutes=1)
        key = {"account_id": self.book.account_id, "timezone": self.book.timezone}
        return key | {"as_of": now, "read_at": now}

    def execute(self, name: str, **more: Any) -> None:
        with self.book.database.connection() as connection:
            connection.execute(statement(f"writes/{name}"), self.told | more)

    def store(self, table: str, **values: Any) -> None:
        """A row of the catalogue, merged."""
        known = TABLES[table]
        values |= {"account_id": self.book.account_id, "payload": "{}"}
        row = tuple(values.get(name) for name in known.columns)
        with self.book.database.connection() as connection, connection.cursor() as cursor:
            merge_rows(cursor, table, key=known.key, others=known.others, rows=[row])

    def events(self, drawn: list[dict[str, Any]]) -> None:
        """A page of events, of which each may be new, changed, late or stored already."""
        content = orjson.dumps(
            {"data": [_item(each) for each in drawn], "included": _credits(drawn)}
        )
        page = event_page(content, account_id=self.book.account_id, currency="USD").only_last()
        with self.book.database.connection() as connection, connection.cursor() as cursor:
            staged = staging_table(cursor, "klaviyo.event")
            written = {"separator": SEPARATOR, "null": NULL}
            copy_lines(cursor, staged, EVENT_COLUMNS, page.lines, **written)
            span = self.told | {"first": min(page.times), "last": max(page.times)}
            cursor.execute(statement("writes/sync/resolve_staged_metrics"), span)
            cursor.execute(statement("writes/merge_event"), span)

    def gone_event(self, number: int) -> None:
        at = _time(number)
        for metric in (_metric(number), ""):
            self.execute(
                "sync/move_gone_events",
                event_ids=[f"E{number}"],
                metric_id=metric,
                since=at,
                until=at + dt.timedelta(seconds=1),
            )

    def gone_profile(self, gone: str, owner: str | None) -> None:
        """Merged into another, or deleted where there is no owner."""
        self.execute("sync/mark_profiles_gone", profile_ids=[gone])
        self.execute("sync/move_events", profile_id=gone, owner_id=owner)
        if owner is not None:
            self.execute("sync/note_profile_merge", profile_id=gone, owner_id=owner)
        self.execute("sync/end_stays_of_gone")

    def members(self, group: tuple[str, str], stays: list[tuple[str, int]], *, sweep: bool) -> None:
        """A reading of a group's members: all of them, or those who joined in the last two days."""
        since = None if sweep else self.told["as_of"] - dt.timedelta(days=2)
        met = [(profile, BEGIN + dt.timedelta(hours=13 * joined)) for profile, joined in stays]
        rows = [
            (self.book.account_id, *group, profile, at)
            for profile, at in met
            if at <= self.told["as_of"] and (since is None or at >= since)
        ]
        columns = ("account_id", "group_type", "group_id", "profile_id", "joined_at")
        key = {"group_type": group[0], "group_id": group[1], "since": since, "is_sweep": sweep}
        with self.book.database.connection() as connection, connection.cursor() as cursor:
            copy_rows(cursor, "ops.group_member", columns, rows)
            for name in ("merge_membership", "record_group_read", "clear_group_member"):
                cursor.execute(statement(f"writes/sync/{name}"), self.told | key)

    def learn(self, what: str, channel: str | None) -> None:
        """A campaign or flow is read at last, or its message has changed its channel."""
        if what == "CX":
            campaign = {"campaign_id": "CX", "name": "X", "status": "Sent", "is_archived": False}
            self.store("klaviyo.campaign", **campaign, channel=channel)
            self.store(
                "klaviyo.campaign_message", message_id="CMX", campaign_id="CX", channel=channel
            )
        else:
            self.store("klaviyo.flow", flow_id="FX", name="X", is_archived=False)
            self.store("klaviyo.flow_message", message_id="FMX", flow_id="FX", channel=channel)

    def sync(self, drawn: dict[str, Any]) -> None:
        self.day += 1
        self.events(drawn["events"])
        self.book.map_revenue(drawn["map"])
        for group, stays in drawn["members"].items():
            self.members(group, stays, sweep=drawn["sweep"])
        for other in drawn["others"]:
            match other:
                case {"gone_event": number}:
                    self.gone_event(number)
                case {"gone": gone, "owner": owner} if gone != owner:
                    self.gone_profile(gone, owner)
                case {"learn": what, "channel": channel}:
                    self.learn(what, channel)


def _metric(number: int) -> str:
    return CYCLE[number % len(CYCLE)]


def _time(number: int) -> dt.datetime:
    return BEGIN + dt.timedelta(hours=5 * number)


def _item(drawn: dict[str, Any]) -> dict[str, Any]:
    number, message = drawn["number"], drawn["message"]
    metric = _metric(number)
    said: dict[str, Any] = {}
    if metric in MONEY:
        said = {"$value": drawn["value"], "OrderId": f"N{number % 4}"}
        said |= {"$value_currency": "EUR"} if drawn["flag"] else {}
    elif metric in FORMS:
        said = {"form_id": "FORM", "form_version_id": 1 + drawn["value"] % 2}
    elif message:
        said = {"$message": message} | ({"$flow": "F"} if message.startswith("F") else {})
        said |= {"machine_open": drawn["flag"], "Bot Click": drawn["flag"]}
        if drawn["send"] is not None:
            sent = int(_time(drawn["send"]).timestamp())
            said["$_cohort$message_send_cohort"] = f"{sent}:{message}"
    related: dict[str, Any] = {}
    if drawn["is_resolved"]:
        related["metric"] = {"data": {"type": "metric", "id": metric}}
    if drawn["profile"]:
        related["profile"] = {"data": {"type": "profile", "id": drawn["profile"]}}
    if message and metric in MONEY:
        related["attributions"] = {"data": [{"type": "attribution", "id": f"A{number}"}]}
    return {
        "type": "event",
        "id": f"E{number}",
        "attributes": {"datetime": _time(number).isoformat(), "event_properties": said},
        "relationships": related,
    }


def _credits(drawn: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the orders are attributed to: a message, and an event that may not be there yet."""
    return [
        {
            "type": "attribution",
            "id": f"A{each['number']}",
            "relationships": {
                name: {"data": {"type": name, "id": found}}
                for name, found in (
                    *CREDITS[each["message"]].items(),
                    ("attributed-event", f"E{each['value'] % EVENTS}"),
                )
            },
        }
        for each in drawn
        if each["message"] and _metric(each["number"]) in MONEY
    ]


EVENTS = 2 * len(CYCLE)
NUMBERS = st.integers(0, EVENTS - 1)
DRAWN = st.fixed_dictionaries(
    {
        "number": NUMBERS,
        "profile": st.sampled_from((*PROFILES, None)),
        "message": st.sampled_from((*MESSAGES, None)),
        "value": st.integers(0, 99),
        "flag": st.booleans(),
        "send": st.none() | st.integers(0, 6),
        "is_resolved": st.sampled_from((True, True, True, False)),
    }
)
STAYS = st.lists(
    st.tuples(st.sampled_from(PROFILES), st.integers(0, 8)),
    max_size=3,
    unique_by=lambda stay: stay[0],
)
OTHER = st.one_of(
    st.fixed_dictionaries({"gone_event": NUMBERS}),
    st.fixed_dictionaries(
        {"gone": st.sampled_from(PROFILES), "owner": st.sampled_from((*PROFILES, None))}
    ),
    st.fixed_dictionaries(
        {"learn": st.sampled_from(("CX", "FX")), "channel": st.sampled_from(("email", "sms", None))}
    ),
)
# a sync, and whether a refresh follows it
ROUND = st.fixed_dictionaries(
    {
        "events": st.lists(DRAWN, min_size=1, max_size=10),
        "members": st.fixed_dictionaries(dict.fromkeys(GROUPS, STAYS)),
        "sweep": st.booleans(),
        "others": st.lists(OTHER, max_size=3),
        # what the account maps to revenue
        "map": st.sampled_from(("order", "order", "old_order", "opened", None)),
        "refresh": st.booleans(),
    }
)
ROUNDS = st.lists(ROUND, min_size=2, max_size=6)


def facts(book: Book) -> dict[str, list[Any]]:
    """Every relation of the mart, as the account has it."""
    return {name: book.rows(name) for (name,) in book.execute(RELATIONS)}


def check(book: Book, rounds: list[dict[str, Any]]) -> None:
    for metric_id, (name, integration) in MORE_METRICS.items():
        told = {"name": name, "integration_name": integration}
        Shop(book).store("klaviyo.metric", metric_id=metric_id, **told)
    shop = Shop(book)
    for drawn in rounds:
        shop.sync(drawn)
        if drawn["refresh"]:
            book.refresh()
    book.refresh()
    by_and_by = facts(book)
    rebuild_facts(book.account)
    at_once = facts(book)
    for name, rows in at_once.items():
        assert by_and_by[name] == rows, name


HELD = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=20, suppress_health_check=HELD)
@given(ROUNDS)
def test_many_small_refreshes_equal_a_rebuild(
    new_embedded_book: Callable[..., Book], rounds: list[dict[str, Any]]
) -> None:
    check(new_embedded_book(), rounds)


@settings(max_examples=4, suppress_health_check=HELD)
@given(ROUNDS)
def test_they_do_on_timescaledb(
    new_timescaledb_book: Callable[..., Book], rounds: list[dict[str, Any]]
) -> None:
    check(new_timescaledb_book(timezone="Asia/Kolkata"), rounds)


def test_opens_go_when_their_metric_is_mapped_to_revenue(
    new_embedded_book: Callable[..., Book],
) -> None:
    opened = {"flag": False, "is_resolved": True, "message": "FMX", "profile": "P3", "value": 1}
    nothing = {"members": {}, "others": [], "refresh": True, "sweep": False}
    rounds = [
        {"events": [opened | {"number": 10, "send": 2}], "map": None, **nothing},
        {"events": [opened | {"number": 14, "send": 4}], "map": "opened", **nothing},
    ]
    check(new_embedded_book(), rounds)


def spoiled(book: Book) -> dict[str, list[Any]]:
    """Facts as they should be, one of which is then spoiled."""
    book.event("received", "2026-10-27 15:00+00", message="C1")
    book.order("2026-10-28 15:00+00", 50, message="C1")
    book.refresh()
    right = facts(book)
    book.execute("update mart.metric_daily set count_events = 99 where account_id = %(account_id)s")
    book.execute("delete from mart.message_recipient where account_id = %(account_id)s")
    return right


def test_a_rebuild_mends_what_a_refresh_leaves_alone(new_book: Callable[..., Book]) -> None:
    book, other = new_book(), new_book()
    other.order("2026-10-28 15:00+00", 7)
    other.refresh()
    of_other = facts(other)
    right = spoiled(book)
    book.refresh()
    assert facts(book) != right
    summary = rebuild_facts(book.account)
    assert facts(book) == right
    assert facts(other) == of_other
    assert summary.rows.keys() == {fact.table for fact in FACTS}
    (kept,) = book.execute(
        "select count_rows from ops.refresh where account_id = %(account_id)s"
        " order by refresh_id desc limit 1"
    )
    assert kept == (summary.rows,)


def test_readers_see_the_old_facts_until_all_are_written(book: Book) -> None:
    spoiled(book)
    before, seen = facts(book), []
    rebuild_facts(book.account, told=lambda table: seen.append(facts(book) == before))
    assert seen == [True] * len(FACTS)


def test_a_rebuild_that_fails_changes_nothing(book: Book) -> None:
    spoiled(book)
    book.event("viewed", "2026-10-28 16:00+00")
    touched = "select metric_id, day::text from ops.touched where account_id = %(account_id)s"
    before, noted = facts(book), book.execute(touched)

    def fail(table: str) -> None:
        if table == FACTS[-1].table:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild_facts(book.account, told=fail)
    assert facts(book) == before
    assert book.execute(touched) == noted == [("viewed", "2026-10-28")]


def test_the_rebuild_of_a_synced_shop_changes_no_row(synced_database_everywhere: Database) -> None:
    use_database(synced_database_everywhere)
    account = load_account()
    book = Book(synced_database_everywhere, account.account_id, account.timezone)
    before = facts(book)
    assert refresh_facts(account).total == 0
    written = rebuild_facts(account).rows
    assert written["segment_daily"] == len(before["mart.segment_daily"]) > 0
    for name, rows in facts(book).items():
        assert rows == before[name], name


def test_days_follow_the_account_to_another_time_zone(book: Book) -> None:
    book.event("viewed", "2026-10-28 03:00+00")
    book.refresh()
    book.execute(
        "update klaviyo.account set timezone = 'Asia/Kolkata' where account_id = %(account_id)s"
    )
    rebuild_facts(book.account)
    (row,) = book.rows("mart.metric_daily")
    assert row["day"] == "2026-10-28"  # the evening of the 27th in New York
    ((starts_at,),) = book.execute(
        "select starts_at from mart.dim_date"
        " where account_id = %(account_id)s and day = '2026-10-28'"
    )
    assert starts_at == dt.datetime(2026, 10, 27, 18, 30, tzinfo=dt.UTC)


def test_a_refresh_follows_the_account_to_another_time_zone(book: Book) -> None:
    for day in ("26", "27", "28"):
        book.event("received", f"2026-10-{day} 02:00+00", message="C1")
        book.order(f"2026-10-{day} 03:00+00", 10, message="C1")
    book.refresh()
    book.timezone = "Asia/Kolkata"
    book.execute(
        "update klaviyo.account set timezone = %(timezone)s where account_id = %(account_id)s",
        timezone=book.timezone,
    )
    # on one day only; the facts of the others were of the days of New York
    book.order("2026-10-26 15:00+00", 99)
    book.refresh()
    by_and_by = facts(book)
    assert [row["day"] for row in by_and_by["mart.orders"]].count("2026-10-26") == 2
    rebuild_facts(book.account)
    assert facts(book) == by_and_by
    assert book.refresh().total == 0  # and then it rests


def test_a_refresh_follows_the_account_to_another_currency(
    new_book: Callable[..., Book],
) -> None:
    book, other = new_book(), new_book()
    for each in (book, other):
        each.event("received", "2026-10-26 15:00+00", message="C1")
        each.order("2026-10-27 15:00+00", 10, message="C1", currency="USD")
        each.order("2026-10-27 16:00+00", 7, message="C1", currency="EUR")
        each.refresh()
    untouched = facts(other)
    for each, revenue in ((book, 7), (other, 10)):
        if each is book:
            each.execute(
                "update klaviyo.account set currency = 'EUR' where account_id = %(account_id)s"
            )
        each.event("viewed", "2026-10-29 15:00+00")
        each.refresh()
        [sent] = each.rows("mart.message_recipient")
        [summed] = each.rows("mart.message_performance")
        assert sent["revenue"] == summed["revenue"] == revenue
    by_and_by = facts(book)
    assert facts(other)["mart.orders"] == untouched["mart.orders"]
    rebuild_facts(book.account)
    assert facts(book) == by_and_by
    assert book.refresh().total == 0  # and then it rests


def test_days_have_no_gap_where_events_have_one(book: Book) -> None:
    for day in ("2026-10-28", "2022-03-01", "2024-05-05"):
        book.event("viewed", f"{day} 15:00+00")
        book.refresh()
    ((count, first, last),) = book.execute(
        "select count(*), min(day), max(day) from mart.dim_date where account_id = %(account_id)s"
    )
    assert (first, count) == (dt.date(2022, 3, 1), (last - first).days + 1)


def test_the_command_makes_every_fact_anew(synced_settings: Settings) -> None:
    told = {"WORKBENCH_DATABASE_URL": synced_settings.database_url}

    def typed(*words: str) -> str:
        done = CliRunner().invoke(app, ["refresh", *words], env=told, catch_exceptions=False)
        assert done.exit_code == 0
        return done.stdout

    (touched,) = orjson.loads(typed("--json"))
    assert set(touched["rows"].values()) == {0}
    (full,) = orjson.loads(typed("--full", "--account", touched["account_id"], "--json"))
    assert full["rows"]["orders"] > 0
    table = [line.split() for line in typed("--full").splitlines()]
    assert ["mart.orders", f"{full['rows']['orders']:,}"] in table
