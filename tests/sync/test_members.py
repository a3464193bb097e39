"""Who is in which list and segment, who left, and who came back."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import orjson
import pytest
from conftest import unhurried_client

from workbench.db import Database, statement
from workbench.klaviyo import KlaviyoClient
from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, Truth, build_shop
from workbench.settings import REVISION
from workbench.sync import Asked, Progress, SyncSummary, sync_account

from .conftest import KEY, Edited, with_body

_DAYS_BACK = 60
_NAMES = ("lists", "segments", "list_members", "segment_members")
_STAYS = """
    select group_id, profile_id, extract(epoch from joined_at)::bigint,
        extract(epoch from left_after)::bigint, extract(epoch from left_at)::bigint
    from klaviyo.membership order by 1, 2, 3
"""


@pytest.fixture(scope="session")
def sociable_shop() -> Shop:
    return build_shop(ShopPlan(profiles=250, days=150))


@pytest.fixture
def sociable(sociable_shop: Shop) -> Iterator[SandboxServer]:
    """The shop as it was some time ago."""
    with SandboxServer(sociable_shop, key=KEY, limiter=Limiter(scale=math.inf)) as running:
        running.advance(days=-_DAYS_BACK)
        yield running


def rows(database: Database, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with database.connection() as connection:
        return connection.execute(query, parameters).fetchall()


def synced_groups(
    database: Database,
    sandbox: SandboxServer,
    *,
    full: bool = False,
    transport: httpx.BaseTransport | None = None,
) -> SyncSummary:
    """Lists, segments and their members, read by a client that never waits."""
    limiter = unhurried_client(sandbox).limiter
    client = KlaviyoClient(
        key=KEY,
        url=sandbox.url,
        revision=REVISION,
        limiter=limiter,
        transport=transport,
        sleep=lambda seconds: None,
    )
    with client, Progress() as progress:
        return sync_account(
            database,
            client,
            progress=progress,
            clock=iter(range(10**6)).__next__,
            asked=Asked(resources=_NAMES, full=full),
        )


def members(database: Database) -> set[tuple[str, str, int]]:
    """Group, profile and second of joining of everyone who is in."""
    return {row[:3] for row in rows(database, _STAYS) if row[4] is None}


def members_of_shop(shop: Shop, now: int) -> set[tuple[str, str, int]]:
    truth = Truth(shop, now=now)
    return {
        (group.id, profile_id, joined_at)
        for group in shop.groups
        if group.created_at <= now
        for profile_id, joined_at in truth.group_members(group.id).itertuples(index=False)
    }


def stays_of_shop(shop: Shop) -> dict[tuple[str, str, int], int]:
    """Second of leaving of every stay, by group, profile and second of joining."""
    spells = shop.memberships
    groups = [shop.groups[group].id for group in spells.group.tolist()]
    profiles = shop.people.ids[spells.profile].astype(np.str_).tolist()
    stays = zip(groups, profiles, spells.joined_at.tolist(), strict=True)
    return dict(zip(stays, spells.left_at.tolist(), strict=True))


def test_row_19_who_joined_left_and_came_back(
    database: Database, sociable: SandboxServer, sociable_shop: Shop
) -> None:
    synced_groups(database, sociable)
    assert members(database) == members_of_shop(sociable_shop, sociable.now)
    for days in (3, 10, 17, 24):  # every other time within a week of the last full reading
        for part in (1, days):
            sociable.advance(days=part)
            synced_groups(database, sociable)
            assert members_of_shop(sociable_shop, sociable.now) <= members(database)
        if days >= 7:
            assert members(database) == members_of_shop(sociable_shop, sociable.now)
    truly = stays_of_shop(sociable_shop)
    ended = [row for row in rows(database, _STAYS) if row[4] is not None]
    assert len(ended) > 20
    for group_id, profile_id, joined_at, left_after, left_at in ended:
        assert joined_at <= left_after <= truly[group_id, profile_id, joined_at] <= left_at
    met = {row[:2] for row in ended}
    back = [row for row in members(database) if row[:2] in met]
    assert back


def test_joins_cost_a_request_a_group_and_leaves_one_a_page(
    embedded_database: Database, sociable: SandboxServer, sociable_shop: Shop
) -> None:
    def asked() -> int:
        return sum(request.path.endswith("/profiles") for request in sociable.requests)

    def pages() -> int:
        sizes = np.unique([row[0] for row in members(embedded_database)], return_counts=True)[1]
        return int(np.ceil(sizes / 100).sum()) + len(shown) - len(sizes)

    shown = [group for group in sociable_shop.groups if group.created_at <= sociable.now]
    first = synced_groups(embedded_database, sociable)
    assert asked() == pages() > len(shown)
    again = synced_groups(embedded_database, sociable)
    assert asked() == pages() + len(shown)
    for name in ("list_members", "segment_members"):
        assert first.streams[name].read == first.streams[name].new > again.streams[name].read
        assert (again.streams[name].new, again.streams[name].changed) == (0, 0)
    synced_groups(embedded_database, sociable, full=True)
    assert asked() == 2 * pages() + len(shown)


def test_members_are_read_whole_whatever_goes_wrong(
    embedded_database: Database, sociable: SandboxServer, sociable_shop: Shop
) -> None:
    sociable.fault("expired-cursor:times=3", "duplicates:share=0.5", "503:share=0.2", "reset")
    synced_groups(embedded_database, sociable)
    assert members(embedded_database) == members_of_shop(sociable_shop, sociable.now)
    assert rows(embedded_database, "select count(*) from ops.group_member") == [(0,)]


def test_a_segment_that_is_worked_out_anew_is_left_alone(
    embedded_database: Database, sociable: SandboxServer, sociable_shop: Shop
) -> None:
    synced_groups(embedded_database, sociable)
    before = members(embedded_database)
    segment = next(
        group
        for group in sociable_shop.groups
        if not group.is_list and any(row[0] == group.id for row in before)
    )

    def emptied(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        """Klaviyo is at work on the segment, which has nobody meanwhile."""
        if request.url.path not in {"/api/segments", f"/api/segments/{segment.id}/profiles"}:
            return response
        body = orjson.loads(response.content)
        if request.url.path.endswith("/profiles"):
            body["data"] = []
        for item in body["data"]:
            item["attributes"]["is_processing"] = item["id"] == segment.id
        return with_body(response, body)

    sociable.advance(days=8)
    synced_groups(embedded_database, sociable, transport=Edited(emptied))
    now = members(embedded_database)
    assert {row for row in now if row[0] == segment.id} == {
        row for row in before if row[0] == segment.id
    }
    synced_groups(embedded_database, sociable)
    assert members(embedded_database) == members_of_shop(sociable_shop, sociable.now)


def test_a_group_that_goes_while_it_is_read_stops_nothing(
    embedded_database: Database, sociable: SandboxServer, sociable_shop: Shop
) -> None:
    gone = next(group for group in sociable_shop.groups if group.is_list)

    def missing(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path != f"/api/lists/{gone.id}/profiles":
            return response
        body = {"errors": [{"id": "1", "code": "not_found", "title": "", "detail": "gone"}]}
        return httpx.Response(404, headers={"Date": response.headers["Date"]}, json=body)

    summary = synced_groups(embedded_database, sociable, transport=Edited(missing))
    assert not summary.failed
    expected = members_of_shop(sociable_shop, sociable.now)
    assert members(embedded_database) == {row for row in expected if row[0] != gone.id}


def test_one_who_came_back_left_before(
    embedded_database: Database, sociable: SandboxServer, sociable_shop: Shop
) -> None:
    synced_groups(embedded_database, sociable)
    group_id, profile_id, joined_at = next(
        row
        for row in sorted(members(embedded_database))
        if any(group.id == row[0] and group.is_list for group in sociable_shop.groups)
    )
    sociable.advance(days=1)

    def again(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        """As if the member had left and joined once more, an hour ago."""
        if request.url.path != f"/api/lists/{group_id}/profiles":
            return response
        body = orjson.loads(response.content)
        at = dt.datetime.fromtimestamp(sociable.now - 3600, dt.UTC).isoformat()
        body["data"] += [
            {"type": "profile", "id": profile_id, "attributes": {"joined_group_at": at}}
        ]
        return with_body(response, body)

    synced_groups(embedded_database, sociable, transport=Edited(again))
    stays = [row for row in rows(embedded_database, _STAYS) if row[:2] == (group_id, profile_id)]
    back = sociable.now - 3600
    assert [(row[2], row[4]) for row in stays] == [(joined_at, back), (back, None)]
    assert joined_at <= stays[0][3] <= back


def test_a_member_that_cannot_be_read_costs_nobody_else(
    embedded_database: Database, sociable: SandboxServer, sociable_shop: Shop
) -> None:
    spoilt: list[tuple[str, str]] = []

    def edit(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if not request.url.path.startswith("/api/lists/"):
            return response
        body = orjson.loads(response.content)
        for item, at in zip(body["data"], (None, "once"), strict=False):
            item["attributes"]["joined_group_at"] = at
            spoilt.append((request.url.path.split("/")[3], item["id"]))
        return with_body(response, body)

    summary = synced_groups(embedded_database, sociable, transport=Edited(edit))
    assert not summary.failed
    expected = members_of_shop(sociable_shop, sociable.now)
    assert spoilt
    assert members(embedded_database) == {row for row in expected if row[:2] not in spoilt}
    kept = rows(
        embedded_database, "select item_id from ops.quarantine where stream like %s", "list%"
    )
    assert {each for (each,) in kept} == {each for _, each in spoilt}


def test_the_last_reading_bounds_a_leave(
    embedded_database: Database, sociable: SandboxServer, sociable_shop: Shop
) -> None:
    """By the clock of Klaviyo, and not by that of the database."""
    synced_groups(embedded_database, sociable)
    first = dt.datetime.fromtimestamp(sociable.now, dt.UTC)
    sociable.advance(days=9)
    synced_groups(embedded_database, sociable)
    second = dt.datetime.fromtimestamp(sociable.now, dt.UTC)
    ended = rows(
        embedded_database,
        "select left_after, left_at from klaviyo.membership where left_at < %s",
        second + dt.timedelta(seconds=1),
    )
    assert {left_after for left_after, _ in ended} == {first}
    assert {left_at for _, left_at in ended} <= {second} | {
        joined_at
        for (joined_at,) in rows(
            embedded_database,
            "select joined_at from klaviyo.membership where first_seen_at = %s",
            second,
        )
    }


def test_a_plan_kept_for_small_groups_is_not_used_for_a_large_one(
    embedded_database: Database, sociable: SandboxServer
) -> None:
    synced_groups(embedded_database, sociable)
    ((account_id, as_of),) = rows(
        embedded_database, "select account_id, max(as_of) from ops.sync_run group by account_id"
    )
    told = {
        "account_id": account_id,
        "group_type": "list",
        "group_id": "large",
        "since": None,
        "read_at": as_of,
        "as_of": as_of,
    }
    fill = """
        insert into ops.group_member
        select %(account_id)s, 'list', 'large', 'p' || n, %(as_of)s from generate_series(1, 2000) n
    """
    kept = "select generic_plans, custom_plans from pg_prepared_statements where statement like %s"
    merge = statement("writes/sync/merge_membership")
    with embedded_database.connection() as connection:
        for _ in range(8):
            connection.execute(merge, told | {"group_id": "small"}, prepare=True)
        ((generic, custom),) = connection.execute(kept, ["%stays that are new%"]).fetchall()
        assert generic > 0, "or this test has nothing to look for"
        connection.execute(fill, told)
        connection.execute(statement("writes/sync/plan_without_loops"))
        connection.execute(merge, told, prepare=True)
        assert connection.execute(kept, ["%stays that are new%"]).fetchall() == [
            (generic, custom + 1)
        ]
