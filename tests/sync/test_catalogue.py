"""What the account is made of: read whole, kept when it is gone, and never asked for needlessly."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import orjson
import pytest
from conftest import unhurried_client

from workbench import load
from workbench.db import Database
from workbench.klaviyo import KlaviyoClient
from workbench.refresh import refresh_facts
from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, build_shop
from workbench.sandbox.api.flow_bodies import flow_actions
from workbench.sandbox.api.metric_bodies import CUSTOM_METRICS, MAPPED_METRICS
from workbench.sandbox.shop.events import Kind
from workbench.sandbox.shop.flows import Step, StepKind
from workbench.sandbox.shop.tags import TAG_GROUPS, TAGS
from workbench.settings import REVISION
from workbench.sync import Asked, Progress, SyncSummary, sync_account

from .conftest import KEY, Edited, with_body

CATALOGUE = (
    "metrics",
    "mapped_metrics",
    "custom_metrics",
    "tag_groups",
    "tags",
    "lists",
    "segments",
    "templates",
    "campaigns",
    "campaign_estimates",
    "flows",
    "flow_definitions",
    "forms",
    "form_versions",
)
HARMLESS = (
    "429:share=0.1,wait=0.01",
    "503:share=0.1",
    "reset:share=0.05",
    "truncated:share=0.05",
    "expired-cursor:share=0.2",
    "duplicates:share=0.5",
    "unsorted",
)


@pytest.fixture(scope="module")
def shop() -> Shop:
    """Four months, so that some lists, campaigns and templates take several pages."""
    return build_shop(ShopPlan(profiles=80, days=120, fates_share=0.0))


@pytest.fixture
def sandbox(shop: Shop) -> Iterator[SandboxServer]:
    with SandboxServer(shop, key=KEY, limiter=Limiter(scale=math.inf)) as running:
        yield running


def read_catalogue(
    database: Database, client: KlaviyoClient, *resources: str, **asked: Any
) -> SyncSummary:
    with client, Progress() as progress:
        return sync_account(
            database,
            client,
            progress=progress,
            clock=lambda: 0.0,
            asked=Asked(resources=resources or CATALOGUE, **asked),
        )


def edited_client(
    sandbox: SandboxServer, edit: Callable[[httpx.Request, httpx.Response], httpx.Response]
) -> KlaviyoClient:
    return KlaviyoClient(
        key=KEY,
        url=sandbox.url,
        revision=REVISION,
        limiter=unhurried_client(sandbox).limiter,
        transport=Edited(edit),
        sleep=lambda seconds: None,
    )


def without(kind: str, *names: str, found: bool = False) -> Callable[..., httpx.Response]:
    """Answers in which resources are missing; asked for by their id, they are found or not."""

    def edit(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        body = orjson.loads(response.content)
        if isinstance(data := body.get("data"), list):
            kept = [item for item in data if (item["type"], item["id"]) not in gone]
            return with_body(response, {**body, "data": kept})
        if not found and request.url.path.split("/")[-1] in names:
            error = {"status": 404, "code": "not_found", "title": "Not found.", "detail": "Gone."}
            headers = {name: response.headers[name] for name in ("Date", "X-Simulated")}
            return httpx.Response(404, headers=headers, json={"errors": [error]})
        return response

    gone = {(kind, name) for name in names}
    return edit


def refresh(database: Database) -> None:
    load.use_database(database)
    refresh_facts(load.load_account())


def rows(database: Database, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with database.connection() as connection:
        return connection.execute(query, parameters).fetchall()


def ids(database: Database, table: str, name: str) -> set[str]:
    return {row[0] for row in rows(database, f"select {name} from klaviyo.{table}")}


def deleted(database: Database, table: str, name: str) -> set[str]:
    query = f"select {name} from klaviyo.{table} where deleted_at is not null"
    return {row[0] for row in rows(database, query)}


def asked_for(sandbox: SandboxServer, since: int = 0) -> Counter[str]:
    """Requests by path, without their query; ids stay."""
    return Counter(each.path.partition("?")[0].rstrip("/") for each in sandbox.requests[since:])


def existing(shop: Shop) -> list[Any]:
    return [each for each in shop.catalogue.campaigns if each.created_at <= shop.now]


@pytest.mark.parametrize("faults", [(), HARMLESS], ids=["calm", "with faults"])
def test_row_17_campaigns_of_every_channel_with_all_that_belongs_to_them(
    database: Database, shop: Shop, sandbox: SandboxServer, faults: tuple[str, ...]
) -> None:
    sandbox.fault(*faults)
    read_catalogue(database, unhurried_client(sandbox))
    messages, groups = shop.catalogue.messages, {each.name: each.id for each in shop.groups}
    tags = dict(rows(database, "select tag_id, name from klaviyo.tag"))
    found = rows(
        database,
        """
        select c.campaign_id, c.name, c.channel, c.is_archived, c.included_ids, c.excluded_ids,
            c.tag_ids, m.message_id, m.template_id, t.payload ->> 'text'
        from klaviyo.campaign as c
        inner join klaviyo.campaign_message as m using (account_id, campaign_id)
        left join klaviyo.template as t using (account_id, template_id)
        """,
    )
    told = {row[0]: (*row[1:6], sorted(tags[tag] for tag in row[6]), *row[7:]) for row in found}
    expected = {}
    for each in existing(shop):
        message = messages[each.message]
        lettered = message.template or None
        expected[each.id] = (
            each.name,
            message.channel,
            each.is_archived,
            sorted(groups[name] for name in each.included),
            sorted(groups[name] for name in each.excluded),
            sorted(TAGS[tag].name for tag in each.tags),
            message.id,
            lettered,
            message.subject if lettered else None,
        )
    assert told == expected
    kinds = {(row[2], row[3]) for row in found}
    assert {channel for channel, _ in kinds} == {"email", "sms", "mobile_push"}
    assert {is_archived for _, is_archived in kinds} == {True, False}


def test_row_17_requests_do_not_grow_with_the_campaigns(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    read_catalogue(embedded_database, unhurried_client(sandbox), "campaigns")
    asked = asked_for(sandbox)
    pages = math.ceil(len(existing(shop)) / 100) + 6  # a last page for each channel and archive
    assert len(existing(shop)) > pages
    assert set(asked) == {"/api/accounts", "/api/campaigns"}
    assert asked["/api/campaigns"] <= pages


def test_only_campaigns_still_to_be_sent_are_estimated(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    summary = read_catalogue(embedded_database, unhurried_client(sandbox))
    planned = set(
        rows(
            embedded_database,
            "select campaign_id from klaviyo.campaign where status in ('Draft', 'Scheduled')"
            " and updated_at >= %s",
            summary.as_of - dt.timedelta(days=30),
        )
    )
    found = rows(embedded_database, "select campaign_id, recipients from klaviyo.campaign_estimate")
    assert {(name,) for name, _ in found} == planned
    assert all(recipients >= 0 for _, recipients in found)
    assert 0 < len(planned) < len(existing(shop))
    assert sum("estimations" in path for path in asked_for(sandbox)) == len(planned)


def test_the_whole_catalogue_is_stored(
    database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    summary = read_catalogue(database, unhurried_client(sandbox))
    groups = [each for each in shop.groups if each.created_at <= shop.now]
    lettered = {each.template for each in shop.catalogue.messages if each.template}
    drafted = {each.message for each in shop.catalogue.campaigns if each.created_at > shop.now}
    lettered -= {shop.catalogue.messages[row].template for row in drafted}
    assert ids(database, "list", "list_id") == {each.id for each in groups if each.is_list}
    assert ids(database, "segment", "segment_id") == {
        each.id for each in groups if not each.is_list
    }
    assert ids(database, "tag", "name") == {each.name for each in TAGS}
    assert ids(database, "tag_group", "name") == {each.name for each in TAG_GROUPS}
    assert ids(database, "template", "template_id") == lettered
    assert ids(database, "form", "form_id") == {each.id for each in shop.forms.forms}
    assert ids(database, "custom_metric", "name") == {each.name for each in CUSTOM_METRICS}
    assert set(summary.streams) == set(CATALOGUE)
    assert not summary.failed
    counted = {name: summary.streams[name].read for name in ("lists", "segments", "templates")}
    assert counted == {
        "lists": len(ids(database, "list", "list_id")),
        "segments": len(ids(database, "segment", "segment_id")),
        "templates": len(lettered),
    }


def test_row_19_groups_forms_and_tags_with_their_relations(
    database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    sandbox.fault(*HARMLESS)
    read_catalogue(database, unhurried_client(sandbox))
    names = dict(rows(database, "select tag_id, name from klaviyo.tag"))
    for table in ("list", "segment"):
        found = rows(database, f"select name, tag_ids, payload from klaviyo.{table}")
        assert found
        for name, tag_ids, payload in found:
            assert [names[tag] for tag in tag_ids] == ["audience"], name
            assert table == "list" or payload["definition"]["condition_groups"]
    grouped = rows(
        database,
        "select t.name, g.name from klaviyo.tag as t"
        " inner join klaviyo.tag_group as g using (account_id, tag_group_id)",
    )
    assert set(grouped) == {(each.name, TAG_GROUPS[each.group].name) for each in TAGS}
    versions = rows(database, "select version_id, form_id, form_type from klaviyo.form_version")
    assert set(versions) == {
        (each.id, shop.forms.forms[each.form].id, each.form_type)
        for each in shop.forms.versions
        if each.created_at <= shop.now
    }


def large_shop(shop: Shop, *, flows: int, steps: int) -> Shop:
    """The shop with more flows, each of so many steps: those it has, then waits."""
    own = shop.catalogue.flows

    def grown(number: int) -> Any:
        like = own[number % len(own)]
        first = like.steps if number < len(own) else ()
        waits = [
            Step(StepKind.WAIT, message=-1, wait=3600, following=at + 1 if at + 1 < steps else -1)
            for at in range(len(first), steps)
        ]
        name = like.id if number < len(own) else f"Fl{number:04d}"
        return dataclasses.replace(like, id=name, steps=(*first, *waits))

    every = tuple(grown(number) for number in range(flows))
    return dataclasses.replace(shop, catalogue=dataclasses.replace(shop.catalogue, flows=every))


def test_row_18_a_hundred_flows_of_twenty_steps_in_103_calls(
    database: Database, shop: Shop
) -> None:
    large = large_shop(shop, flows=100, steps=20)
    with SandboxServer(large, key=KEY, limiter=Limiter(scale=math.inf)) as sandbox:
        read_catalogue(database, unhurried_client(sandbox), "flows", "flow_definitions")
        asked = asked_for(sandbox)
    assert sum(count for path, count in asked.items() if path.startswith("/api/flow")) <= 103
    found = rows(
        database,
        "select flow_id, action_id, action_type, message_id from klaviyo.flow_action",
    )
    messages = large.catalogue.messages
    assert set(found) == {
        (
            large.catalogue.flows[each.flow].id,
            each.id,
            each.kind,
            messages[each.message].id if each.message >= 0 else None,
        )
        for each in flow_actions(large)
    }
    assert len(found) == 2000
    assert ids(database, "flow_message", "message_id") == {
        each.id for each in messages if each.flow >= 0
    }


def test_row_18_a_version_is_kept_only_when_the_definition_changes(
    database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    flow = shop.catalogue.flows[0]
    wanted: dict[str, Any] = {"updated": None, "drop": 0}

    def edit(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if "/api/flows" not in request.url.path or wanted["updated"] is None:
            return response
        body = orjson.loads(response.content)
        for item in body["data"] if isinstance(body["data"], list) else [body["data"]]:
            if item["id"] == flow.id:
                item["attributes"]["updated"] = wanted["updated"]
                if wanted["drop"] and "definition" in item["attributes"]:
                    del item["attributes"]["definition"]["actions"][-wanted["drop"] :]
        return with_body(response, body)

    def sync() -> list[tuple[Any, ...]]:
        client = edited_client(sandbox, edit)
        read_catalogue(database, client, "flows", "flow_definitions")
        return rows(
            database,
            "select seen_until is null, jsonb_array_length(definition -> 'actions')"
            " from klaviyo.flow_version where flow_id = %s order by seen_from",
            flow.id,
        )

    steps = len(flow.steps)
    assert sync() == [(True, steps)]
    wanted["updated"] = "2026-11-02T06:00:00+00:00"  # its date moved, its definition did not
    assert sync() == [(True, steps)]
    sandbox.advance(days=1)
    wanted |= {"updated": "2026-11-02T07:00:00+00:00", "drop": 1}
    assert sync() == [(False, steps), (True, steps - 1)]
    assert len(deleted(database, "flow_action", "action_id")) == 1
    sandbox.advance(days=1)
    wanted |= {"updated": "2026-11-02T08:00:00+00:00", "drop": 0}
    assert sync() == [(False, steps), (False, steps - 1), (True, steps)]
    assert deleted(database, "flow_action", "action_id") == set()


def test_row_18_flows_that_did_not_change_are_not_asked_for_again(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    def definitions_asked(**asked: Any) -> int:
        before = len(sandbox.requests)
        read_catalogue(embedded_database, unhurried_client(sandbox), **asked)
        paths = asked_for(sandbox, before)
        return sum(count for path, count in paths.items() if path.startswith("/api/flows/"))

    every = len(shop.catalogue.flows)
    assert definitions_asked() == every
    assert definitions_asked() == 0
    assert definitions_asked(full=True) == every
    sandbox.advance(days=6)
    assert definitions_asked() == 0
    sandbox.advance(days=2)  # a date that says nothing changed is trusted for a week
    assert definitions_asked() == every


def test_row_16_a_renamed_metric_keeps_its_facts(database: Database) -> None:
    plan = ShopPlan(profiles=80, days=60, until=dt.date(2026, 6, 30), fates_share=0.0)
    shop = build_shop(plan)
    received = shop.metrics[Kind.RECEIVED_SMS].id

    def facts() -> list[tuple[Any, ...]]:
        refresh(database)
        return rows(
            database,
            "select r.role, r.channel, count(*), sum(m.count_events) from mart.metric_role as r"
            " inner join mart.metric_daily as m using (account_id, metric_id)"
            " where metric_id = %s and m.day < %s group by 1, 2",
            received,
            plan.until,
        )

    with SandboxServer(shop, key=KEY, limiter=Limiter(scale=math.inf)) as sandbox:
        client = unhurried_client(sandbox)
        summary = read_catalogue(database, client, "metrics", "mapped_metrics", "events")
        before = facts()
        assert before[0][:2] == ("received", "sms")
        assert not summary.notes
        sandbox.advance(days=2)
        summary = read_catalogue(database, unhurried_client(sandbox), "metrics", "mapped_metrics")
    assert facts() == before
    named = rows(
        database,
        "select name, seen_from, seen_until from klaviyo.metric_name where metric_id = %s"
        " order by seen_from",
        received,
    )
    first = dt.datetime.fromtimestamp(shop.now, dt.UTC)
    assert named == [
        ("Received SMS", first, summary.as_of),
        ("Received Text Message", summary.as_of, None),
    ]
    told = [note for note in summary.notes if received in note]
    assert told == [
        f"metric {received}: 'Received SMS' is now called 'Received Text Message';"
        " its facts stay as they are"
    ]


def test_row_16_revenue_is_the_metric_that_the_account_maps(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    read_catalogue(embedded_database, unhurried_client(sandbox), "metrics", "mapped_metrics")
    refresh(embedded_database)
    found = dict(
        rows(
            embedded_database,
            "select role, metric_id from mart.metric_role where source = 'mapped'",
        )
    )
    assert found == {
        role: shop.metrics[kind].id for role, kind in MAPPED_METRICS.items() if kind is not None
    }


@pytest.mark.parametrize(
    ("resource", "kind", "table", "column"),
    [
        ("campaigns", "campaign", "campaign", "campaign_id"),
        ("flows", "flow", "flow", "flow_id"),
        ("lists", "list", "list", "list_id"),
        ("segments", "segment", "segment", "segment_id"),
        ("templates", "template", "template", "template_id"),
        ("forms", "form", "form", "form_id"),
        ("tags", "tag", "tag", "tag_id"),
        ("tag_groups", "tag-group", "tag_group", "tag_group_id"),
        ("custom_metrics", "custom-metric", "custom_metric", "custom_metric_id"),
    ],
)
def test_row_21_what_is_gone_is_marked_and_what_is_back_is_not(
    embedded_database: Database,
    sandbox: SandboxServer,
    resource: str,
    kind: str,
    table: str,
    column: str,
) -> None:
    sandbox.fault("duplicates:share=0.5", "expired-cursor:share=0.2", "503:share=0.1")
    database = embedded_database
    read_catalogue(database, unhurried_client(sandbox), resource)
    every = ids(database, table, column)
    gone = min(every)
    sandbox.advance(days=1)
    deletion = edited_client(sandbox, without(kind, gone))
    summary = read_catalogue(database, deletion, resource)
    query = f"select {column} from klaviyo.{table} where deleted_at = %s"
    assert rows(database, query, summary.as_of) == [(gone,)]
    assert any(note.startswith(f"{resource}: 1 deleted") for note in summary.notes)
    sandbox.advance(days=1)
    again = read_catalogue(database, edited_client(sandbox, without(kind, gone)), resource)
    assert rows(database, query, summary.as_of) == [(gone,)], "the first day it was missed stays"
    assert not again.notes
    read_catalogue(database, unhurried_client(sandbox), resource)
    assert deleted(database, table, column) == set()
    assert ids(database, table, column) >= every


def test_row_21_what_a_listing_lacks_but_is_there_is_not_gone(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    read_catalogue(embedded_database, unhurried_client(sandbox), "flows")
    every = [each.id for each in shop.catalogue.flows]
    misled = edited_client(sandbox, without("flow", *every, found=True))
    read_catalogue(embedded_database, misled, "flows")
    assert deleted(embedded_database, "flow", "flow_id") == set()


def test_row_21_only_not_found_proves_that_something_is_gone(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    flow = shop.catalogue.flows[0].id

    def refuse(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path == f"/api/flows/{flow}":
            headers = {"Date": response.headers["Date"]}
            error = {"code": "invalid", "title": "Invalid input.", "detail": "No."}
            return httpx.Response(400, headers=headers, json={"errors": [error]})
        return without("flow", flow, found=True)(request, response)

    read_catalogue(embedded_database, unhurried_client(sandbox), "flows")
    summary = read_catalogue(embedded_database, edited_client(sandbox, refuse), "flows")
    assert set(summary.failed) == {"flows"}
    assert deleted(embedded_database, "flow", "flow_id") == set()


def test_row_21_nothing_is_gone_after_a_read_that_was_not_whole(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    database, flow = embedded_database, shop.catalogue.flows[0].id
    read_catalogue(database, unhurried_client(sandbox), "flows", "campaigns")

    def cut_short(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if "archived,true" in request.url.params.get("filter", ""):
            return httpx.Response(503, headers={"Date": response.headers["Date"]})
        return without("flow", flow)(request, response)

    ended = read_catalogue(database, edited_client(sandbox, cut_short), "flows")
    assert set(ended.failed) == {"flows"}
    since = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    partly = edited_client(sandbox, without("flow", flow))
    read_catalogue(database, partly, "flows", since=since)
    assert deleted(database, "flow", "flow_id") == set()
    with SandboxServer(
        shop, key=KEY, scopes={"accounts:read"}, limiter=Limiter(scale=math.inf)
    ) as narrow:
        refused = read_catalogue(database, unhurried_client(narrow), "flows", "campaigns")
    assert set(refused.refused) == {"flows", "campaigns"}
    assert deleted(database, "flow", "flow_id") == set()
    assert deleted(database, "campaign", "campaign_id") == set()


def test_row_21_a_deleted_campaign_keeps_its_history(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    database = embedded_database
    read_catalogue(database, unhurried_client(sandbox), "metrics", "campaigns", "events")
    refresh(database)
    query = "select * from mart.message_performance order by 1, 2, 3, 4"
    before = rows(database, query)
    assert before
    sent = [each.id for each in existing(shop) if each.send_at and each.send_at < shop.now]
    read_catalogue(database, edited_client(sandbox, without("campaign", *sent)), "campaigns")
    assert deleted(database, "campaign", "campaign_id") == set(sent)
    refresh(database)
    assert rows(database, query) == before
    assert rows(database, "select count(*) from mart.message where campaign_id = %s", sent[0]) == [
        (1,)
    ]


def test_row_07_an_expired_cursor_starts_the_listing_again(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    sandbox.fault("expired-cursor:times=6,path=/api/templates")
    summary = read_catalogue(embedded_database, unhurried_client(sandbox), "templates")
    pages = math.ceil(summary.streams["templates"].read / 10)
    assert pages > 2
    assert asked_for(sandbox)["/api/templates"] > pages
    assert summary.streams["templates"].read == len(
        ids(embedded_database, "template", "template_id")
    )
    assert not summary.failed


def test_an_item_that_cannot_be_stored_costs_no_other(
    database: Database, sandbox: SandboxServer
) -> None:
    def spoil(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        body = orjson.loads(response.content)
        if request.url.path == "/api/tags":
            first, second, *_ = body["data"]
            first["attributes"] = "offer"
            del second["id"]
        return with_body(response, body)

    read_catalogue(database, unhurried_client(sandbox), "tags")
    every = ids(database, "tag", "tag_id")
    with database.connection() as connection:
        connection.execute("update klaviyo.tag set name = 'an older name'")
    summary = read_catalogue(database, edited_client(sandbox, spoil), "tags")
    assert not summary.failed
    stored = rows(database, "select count(*) from klaviyo.tag where name <> 'an older name'")
    assert stored == [(len(every) - 2,)]
    assert deleted(database, "tag", "tag_id") == set(), "what came in a bad shape is there"
    kept = rows(database, "select stream, payload -> 'type' from ops.quarantine")
    assert kept == [("tags", "tag")] * 2
    assert any("tags: " in note and "could not be stored" in note for note in summary.notes)


def test_a_second_sync_of_the_catalogue_is_cheap(
    embedded_database: Database, shop: Shop, sandbox: SandboxServer
) -> None:
    read_catalogue(embedded_database, unhurried_client(sandbox))
    first = len(sandbox.requests)
    again = read_catalogue(embedded_database, unhurried_client(sandbox))
    details = [p for p in asked_for(sandbox, first) if p.startswith(("/api/flows/", "/api/forms/"))]
    assert details == []
    assert (again.total.new, again.total.changed) == (0, 0)


def test_two_accounts_with_the_same_ids_stay_apart(
    embedded_database: Database, sandbox: SandboxServer
) -> None:
    """What is gone from one account is not gone from the other."""

    def other(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path == "/api/accounts":
            body = orjson.loads(response.content)
            body["data"][0]["id"] = "OTHER1"
            return with_body(response, body)
        return without("list", *gone)(request, response)

    gone: list[str] = []
    read_catalogue(embedded_database, unhurried_client(sandbox), "lists")
    read_catalogue(embedded_database, edited_client(sandbox, other), "lists")
    gone.append(min(ids(embedded_database, "list", "list_id")))
    read_catalogue(embedded_database, edited_client(sandbox, other), "lists")
    query = "select account_id, list_id from klaviyo.list where deleted_at is not null"
    assert rows(embedded_database, query) == [("OTHER1", gone[0])]
    read_catalogue(embedded_database, unhurried_client(sandbox), "lists")
    assert rows(embedded_database, query) == [("OTHER1", gone[0])]
