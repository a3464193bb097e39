"""Promises of the data: what a sync stores keeps them, what breaks one is found or refused."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator

import psycopg
import pytest
from conftest import unhurried_client
from test_command_line import typed

from workbench import load
from workbench.db import Database, check_names, run_check
from workbench.refresh import refresh_facts
from workbench.sandbox import Limiter, SandboxServer, ShopPlan, build_shop
from workbench.settings import Settings
from workbench.sync import Progress, sync_account

# what the API may do to a row, and to the pages that rows come on
FAULTS = ("nulls:share=0.05", "unknown-enum:share=0.05", "duplicates", "unsorted", "excluded-bound")
# one statement that breaks each promise, and the rows that its check then selects
BREAKS = {
    "days_missing": ("delete from mart.dim_date where day = '2026-03-04'", 1),
    "event_of_odd_currency": (
        "update mart.metric_daily set currency = 'usd' where ctid = (select min(ctid)"
        " from mart.metric_daily where currency <> '')",
        1,
    ),
    "event_of_unknown_metric": (
        "insert into klaviyo.event (account_id, metric_id, occurred_at, event_id, payload)"
        " select account_id, 'nobody' || n, now(), 'E' || n || m, '{}'"
        " from klaviyo.account, generate_series(1, 2) as n, generate_series(1, 3) as m",
        2,
    ),
    "event_of_unknown_profile": (
        "update klaviyo.event set profile_id = 'nobody' where event_id in"
        " (select event_id from klaviyo.event order by event_id limit 4)",
        1,
    ),
    "event_stored_twice": (
        "insert into klaviyo.event (account_id, metric_id, occurred_at, event_id, payload)"
        " select account_id, metric_id, occurred_at + interval '1 hour', event_id, payload"
        " from klaviyo.event order by event_id limit 3",
        3,
    ),
    "figure_impossible": (
        "insert into klaviyo.profile_prediction (account_id, profile_id, churn_probability)"
        " select account_id, 'A' || n, n from klaviyo.account, generate_series(0, 3) as n",
        2,
    ),
    "mapping_to_unknown_metric": (
        "update klaviyo.mapped_metric set metric_id = 'nobody' where mapping = 'revenue'",
        1,
    ),
    "member_of_unknown_group": (
        "update klaviyo.membership set group_type = 'segment' where group_id ="
        " (select min(group_id) from klaviyo.membership where group_type = 'list')",
        1,
    ),
    "merge_in_a_circle": (
        "insert into klaviyo.profile_merge select account_id, s, t, 'events', now()"
        " from klaviyo.account,"
        " (values ('A', 'B'), ('B', 'C'), ('C', 'A'), ('D', 'A')) as v (s, t)",
        3,
    ),
    "message_unknown": (
        "delete from klaviyo.flow_message where message_id = (select min(m.message_id)"
        " from klaviyo.flow_message as m inner join mart.message_performance using (message_id))",
        1,
    ),
    "order_without_event": (
        "delete from klaviyo.event where event_id in"
        " (select order_id from mart.orders order by order_id limit 2)",
        2,
    ),
    "performance_differs": (
        "update mart.message_recipient set count_opens = count_opens + 1 where ctid ="
        " (select min(ctid) from mart.message_recipient)",
        1,
    ),
    "report_windows_overlap": (
        "insert into ops.report_window (account_id, report, first_on, last_on, run_id)"
        " select account_id, 'test', d, d + 10, ''"
        " from klaviyo.account,"
        " (values ('2026-01-01'::date), ('2026-01-11'), ('2026-01-22')) as v (d)",
        1,
    ),
    "revenue_differs": (
        "update mart.fact_revenue set revenue = revenue + 0.01 where ctid ="
        " (select min(ctid) from mart.fact_revenue)",
        1,
    ),
    "stays_overlap": (
        "insert into klaviyo.membership (account_id, group_type, group_id, profile_id, joined_at,"
        " first_seen_at) select account_id, group_type, group_id, profile_id,"
        " joined_at + interval '1 hour', first_seen_at from klaviyo.membership"
        " where left_at is null order by profile_id, joined_at limit 2",
        2,
    ),
    "sum_without_currency": (
        "update mart.metric_daily set sum_value = 1 where currency = '' and ctid ="
        " (select min(ctid) from mart.metric_daily where currency = '')",
        1,
    ),
    "tag_unknown": (
        "update klaviyo.flow set tag_ids = array['nobody', 'no one'] where ctid ="
        " (select min(ctid) from klaviyo.flow where deleted_at is null)",
        2,
    ),
}
# what the database itself refuses: a row that would be wrong whatever Klaviyo says
REFUSED = {
    "campaign_message_account_id_campaign_id_fkey": "update klaviyo.campaign_message"
    " set campaign_id = 'nobody'",
    "campaign_estimate_account_id_campaign_id_fkey": "insert into klaviyo.campaign_estimate"
    " select account_id, 'nobody', 1, '{}' from klaviyo.account",
    "flow_message_account_id_flow_id_fkey": "update klaviyo.flow_message set flow_id = 'nobody'",
    "flow_action_account_id_flow_id_fkey": "update klaviyo.flow_action set flow_id = 'nobody'",
    "flow_version_account_id_flow_id_fkey": "update klaviyo.flow_version set flow_id = 'nobody'",
    "form_version_account_id_form_id_fkey": "update klaviyo.form_version set form_id = 'nobody'",
    "metric_name_account_id_metric_id_fkey": "update klaviyo.metric_name set metric_id = 'nobody'"
    " where ctid = (select min(ctid) from klaviyo.metric_name)",
    "an_end_lies_between_two_instants": "update klaviyo.membership set left_at = now(),"
    " left_after = null where left_at is null",
    "a_day_has_an_order": "update mart.dim_date set ends_at = starts_at",
    "counts_are_of_events": "update mart.metric_daily set unique_profiles = count_events + 1",
    "revenue_has_a_currency": "update mart.fact_revenue set currency = ''",
    "counts_are_not_negative": "update mart.message_recipient set count_opens = -1",
    "uniques_are_of_the_delivered": "update mart.message_performance"
    " set delivered = recipients + 1",
    "uniques_are_of_events": "update mart.message_performance set opens = unique_opens - 1",
    "orders_have_an_order": "update mart.buyer set count_orders = 0",
    "there_is_an_order": "update mart.buyer_currency set currency = ''",
    "it_was_met": "insert into ops.drift select account_id, 'a', 'b', 'c', 0, now(), now()"
    " from klaviyo.account",
}


def execute(database: Database, text: str) -> int:
    with database.connection() as connection:
        return connection.execute(text).rowcount


def broken(database: Database) -> dict[str, object]:
    results = [run_check(database, name) for name in check_names()]
    return {each.name: each.examples for each in results if each.count}


def test_a_synced_shop_keeps_every_promise(synced_database_everywhere: Database) -> None:
    assert broken(synced_database_everywhere) == {}


@pytest.fixture(scope="module")
def faulty() -> Iterator[SandboxServer]:
    """Profiles merged, deleted and redacted, late events, and a wire that spoils rows."""
    shop = build_shop(ShopPlan(profiles=80, days=60))
    with SandboxServer(shop, limiter=Limiter(scale=math.inf), faults=FAULTS) as running:
        yield running


def test_so_does_a_shop_whose_pages_are_spoiled(
    embedded_database: Database, faulty: SandboxServer
) -> None:
    for _ in range(2):
        with unhurried_client(faulty) as client, Progress() as progress:
            sync_account(embedded_database, client, progress=progress, clock=time.monotonic)
        load.use_database(embedded_database)
        refresh_facts(load.load_account())
        faulty.advance(days=3)
    met = {rule.partition(":")[0] for rule, count in faulty.struck.items() if count}
    assert {"nulls", "unknown-enum"} <= met
    assert broken(embedded_database) == {}


def test_each_check_is_broken_once() -> None:
    assert sorted(BREAKS) == check_names()


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_promise_is_found(synced_database: Database, name: str) -> None:
    text, count = BREAKS[name]
    assert execute(synced_database, text) > 0
    found = run_check(synced_database, name)
    assert found.count == count
    assert len(found.examples) == min(count, 3)
    assert found.examples[0]["account_id"]
    assert found.promise.endswith(".")


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_never_be_is_refused(synced_database: Database, name: str) -> None:
    refused = (psycopg.errors.CheckViolation, psycopg.errors.ForeignKeyViolation)
    with pytest.raises(refused, match=name):
        execute(synced_database, REFUSED[name])


def test_doctor_tells_what_is_broken(synced_settings: Settings, synced_database: Database) -> None:
    done = typed("doctor", "--checks", "--json", settings=synced_settings)
    assert done.exit_code == 0
    assert {each["state"] for each in json.loads(done.stdout)} == {"ok"}
    execute(synced_database, BREAKS["order_without_event"][0])
    done = typed("doctor", "--checks", "--json", settings=synced_settings)
    assert done.exit_code == 1
    told = {each["subject"]: each for each in json.loads(done.stdout)}
    assert told["order_without_event"]["state"] == "broken"
    assert told["order_without_event"]["told"].startswith("2 rows break this: Every order is")
    assert told["order_without_event"]["mend"] == "workbench refresh --full"
    assert told["days_missing"]["state"] == "ok"
