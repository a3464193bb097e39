"""Events stored: exact, once, every version of them, and none lost to a bad neighbour."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import numpy as np
import orjson
import pytest

from workbench import load
from workbench.db import Database
from workbench.refresh import refresh_facts
from workbench.sandbox import SandboxServer, Shop
from workbench.sandbox.shop.events import Flag, Kind
from workbench.sync import Asked
from workbench.sync.findings.quarantine import told

from .conftest import Edited, with_body
from .streams import read_stream, select, stored, visible

Edit = Callable[[dict[str, Any]], None]
_FULL = Asked(full=True)


def editing(edit: Edit) -> Edited:
    """The network, with each event of a page changed."""

    def change(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path.rstrip("/") != "/api/events" or response.status_code != 200:
            return response
        body = orjson.loads(response.content)
        for item in body["data"]:
            edit(item)
        return with_body(response, body)

    return Edited(change)


def everything(database: Database) -> list[tuple[Any, ...]]:
    """Events without what says when they were stored."""
    query = "select (to_jsonb(e) - '{first_seen_at,changed_at}'::text[])::text from klaviyo.event e"
    return sorted(select(database, query))


def touched(database: Database) -> Counter[tuple[str, dt.date, str]]:
    return Counter(select(database, "select metric_id, day, message_ref from ops.touched"))


def events_by_touch(database: Database, shop: Shop) -> set[tuple[str, dt.date, str]]:
    query = """
        select metric_id, (occurred_at at time zone %s)::date, coalesce(message_ref, '')
        from klaviyo.event
    """
    return set(select(database, query, shop.account.timezone))


def test_row_05_the_same_window_twice_adds_nothing(
    database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    first = read_stream(database, sandbox)
    assert first.streams["events"].new == visible(shop, shop.now).total()
    assert set(touched(database)) == events_by_touch(database, shop)
    before, noted = everything(database), touched(database)
    again = read_stream(database, sandbox, asked=_FULL)
    count = again.streams["events"]
    assert (count.read, count.new, count.changed) == (len(before), 0, 0)
    assert everything(database) == before
    assert touched(database) == noted
    assert select(database, "select count(*) from klaviyo.event_version") == [(0,)]


def test_copied_and_merged_events_are_the_same(
    database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    read_stream(database, sandbox)
    copied, noted = everything(database), set(touched(database))
    select(database, "delete from klaviyo.event returning 1")
    select(database, "delete from ops.touched returning 1")
    read_stream(database, sandbox, asked=_FULL)  # windows that were read before are merged
    assert everything(database) == copied
    assert set(touched(database)) == noted


def test_a_first_window_in_which_an_event_is_there_already_is_merged(
    database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    read_stream(database, sandbox)
    copied = everything(database)
    (kept,) = select(database, "select event_id from klaviyo.event limit 1")
    select(database, "delete from klaviyo.event where event_id <> %s returning 1", *kept)
    select(database, "delete from ops.sync_window returning 1")
    run = read_stream(database, sandbox)
    assert run.streams["events"].new == len(copied) - 1
    assert everything(database) == copied


def test_row_05_a_changed_attribution_is_one_version(
    database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    read_stream(database, sandbox)
    query = """
        select event_id, metric_id, occurred_at, profile_id, value, currency, attributions, payload,
            changed_at, (occurred_at at time zone %s)::date as day, coalesce(message_ref, '')
        from klaviyo.event where attributions is not null order by occurred_at limit 1
    """
    ((event_id, metric, at, *said, changed_at, day, ref),) = select(
        database, query, shop.account.timezone
    )
    select(database, "delete from ops.touched returning 1")

    def without_credit(item: dict[str, Any]) -> None:
        if item["id"] == event_id:
            item["relationships"]["attributions"]["data"] = []

    for changed in (1, 0):
        run = read_stream(database, sandbox, asked=_FULL, transport=editing(without_credit))
        count = run.streams["events"]
        assert (count.new, count.changed) == (0, changed)
        assert select(
            database,
            """
            select v.event_id, v.metric_id, v.occurred_at, v.profile_id, v.value, v.currency,
                v.attributions, v.payload, v.seen_from, v.seen_until = e.changed_at, e.attributions
            from klaviyo.event_version as v
            inner join klaviyo.event as e using (account_id, metric_id, occurred_at, event_id)
            """,
        ) == [(event_id, metric, at, *said, changed_at, True, None)]
        assert list(touched(database).elements()) == [(metric, day, ref)]
    read_stream(database, sandbox, asked=_FULL)
    assert select(database, "select count(*) from klaviyo.event_version") == [(2,)]
    assert select(
        database, "select attributions from klaviyo.event where event_id = %s", event_id
    ) == [(said[3],)]


def test_row_05_another_owner_or_payload_is_a_version_too(
    database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    read_stream(database, sandbox)
    ((one, owner), (other, _)) = select(
        database,
        "select event_id, profile_id from klaviyo.event where profile_id <> '' order by 1 limit 2",
    )

    def edit(item: dict[str, Any]) -> None:
        if item["id"] == one:
            item["relationships"]["profile"]["data"]["id"] = "01ANOTHER"
        if item["id"] == other:
            item["attributes"]["event_properties"]["$message"] = "MOVED"

    run = read_stream(database, sandbox, asked=_FULL, transport=editing(edit))
    assert run.streams["events"].changed == 2
    assert select(
        database,
        "select profile_id, original_profile_id from klaviyo.event where event_id = %s",
        one,
    ) == [("01ANOTHER", owner)]
    assert set(select(database, "select event_id from klaviyo.event_version")) == {(one,), (other,)}
    # both the message that it was of and the one that it is of now
    refs = {ref for _, _, ref in touched(database)}
    assert "MOVED" in refs
    read_stream(database, sandbox, asked=_FULL)
    assert select(
        database,
        "select profile_id, original_profile_id from klaviyo.event where event_id = %s",
        one,
    ) == [(owner, None)]


def test_an_event_whose_metric_was_not_resolved_moves_to_it(
    database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    sandbox.fault("nulls:share=0.2,path=/api/events")
    read_stream(database, sandbox)
    (unresolved,) = select(database, "select count(*) from klaviyo.event where metric_id = ''")
    count = visible(shop, shop.now).total()
    assert 0 < unresolved[0] < count
    sandbox.withdraw()
    read_stream(database, sandbox, "events", asked=_FULL)
    assert stored(database) == visible(shop, shop.now)
    assert select(database, "select count(*) from klaviyo.event_version") == [unresolved]
    before = everything(database)
    # and what was resolved once stays so; the metrics of the account are known by now
    select(
        database,
        """
        insert into klaviyo.metric (account_id, metric_id, name, payload)
        select distinct account_id, metric_id, 'any', '{}'::jsonb from klaviyo.event returning 1
        """,
    )
    sandbox.fault("nulls:share=0.2,path=/api/events")
    again = read_stream(database, sandbox, asked=_FULL)
    assert (again.streams["events"].new, again.streams["events"].changed) == (0, 0)
    assert everything(database) == before


def test_row_14_machines_and_bots_are_marked_as_the_shop_has_them(
    database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    read_stream(database, sandbox)
    events = shop.events
    rows = np.flatnonzero(events.visible_at <= shop.now)
    flags, kinds = events.flags[rows], events.kind[rows]
    opens = kinds == Kind.OPENED_EMAIL
    by_machine = int(((flags & (Flag.APPLE_PRIVACY | Flag.MACHINE)) > 0)[opens].sum())
    by_bot = int(((flags & Flag.BOT) > 0)[kinds == Kind.CLICKED_EMAIL].sum())
    assert 0 < by_machine < opens.sum()
    found = select(
        database,
        """
        select
            count(*) filter (where is_machine_open and metric_id = %s),
            count(*) filter (where is_bot_click and metric_id = %s)
        from klaviyo.event
        """,
        shop.metrics[Kind.OPENED_EMAIL].id,
        shop.metrics[Kind.CLICKED_EMAIL].id,
    )
    assert found == [(by_machine, by_bot)]


def test_row_15_two_currencies_are_two_rows_and_sums_are_exact(
    database: Database, sandbox: SandboxServer, shop: Shop, sync: Callable[[Database], Any]
) -> None:
    sync(database)
    events = shop.events
    rows = np.flatnonzero((events.visible_at <= shop.now) & (events.kind == Kind.PLACED_ORDER))
    expected: Counter[str] = Counter()
    for value, currency in zip(
        events.value[rows].tolist(), events.currency[rows].tolist(), strict=True
    ):
        expected[currency] += value
    assert len(expected) > 1, "the shop has one currency only"
    sums = sorted(Decimal(cents).scaleb(-shop.decimals) for cents in expected.values())
    metric = shop.metrics[Kind.PLACED_ORDER].id
    by_event = "select sum(value) from klaviyo.event where metric_id = %s group by currency"
    assert sorted(row[0] for row in select(database, by_event, metric)) == sums
    load.use_database(database)
    refresh_facts(load.load_account())
    by_fact = "select sum(sum_value) from mart.metric_daily where metric_id = %s group by currency"
    assert sorted(row[0] for row in select(database, by_fact, metric)) == sums


def test_row_15_a_currency_that_no_event_names_is_the_accounts_and_marked(
    database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    def edit(item: dict[str, Any]) -> None:
        item["attributes"]["event_properties"].pop("$value_currency", None)

    read_stream(database, sandbox, transport=editing(edit))
    query = """
        select distinct currency, is_currency_assumed, value is null from klaviyo.event order by 3
    """
    assert select(database, query) == [(shop.account.currency, True, False), (None, None, True)]


# bad part of an event -> the reason that it is kept with
_BAD: dict[str, Edit] = {
    "no id": lambda item: item.pop("id"),
    "impossible datetime": lambda item: item["attributes"].update(datetime="2026-02-30 00:00:00Z"),
    "no datetime": lambda item: item["attributes"].update(datetime=None, timestamp=None),
    "no attributes": lambda item: item.update(attributes=[]),
}


def test_a_bad_event_is_kept_apart_and_costs_no_other_its_row(
    database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    read_stream(database, sandbox)
    expected = everything(database)
    chosen = [row[0] for row in select(database, "select event_id from klaviyo.event order by 1")]
    bad = dict(zip(chosen[:: len(chosen) // len(_BAD)], _BAD.items(), strict=False))
    huge = chosen[1]
    for table in ("klaviyo.event", "ops.sync_window", "ops.touched"):
        select(database, f"delete from {table} returning 1")

    def change(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path.rstrip("/") != "/api/events":
            return response
        body = orjson.loads(response.content)
        for item in body["data"]:
            if item["id"] == huge:
                item["attributes"]["event_properties"]["$value"] = "HUGE"
            if item["id"] in bad:
                bad[item["id"]][1](item)
        answer = with_body(response, body)
        content = answer.content.replace(b'"HUGE"', b"1e999999")
        return httpx.Response(200, headers={"Date": response.headers["Date"]}, content=content)

    # first by COPY into the table, then merged: the one that no number can hold is found by both
    for count in (1, 2):
        run = read_stream(database, sandbox, asked=_FULL, transport=Edited(change), page=100)
        kept = select(database, "select item_id, reason, run_id from ops.quarantine order by 2")
        reasons = [reason for _, reason, _ in kept]
        assert reasons == sorted([*_BAD, "NumericValueOutOfRange"])
        assert {run_id for *_, run_id in kept} == {run.run_id}
        without_id = next(item for item, reason, _ in kept if reason == "no id")
        assert without_id.startswith("sha256:")
        others = {item for item, *_ in kept} - {without_id}
        assert others == {name for name, (reason, _) in bad.items() if reason != "no id"} | {huge}
        assert len(told(run)) == len(kept)
        assert "see ops.quarantine" in told(run)[0]
        missing = {f'"event_id": "{name}"' for name in [*bad, huge]}
        assert everything(database) == [
            row for row in expected if not any(name in row[0] for name in missing)
        ], count
    payloads = select(database, "select payload from ops.quarantine where reason = 'no datetime'")
    assert payloads[0][0]["type"] == "event"


def test_a_bad_profile_is_kept_apart_and_costs_no_other_its_row(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    chosen = str(shop.people.ids[3].astype(str))

    def change(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path.rstrip("/") != "/api/profiles":
            return response
        body = orjson.loads(response.content)
        for item in body["data"]:
            if item["id"] == chosen:
                item["attributes"]["created"] = "the day before yesterday"
        return with_body(response, body)

    run = read_stream(embedded_database, sandbox, "profiles", transport=Edited(change), page=100)
    known = int((shop.people.created <= shop.now).sum())
    assert select(embedded_database, "select count(*) from klaviyo.profile") == [(known - 1,)]
    ((stream, item, reason),) = select(
        embedded_database, "select stream, item_id, reason from ops.quarantine"
    )
    assert (stream, item) == ("profiles", chosen)
    assert "yesterday" not in reason
    assert "profiles: 1 could not be stored" in told(run)[0]


@pytest.mark.parametrize("timezone", ["Asia/Kathmandu", "America/St_Johns", "America/New_York"])
def test_every_account_day_that_a_first_reading_writes_is_noted(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer, timezone: str
) -> None:
    def change(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path.rstrip("/") != "/api/accounts":
            return response
        body = orjson.loads(response.content)
        body["data"][0]["attributes"]["timezone"] = timezone
        return with_body(response, body)

    read_stream(embedded_database, sandbox, transport=Edited(change))
    query = """
        select distinct metric_id, (occurred_at at time zone %s)::date, coalesce(message_ref, '')
        from klaviyo.event
    """
    assert set(select(embedded_database, query, timezone)) <= set(touched(embedded_database))
