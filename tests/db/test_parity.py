"""The same account on every edition: every relation of the mart holds the same rows.

TimescaleDB Community is compared too where WORKBENCH_TEST_COMMUNITY_DSN names a server of it (a
user who may create databases). Its licence keeps it out of Debian, so that is done by hand.
"""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Server, _fill, _server
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from workbench.db import (
    Database,
    Edition,
    digest_of,
    open_database,
    refresh_aggregates,
    relations_of,
)
from workbench.load import load_account, use_database
from workbench.refresh import rebuild_facts, refresh_facts
from workbench.sandbox import Shop

DSN = "WORKBENCH_TEST_COMMUNITY_DSN"
OWN_CLOCK = ["changed_at", "first_seen_at", "synced_at"]  # when each database got the row


@pytest.fixture(scope="session")
def community_server() -> Iterator[Server]:
    dsn = os.environ.get(DSN)
    if not dsn:
        pytest.skip(f"no TimescaleDB Community: checked by hand, with {DSN}")
    with _server(dsn) as server:
        yield server


@pytest.fixture(scope="session")
def synced_community(
    community_server: Server, synced_shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("synced")
    with community_server.filled(folder, lambda database: _fill(database, synced_shop)) as template:
        yield template


@pytest.fixture(params=["timescaledb", "community"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The account on another edition than the plain one."""
    server = request.getfixturevalue(f"{request.param}_server")
    template = request.getfixturevalue(f"synced_{request.param}")
    folder = tmp_path / "other"
    with server.copy(folder, template=template) as settings, open_database(settings) as database:
        yield database


@pytest.fixture
def community(
    community_server: Server, synced_community: str, tmp_path: Path
) -> Iterator[Database]:
    with (
        community_server.copy(tmp_path, template=synced_community) as settings,
        open_database(settings) as database,
    ):
        yield database


def rows(database: Database, relation: str) -> Counter[str]:
    """Rows as JSON text, so that a difference can be read."""
    query = SQL("select (to_jsonb(r) - %s::text[])::text from mart.{} as r")
    with database.connection() as connection:
        found = connection.execute(query.format(Identifier(relation)), [OWN_CLOCK])
        return Counter(text for (text,) in found)


def differences(one: Database, two: Database) -> dict[str, tuple[list[str], list[str]]]:
    """Relation -> rows that only the one holds, and rows that only the other holds."""
    with one.connection() as here, two.connection() as there:
        found = [relations_of(connection, "mart") for connection in (here, there)]
        # what the view mart.metric_hourly is made of on Community
        assert [name for name in found[1] if name != "metric_hourly_aggregate"] == found[0]
        differing = [
            name
            for name in found[0]
            if digest_of(here, f"mart.{name}", without=OWN_CLOCK)
            != digest_of(there, f"mart.{name}", without=OWN_CLOCK)
        ]
    told = {}
    for name in differing:
        ours, theirs = rows(one, name), rows(two, name)
        told[name] = sorted((ours - theirs).elements())[:5], sorted((theirs - ours).elements())[:5]
    return told


def test_every_mart_relation_is_the_same(synced_database: Database, other: Database) -> None:
    assert other.edition is not Edition.POSTGRESQL
    assert rows(synced_database, "metric_hourly")
    assert differences(synced_database, other) == {}


def test_a_rebuild_is_the_same_too(synced_database: Database, other: Database) -> None:
    use_database(other)
    rebuild_facts(load_account())
    assert differences(synced_database, other) == {}


def test_a_difference_is_told(synced_database: Database, other: Database) -> None:
    with other.connection() as connection:
        connection.execute(
            "update mart.metric_daily set count_events = count_events + 1"
            " where (metric_id, day) = (select metric_id, day from mart.metric_daily limit 1)"
        )
    ((name, (ours, theirs)),) = differences(synced_database, other).items()
    assert name == "metric_daily"
    assert len(ours) == len(theirs) >= 1
    assert set(ours).isdisjoint(theirs)


def test_community_counts_hours_between_refreshes_and_after_late_events(
    community: Database,
) -> None:
    use_database(community)
    account = load_account()
    before = rows(community, "metric_hourly")
    with community.connection() as connection:
        assert connection.execute(
            "select count(*) from mart.metric_hourly_aggregate"
        ).fetchone() == (before.total(),)
        (new_at,) = (
            connection.execute("select max(occurred_at) from klaviyo.event").fetchone() or ()
        )
        for at in (new_at + dt.timedelta(hours=5), new_at - dt.timedelta(days=300)):
            connection.execute(
                "insert into klaviyo.event (account_id, metric_id, occurred_at, event_id, payload)"
                " select account_id, 'M', %s, 'E', '{}' from klaviyo.account",
                [at],
            )
            connection.execute(
                "insert into ops.touched (account_id, metric_id, day)"
                " select account_id, 'M', (%s::timestamptz at time zone timezone)::date"
                " from klaviyo.account",
                [at],
            )
    new = rows(community, "metric_hourly") - before
    assert len(new) >= 1  # what is newer than the last refresh is counted when it is read
    refresh_facts(account)
    assert (rows(community, "metric_hourly") - before).total() == 2
    assert rows(community, "metric_hourly") == rows(community, "metric_hourly_rollup")


def test_community_leaves_the_aggregate_to_its_job_where_another_owns_it(
    community: Database,
) -> None:
    assert refresh_aggregates(community) == ["mart.metric_hourly_aggregate"]
    writer = f"writer_{os.getpid()}"
    with community.connection() as connection:
        connection.execute(f"create role {writer} login")
        url = make_conninfo(host="127.0.0.1", port=connection.info.port, user=writer)
        url = make_conninfo(url, dbname=connection.info.dbname)
    try:
        with Database(url) as theirs:
            assert refresh_aggregates(theirs) == []
    finally:
        with community.connection() as connection:
            connection.execute(f"drop role {writer}")


def test_community_keeps_hours_of_deleted_events(community: Database) -> None:
    before = rows(community, "metric_hourly")
    with community.connection() as connection:
        connection.execute(
            "insert into ops.retention"
            " select account_id, metric_id, 'browsing', '2999-01-01', '2999-01-01'"
            " from klaviyo.metric"
        )
        connection.execute("truncate klaviyo.event")
    refresh_aggregates(community)
    assert rows(community, "metric_hourly_aggregate") == Counter()
    assert rows(community, "metric_hourly") == before


def test_community_changes_events_kept_by_column(community: Database) -> None:
    use_database(community)
    with community.connection() as connection:
        connection.execute(
            "select compress_chunk(c, if_not_compressed => true) from show_chunks("
            " 'klaviyo.event', older_than => (select max(occurred_at) - interval '100 days'"
            " from klaviyo.event)) as c"
        )
        (columns,) = connection.execute(
            "select count(*) from timescaledb_information.chunks"
            " where hypertable_name = 'event' and is_compressed"
        ).fetchone() or (0,)
        assert columns >= 8
        changed = connection.execute(
            "update klaviyo.event set profile_id = 'merged', original_profile_id = profile_id"
            " where profile_id = (select profile_id from klaviyo.event"
            " where occurred_at < (select min(occurred_at) + interval '30 days'"
            " from klaviyo.event) limit 1)"
        )
        moved = changed.rowcount
        assert moved >= 1
        found = connection.execute(
            "select count(*) from klaviyo.event where profile_id = 'merged'"
        ).fetchone()
        assert found == (moved,)
