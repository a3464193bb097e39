"""What became of profiles: merged, deleted or redacted, and everything that follows from it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
import pytest
from conftest import Server, unhurried_client

from workbench import load
from workbench.db import Database, open_database, statement
from workbench.klaviyo import KlaviyoClient
from workbench.klaviyo.pages import pages
from workbench.refresh import refresh_facts
from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, Truth, build_shop
from workbench.sandbox.shop.ids import event_ids
from workbench.settings import REVISION
from workbench.sync import Asked, Progress, SyncSummary, sync_account

from .conftest import KEY, Edited, synced, with_body

_FACTS = (
    "metric_daily",
    "orders",
    "fact_revenue",
    "message_recipient",
    "message_performance",
)


_DAYS_BACK = 45
Edit = Callable[[httpx.Request, httpx.Response], httpx.Response]


@pytest.fixture(scope="session")
def fateful_shop() -> Shop:
    """Profiles are merged, deleted and redacted all the time; most of what they did is long ago."""
    plan = ShopPlan(
        seed=3, profiles=120, days=260, late_share=0.1, very_late_share=0.0, fates_share=15.0
    )
    return build_shop(plan)


@pytest.fixture
def fateful(fateful_shop: Shop) -> Iterator[SandboxServer]:
    """The shop as it was some time ago."""
    with SandboxServer(fateful_shop, key=KEY, limiter=Limiter(scale=math.inf)) as running:
        running.advance(days=-_DAYS_BACK)
        yield running


@pytest.fixture
def other_database(server: Server, tmp_path: Path) -> Iterator[Database]:
    with server.copy(tmp_path / "other") as settings, open_database(settings) as database:
        yield database


def rows(database: Database, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with database.connection() as connection:
        return connection.execute(query, parameters).fetchall()


def facts(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every fact, refreshed."""
    load.use_database(database)
    refresh_facts(load.load_account())
    return {
        name: sorted(rows(database, f"select t::text from mart.{name} as t")) for name in _FACTS
    }


def owners(database: Database) -> dict[str, str | None]:
    return dict(rows(database, "select event_id, profile_id from klaviyo.event"))


def owners_of_shop(shop: Shop, now: int) -> dict[str, str | None]:
    """Whom each event belongs to, by the generator's columns, late ones included."""
    events, people = shop.events, shop.people
    owner = people.fates.owner(now)
    names = event_ids(np.arange(len(events)), seed=shop.plan.seed)
    return {
        name: people.id_of(int(owner[who])) if who >= 0 and owner[who] >= 0 else None
        for name, who in zip(names, events.profile.tolist(), strict=True)
    }


def fates(shop: Shop, now: int) -> dict[str, set[str]]:
    """Profiles of the shop by what became of them by now."""
    found = Truth(shop, now=now).fates()
    return {str(fate): set(some.profile_id) for fate, some in found.groupby("fate")}


def test_row_20_a_later_sync_equals_a_fresh_one(
    database: Database, other_database: Database, fateful: SandboxServer, fateful_shop: Shop
) -> None:
    synced(database, unhurried_client(fateful))
    before = fates(fateful_shop, fateful.now)
    for days, reread_days in ((25, 7), (20, 90)):  # at last also what showed weeks late
        facts(database)  # what an earlier refresh wrote in the name of who is gone must go
        fateful.advance(days=days)
        synced(database, unhurried_client(fateful), reread_days=reread_days)
        held = owners(database)
        expected = owners_of_shop(fateful_shop, fateful.now)
        assert held == {event: expected[event] for event in held}
    after = fates(fateful_shop, fateful.now)
    assert all(after[fate] > before.get(fate, set()) for fate in ("merged", "deleted", "redacted"))
    synced(other_database, unhurried_client(fateful))
    assert owners(database) == owners(other_database)
    mine, fresh = facts(database), facts(other_database)
    for name in _FACTS:
        assert mine[name] == fresh[name], name
    living = """
        select profile_id, is_redacted, created_at, can_receive_email
        from klaviyo.profile where deleted_at is null order by 1
    """
    assert rows(database, living) == rows(other_database, living)


def test_row_20_what_became_of_each_profile_is_known(
    embedded_database: Database, fateful: SandboxServer, fateful_shop: Shop
) -> None:
    synced(embedded_database, unhurried_client(fateful))
    known = {each for (each,) in rows(embedded_database, "select profile_id from klaviyo.profile")}
    before = fates(fateful_shop, fateful.now)
    fateful.advance(days=_DAYS_BACK)
    synced(embedded_database, unhurried_client(fateful))
    after = fates(fateful_shop, fateful.now)
    new = {fate: after[fate] - before.get(fate, set()) for fate in after}
    gone = rows(
        embedded_database,
        "select profile_id from klaviyo.profile where deleted_at is not null",
    )
    assert {each for (each,) in gone} == known & (new["merged"] | new["deleted"])
    redacted = rows(embedded_database, "select profile_id from klaviyo.profile where is_redacted")
    assert {each for (each,) in redacted} == after["redacted"]
    people = fateful_shop.people
    final = people.fates.owner(fateful.now)
    edges = rows(
        embedded_database,
        """
        select source_profile_id, target_profile_id
        from klaviyo.profile_merge where how = 'events'
        """,
    )
    assert edges
    for source, target in edges:
        row = people.row_of(source)
        assert row is not None
        assert people.id_of(int(final[row])) == target
    asked = [request.query for request in fateful.requests if request.path == "/api/events"]
    assert any("fields%5Bevent%5D=datetime" in query for query in asked)
    moved = rows(
        embedded_database,
        """
        select count(*), count(*) filter (where original_profile_id = any(%s))
        from klaviyo.event where original_profile_id is not null
        """,
        [*new["merged"], *new["deleted"]],
    )
    assert moved[0][0] == moved[0][1] > 0
    personal = rows(embedded_database, "select profile_id from klaviyo.profile_personal")
    forgotten = after["redacted"] | after["deleted"]
    assert not {each for (each,) in personal} & forgotten


def client_through(sandbox: SandboxServer, transport: httpx.BaseTransport) -> KlaviyoClient:
    return KlaviyoClient(
        key=sandbox.key,
        url=sandbox.url,
        revision=REVISION,
        limiter=unhurried_client(sandbox).limiter,
        transport=transport,
    )


class Named:
    """Answers in which some profiles have a name and a number, which their events repeat."""

    def __init__(self, profile_ids: set[str]) -> None:
        self.words: set[str] = set()
        self.paths = {"/api/profiles", "/api/events"}
        self.closing = ""
        self._numbers = {each: n for n, each in enumerate(sorted(profile_ids), start=10)}
        self._is_one_odd = False

    def __call__(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path not in self.paths:
            return response
        body = orjson.loads(response.content)
        for item in body["data"]:
            if request.url.path == "/api/profiles" and item["id"] in self._numbers:
                item["attributes"] |= self._person(item["id"])
            elif request.url.path == "/api/events":
                self._repeat(item, is_alone=len(body["data"]) == 1)
        return with_body(response, body)

    def _person(self, profile_id: str) -> dict[str, str]:
        n = self._numbers[profile_id]
        person = {
            "email": f"Zephyrina.{n}@Quack.example",
            "phone_number": f"+1555765{n:04}",
            "first_name": f"Zephyrina{n}",
            "last_name": f'O"Quack{n}',
        }
        self.words |= {*person.values(), f"(555) 765-{n:04}"}
        return person

    def _repeat(self, event: dict[str, Any], *, is_alone: bool) -> None:
        link = event["relationships"].get("profile", {}).get("data")
        if not link or link["id"] not in self._numbers:
            return
        person = self._person(link["id"])
        event["attributes"]["event_properties"] |= {
            "Customer": {"names": [person["first_name"], person["last_name"]]},
            "Note": f"Write to {person['email'].lower()}, not to {person['first_name'].upper()}!"
            + self.closing,
            "Phones": [person["phone_number"], f"({person['phone_number'][2:5]}) 765-"],
        }
        event["attributes"]["event_properties"]["Phones"][1] += person["phone_number"][-4:]
        if not (self._is_one_odd or is_alone):
            self._is_one_odd = True
            event["attributes"]["datetime"] = "one fine day"  # quarantined


def found_in(database: Database, words: set[str]) -> dict[str, int]:
    """Rows that hold any of the words, in any case, by table."""
    tables = rows(
        database,
        """
        select table_schema || '.' || table_name from information_schema.tables
        where table_schema in ('klaviyo', 'mart', 'model', 'ops') and table_type = 'BASE TABLE'
        """,
    )
    assert len(tables) > 25
    patterns = [f"%{orjson.dumps(word).decode()[1:-1]}%" for word in words]
    # a row is written with quotes doubled
    patterns += [pattern.replace('"', '""').replace("\\", "\\\\\\\\") for pattern in patterns]
    counts = {}
    for (table,) in tables:
        query = f"select count(*) from {table} as t where to_jsonb(t)::text ilike any(%s)"
        plain = f"select count(*) from {table} as t where t::text ilike any(%s)"
        count = sum(rows(database, each, patterns)[0][0] for each in (query, plain))
        if count:
            counts[table] = count
    return counts


def test_row_20_nothing_is_left_of_who_asked_to_be_forgotten(
    database: Database, fateful: SandboxServer, fateful_shop: Shop
) -> None:
    later = fateful.now + _DAYS_BACK * 86_400
    before, after = fates(fateful_shop, fateful.now), fates(fateful_shop, later)
    ending = {
        each for fate in ("deleted", "redacted") for each in after[fate] - before.get(fate, set())
    }
    named = Named(ending)
    synced(database, client_through(fateful, Edited(named)))
    held = found_in(database, named.words)
    assert {"klaviyo.profile_personal", "klaviyo.event", "ops.quarantine"} <= set(held)
    fateful.advance(days=_DAYS_BACK)
    # the events change, but not the words in them, and the versions that they replace are kept
    named.paths, named.closing = {"/api/events"}, " Thanks"
    synced(database, client_through(fateful, Edited(named)), reread_days=_DAYS_BACK + 20)
    assert found_in(database, named.words) == {}
    for table in ("event", "event_version"):
        query = f"""
            select count(*), count(payload -> 'event_properties' -> '$event_id')
            from klaviyo.{table} where payload::text like '%%Write to redacted%%'
        """
        count, whole = rows(database, query)[0]
        assert count == whole > 0


def test_row_20_who_was_merged_is_forgotten_with_the_one_that_stayed(
    embedded_database: Database, fateful: SandboxServer, fateful_shop: Shop
) -> None:
    later = fateful.now + _DAYS_BACK * 86_400
    people = fateful_shop.people
    final = people.fates.owner(later)
    events = fateful_shop.events
    old = events.profile[events.visible_at < fateful.now]
    source, target = next(
        (row, int(final[row]))
        for row in np.flatnonzero(people.merged_at > fateful.now).tolist()
        if people.merged_at[row] <= later
        and people.redacted_at[final[row]] > later
        and (old == row).any()
    )
    named = Named({people.id_of(source)})
    synced(embedded_database, client_through(fateful, Edited(named)))
    fateful.advance(days=_DAYS_BACK)
    synced(embedded_database, unhurried_client(fateful))
    # its events were read again without the words, which their earlier versions still hold
    held = found_in(embedded_database, named.words)
    assert {"klaviyo.profile_personal", "klaviyo.event_version"} <= set(held)

    def redacted(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        body = orjson.loads(response.content)
        if request.url.path != "/api/profiles" or "data" not in body:
            return response
        for item in body["data"]:
            if item["id"] == people.id_of(target):
                address = "redacted.00000000-0000-0000-0000-000000000000@example.com"
                item["attributes"]["email"] = address
        return with_body(response, body)

    with client_through(fateful, Edited(redacted)) as client, Progress() as progress:
        sync_account(
            embedded_database,
            client,
            progress=progress,
            clock=iter(range(10**6)).__next__,
            asked=Asked(full=True),
        )
    assert found_in(embedded_database, named.words) == {}


def synced_people(
    database: Database, sandbox: SandboxServer, edit: Edit | None = None, *, full: bool = False
) -> SyncSummary:
    """Profiles and events only, with answers replaced."""
    client = client_through(sandbox, Edited(edit)) if edit else unhurried_client(sandbox)
    with client, Progress() as progress:
        return sync_account(
            database,
            client,
            progress=progress,
            clock=iter(range(10**6)).__next__,
            asked=Asked(resources=("profiles", "events"), full=full),
        )


def test_row_20_one_who_is_gone_without_events_is_known_by_the_address(
    embedded_database: Database, fateful: SandboxServer, fateful_shop: Shop
) -> None:
    later = fateful.now + _DAYS_BACK * 86_400
    people = fateful_shop.people
    final = people.fates.owner(later)
    is_merged = (people.merged_at > fateful.now) & (people.merged_at <= later)
    is_idle = ~np.isin(np.arange(len(people)), fateful_shop.events.profile)
    source = int(np.flatnonzero(is_merged & is_idle & (people.created < fateful.now))[0])
    ids = [people.id_of(source), people.id_of(int(final[source]))]

    def shared(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path != "/api/profiles":
            return response
        body = orjson.loads(response.content)
        for item in body["data"]:
            if item["id"] in ids:
                item["attributes"]["email"] = "Two.Names@one.example"
        return with_body(response, body)

    synced_people(embedded_database, fateful, shared)
    fateful.advance(days=_DAYS_BACK)
    synced_people(embedded_database, fateful, shared)
    edges = rows(
        embedded_database,
        "select source_profile_id, target_profile_id from klaviyo.profile_merge where how = %s",
        "email",
    )
    assert edges == [tuple(ids)]


def test_profiles_that_only_events_name_are_asked_for(
    embedded_database: Database, fateful: SandboxServer
) -> None:
    """One is there, but was not listed; the other is gone since its event was served."""
    hidden: set[str] = set()

    def edit(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        body = orjson.loads(response.content)
        if request.url.path == "/api/events" and len(body["data"]) > 1:
            link = body["data"][0]["relationships"].get("profile", {}).get("data")
            if link:
                link["id"] = "01GONE"
        if request.url.path == "/api/profiles" and "any(id" not in request.url.params.get(
            "filter", ""
        ):
            hidden.update(item["id"] for item in body["data"][:1])
            body["data"] = body["data"][1:]
        return with_body(response, body)

    synced_people(embedded_database, fateful, edit)
    assert hidden
    query = "select profile_id from klaviyo.profile where deleted_at is null"
    known = {each for (each,) in rows(embedded_database, query)}
    met = rows(
        embedded_database,
        "select distinct profile_id from klaviyo.event where profile_id = any(%s)",
        [*hidden],
    )
    assert met
    assert {each for (each,) in met} <= known
    gone = rows(
        embedded_database, "select profile_id from klaviyo.profile where deleted_at is not null"
    )
    assert gone == [("01GONE",)]


def test_one_who_seemed_gone_and_is_not_is_taken_back(
    embedded_database: Database, fateful: SandboxServer
) -> None:
    synced(embedded_database, unhurried_client(fateful))
    someone = rows(
        embedded_database,
        """
        select m.profile_id, p.can_receive_email
        from klaviyo.membership as m
        inner join klaviyo.event as e using (account_id, profile_id)
        inner join klaviyo.profile as p using (account_id, profile_id)
        where m.left_at is null and not p.is_redacted limit 1
        """,
    )
    missed = someone[0][0]

    def without_one(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.url.path != "/api/profiles":
            return response
        body = orjson.loads(response.content)
        body["data"] = [item for item in body["data"] if item["id"] != missed]
        return with_body(response, body)

    fateful.advance(days=1)  # too soon for all members to be read again
    synced(embedded_database, client_through(fateful, Edited(without_one)))
    stays = "select count(*) from klaviyo.membership where left_at is null and profile_id = %s"
    assert rows(embedded_database, stays, missed) == [(0,)]
    personal = "select count(*) from klaviyo.profile_personal where profile_id = %s"
    assert rows(embedded_database, personal, missed) == [(0,)]
    synced(embedded_database, unhurried_client(fateful))
    query = "select profile_id, can_receive_email, deleted_at from klaviyo.profile"
    assert rows(embedded_database, f"{query} where profile_id = %s", missed) == [
        (*someone[0], None)
    ]
    assert rows(embedded_database, personal, missed) == [(1,)]


def test_the_check_of_profiles_goes_round(
    embedded_database: Database, fateful: SandboxServer
) -> None:
    synced_people(embedded_database, fateful)
    account_id = fateful.shop.account.id
    ids = sorted(
        each for (each,) in rows(embedded_database, "select profile_id from klaviyo.profile")
    )
    told = {"account_id": account_id, "position": ids[-3], "count": 5}
    with embedded_database.connection() as connection:
        found = connection.execute(statement("reads/sync/next_profiles"), told).fetchall()
    assert [each for (each,) in found] == [*ids[-2:], *ids[:3]]
    for _ in range(2):
        fateful.advance(days=1)
        synced_people(embedded_database, fateful)
    checked = "select position, checked_at from ops.profile_check"
    assert rows(embedded_database, checked)[0][1] == dt.datetime.fromtimestamp(fateful.now, dt.UTC)


def test_predictions_are_those_that_klaviyo_serves(embedded_database: Database) -> None:
    shop = build_shop(ShopPlan(profiles=1_200, days=200))
    with SandboxServer(shop, key=KEY, limiter=Limiter(scale=math.inf)) as running:
        with unhurried_client(running) as client, Progress() as progress:
            sync_account(
                embedded_database,
                client,
                progress=progress,
                clock=iter(range(10**6)).__next__,
                asked=Asked(resources=("predictions",)),
            )
        served = {}
        with unhurried_client(running) as client:
            params = {
                "additional-fields[profile]": "predictive_analytics",
                "page[size]": "100",
            }
            for page in pages(client, "/api/profiles", params):
                for item in page.data:
                    said = item["attributes"]["predictive_analytics"]
                    if said["historic_number_of_orders"]:
                        served[item["id"]] = said
    stored = rows(
        embedded_database,
        """
        select profile_id, historic_clv, predicted_clv, churn_probability,
            ranked_channel_affinity, expected_date_of_next_order
        from klaviyo.profile_prediction
        """,
    )
    assert {row[0] for row in stored} == set(served)
    assert len(stored) > 500
    for profile_id, historic, predicted, churn, channels, due in stored:
        said = served[profile_id]
        assert (historic, predicted) == tuple(
            None if said[name] is None else Decimal(str(said[name]))
            for name in ("historic_clv", "predicted_clv")
        )
        assert churn == said["churn_probability"]
        assert channels == said["ranked_channel_affinity"]
        assert due == dt.datetime.fromisoformat(said["expected_date_of_next_order"])
