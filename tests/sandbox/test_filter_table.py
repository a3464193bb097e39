"""Filters over HTTP, on every endpoint that takes one, held against a plain loop over all rows."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from workbench.sandbox import Shop
from workbench.sandbox.api.contract import ENDPOINTS, Endpoint
from workbench.sandbox.shop.events import Kind

from .conftest import REVISION, resources, second

Body = dict[str, Any]
Test = Callable[[Body, SimpleNamespace], bool]
SUPPRESSION = "subscriptions.email.marketing.suppression"
LIST_SUPPRESSION = "subscriptions.email.marketing.list_suppressions"
EMAIL = "equals(messages.channel,'email')"
SERVED = [each for each in ENDPOINTS if each.filters and each.since <= REVISION]
ALWAYS = {"/api/campaigns": EMAIL}  # what a filter must name in any case
TIMES = {
    "/api/events": "datetime",
    "/api/campaigns": "created_at",
    "/api/forms": "created_at",
    "/api/forms/{id}/form-versions": "created_at",
    "/api/lists/{id}/profiles": "joined_group_at",
    "/api/segments/{id}/profiles": "joined_group_at",
}


def said(body: Body, name: str) -> Any:
    return body["attributes"][name]


def at(body: Body, name: str) -> int:
    return second(said(body, name))


def by_id(body: Body, chosen: SimpleNamespace) -> bool:
    return bool(body["id"] == chosen.mid["id"])


def nobody(body: Body, chosen: SimpleNamespace) -> bool:
    return False


def suppressed(body: Body) -> list[Body]:
    found = said(body, "subscriptions")["email"]["marketing"]["suppression"]
    return list(found)


def left_lists(body: Body) -> list[Body]:
    found = said(body, "subscriptions")["email"]["marketing"]["list_suppressions"]
    return list(found)


# (path, filter, which rows it selects); {mid[...]} is a row of the middle, {at} and the other
# spellings the time of it
TABLE: list[tuple[str, str, Test]] = [
    (
        "/api/metrics",
        "equals(integration.name,'Shopify')",
        lambda b, _: said(b, "integration")["name"] == "Shopify",
    ),
    (
        "/api/metrics",
        'equals(integration.category,"eCommerce")',
        lambda b, _: said(b, "integration")["category"] == "eCommerce",
    ),
    ("/api/events", "equals(metric_id,'{metric}')", lambda b, c: of_metric(b, c.metric)),
    (
        "/api/events",
        "equals(metric_id,['{metric}', '{other}'])",
        lambda b, c: of_metric(b, c.metric) or of_metric(b, c.other),
    ),
    ("/api/events", "equals(profile_id,'{person}')", lambda b, c: person(b) == c.person),
    ("/api/events", "has(profile)", lambda b, _: person(b) is not None),
    ("/api/events", "has(metric),has(profile)", lambda b, _: person(b) is not None),
    ("/api/events", "greater-than(datetime,{at})", lambda b, c: at(b, "datetime") > c.second),
    (
        "/api/events",
        "greater-or-equal(datetime,{offset})",
        lambda b, c: at(b, "datetime") >= c.second,
    ),
    ("/api/events", "less-than(datetime,{short})", lambda b, c: at(b, "datetime") < c.second),
    ("/api/events", "less-or-equal(datetime,{space})", lambda b, c: at(b, "datetime") <= c.second),
    ("/api/events", "less-than(datetime,'{fraction}')", lambda b, c: at(b, "datetime") < c.second),
    ("/api/events", 'less-than(datetime,"{bare}")', lambda b, c: at(b, "datetime") < c.second),
    ("/api/events", "less-than(datetime,{east})", lambda b, c: at(b, "datetime") < c.second),
    (
        "/api/events",
        "greater-than(timestamp,{second})",
        lambda b, c: said(b, "timestamp") > c.second,
    ),
    (
        "/api/events",
        "greater-or-equal(timestamp,{second}),less-or-equal(timestamp,{second})",
        lambda b, c: said(b, "timestamp") == c.second,
    ),
    (
        "/api/events",
        "and(equals(metric_id,'{metric}'),and(less-than(datetime,{at}),has(profile)))",
        lambda b, c: of_metric(b, c.metric) and at(b, "datetime") < c.second and bool(person(b)),
    ),
    (
        "/api/events",
        " and( equals(metric_id, '{metric}') , less-than( datetime , {at} ) ) ",
        lambda b, c: of_metric(b, c.metric) and at(b, "datetime") < c.second,
    ),
    ("/api/profiles", "equals(id,'{mid[id]}')", by_id),
    ("/api/profiles", 'any(id,["{mid[id]}","{last[id]}"])', lambda b, c: one_of(b, c.mid, c.last)),
    ("/api/profiles", "equals(id,['{mid[id]}'])", by_id),
    ("/api/profiles", "equals(email,'{mid[attributes][email]}')", by_id),
    (
        "/api/profiles",
        "any(email,['{mid[attributes][email]}', '{first[attributes][email]}'])",
        lambda b, c: one_of(b, c.mid, c.first),
    ),
    ("/api/profiles", 'equals(phone_number,"{phone}")', lambda b, c: phone(b) == c.phone),
    ("/api/profiles", 'any(phone_number,["{phone}"])', lambda b, c: phone(b) == c.phone),
    ("/api/profiles", "equals(external_id,'{mid[attributes][external_id]}')", by_id),
    ("/api/profiles", "any(external_id,['{mid[attributes][external_id]}'])", by_id),
    ("/api/profiles", "equals(_kx,'nobody')", nobody),
    ("/api/profiles", "greater-than(created,{at})", lambda b, c: at(b, "created") > c.second),
    ("/api/profiles", "less-than(created,{space})", lambda b, c: at(b, "created") < c.second),
    ("/api/profiles", "less-than(updated,{short})", lambda b, c: at(b, "updated") < c.second),
    (
        "/api/profiles",
        "greater-than(updated,{at}),less-than(created,{at})",
        lambda b, c: at(b, "updated") > c.second > at(b, "created"),
    ),
    (
        "/api/profiles",
        f"equals({SUPPRESSION}.reason,'UNSUBSCRIBE')",
        lambda b, _: any(each["reason"] == "UNSUBSCRIBE" for each in suppressed(b)),
    ),
    (
        "/api/profiles",
        f"greater-than({SUPPRESSION}.timestamp,{{east}})",
        lambda b, c: any(second(each["timestamp"]) > c.second for each in suppressed(b)),
    ),
    (
        "/api/profiles",
        f"equals({LIST_SUPPRESSION}.reason,'UNSUBSCRIBE')",
        lambda b, _: any(each["reason"] == "UNSUBSCRIBE" for each in left_lists(b)),
    ),
    (
        "/api/profiles",
        f"greater-or-equal({LIST_SUPPRESSION}.timestamp,{{left_at}})",
        lambda b, c: any(each["timestamp"] >= c.left_at for each in left_lists(b)),
    ),
    (
        "/api/profiles",
        f"equals({LIST_SUPPRESSION}.list_id,'{{left}}')",
        lambda b, c: any(each["list_id"] == c.left for each in left_lists(b)),
    ),
    ("/api/push-tokens", "equals(id,'{mid[id]}')", by_id),
    (
        "/api/push-tokens",
        "equals(profile.id,'{mid[relationships][profile][data][id]}')",
        by_id,
    ),
    ("/api/push-tokens", "equals(platform,'ios')", lambda b, _: said(b, "platform") == "ios"),
    (
        "/api/push-tokens",
        "equals(enablement_status,'AUTHORIZED')",
        lambda b, _: said(b, "enablement_status") == "AUTHORIZED",
    ),
    ("/api/campaigns", "any(id,['{mid[id]}'])", by_id),
    ("/api/campaigns", "contains(name,'OFFER')", lambda b, _: "offer" in said(b, "name").lower()),
    ("/api/campaigns", "equals(status,'Sent')", lambda b, _: said(b, "status") == "Sent"),
    (
        "/api/campaigns",
        'any(status,["Sent","Draft"])',
        lambda b, _: said(b, "status") in {"Sent", "Draft"},
    ),
    ("/api/campaigns", "equals(status,['Sent'])", lambda b, _: said(b, "status") == "Sent"),
    ("/api/campaigns", "equals(archived,false)", lambda b, _: not said(b, "archived")),
    (
        "/api/campaigns",
        "greater-than(created_at,{at})",
        lambda b, c: at(b, "created_at") > c.second,
    ),
    (
        "/api/campaigns",
        "less-or-equal(created_at,{at})",
        lambda b, c: at(b, "created_at") <= c.second,
    ),
    (
        "/api/campaigns",
        "less-than(updated_at,{space})",
        lambda b, c: at(b, "updated_at") < c.second,
    ),
    (
        "/api/campaigns",
        "greater-than(scheduled_at,{offset})",
        lambda b, c: said(b, "scheduled_at") is not None and at(b, "scheduled_at") > c.second,
    ),
    (
        "/api/campaigns",
        "less-than(scheduled_at,{offset})",
        lambda b, c: said(b, "scheduled_at") is not None and at(b, "scheduled_at") < c.second,
    ),
    ("/api/flows", "any(id,['{mid[id]}','{last[id]}'])", lambda b, c: one_of(b, c.mid, c.last)),
    ("/api/flows", "contains(name,'cart')", lambda b, _: "cart" in said(b, "name").lower()),
    ("/api/flows", "starts-with(name,'Win')", lambda b, _: said(b, "name").startswith("Win")),
    ("/api/flows", "ends-with(name,'series')", lambda b, _: said(b, "name").endswith("series")),
    ("/api/flows", "equals(name,'{mid[attributes][name]}')", by_id),
    ("/api/flows", "equals(status,'live')", lambda b, _: said(b, "status") == "live"),
    ("/api/flows", "equals(archived,true)", lambda b, _: said(b, "archived")),
    ("/api/flows", "equals(created,{at})", lambda b, c: at(b, "created") == c.second),
    ("/api/flows", "less-or-equal(updated,{east})", lambda b, c: at(b, "updated") <= c.second),
    (
        "/api/flows",
        "equals(trigger_type,'Metric')",
        lambda b, _: said(b, "trigger_type") == "Metric",
    ),
    ("/api/flows/{id}/flow-actions", "any(id,['{mid[id]}'])", by_id),
    (
        "/api/flows/{id}/flow-actions",
        "equals(action_type,'send-email')",
        lambda b, _: said(b, "definition")["type"] == "send-email",
    ),
    (
        "/api/flows/{id}/flow-actions",
        "any(action_type,['send-email','time-delay'])",
        lambda b, _: said(b, "definition")["type"] in {"send-email", "time-delay"},
    ),
    ("/api/flows/{id}/flow-actions", "equals(status,'draft')", nobody),
    (
        "/api/flows/{id}/flow-actions",
        "equals(created,{at})",
        lambda b, c: at(b, "created") == c.second,
    ),
    ("/api/flows/{id}/flow-actions", "less-than(updated,{at})", nobody),
    ("/api/flow-actions/{id}/flow-messages", "any(id,['{mid[id]}'])", by_id),
    (
        "/api/flow-actions/{id}/flow-messages",
        "equals(name,'{mid[attributes][definition][name]}')",
        by_id,
    ),
    ("/api/flow-actions/{id}/flow-messages", "equals(created,{at})", by_id),
    ("/api/flow-actions/{id}/flow-messages", "greater-than(updated,{at})", by_id),
    ("/api/forms", "equals(id,'{mid[id]}')", by_id),
    ("/api/forms", "contains(name,'POPUP')", lambda b, _: "popup" in said(b, "name").lower()),
    (
        "/api/forms",
        'any(name,["Footer","Exit offer"])',
        lambda b, _: said(b, "name") in {"Footer", "Exit offer"},
    ),
    ("/api/forms", "equals(ab_test,true)", lambda b, _: said(b, "ab_test")),
    ("/api/forms", "equals(ab_test,False)", lambda b, _: not said(b, "ab_test")),
    ("/api/forms", "equals(status,'draft')", lambda b, _: said(b, "status") == "draft"),
    ("/api/forms", "less-or-equal(created_at,{at})", lambda b, c: at(b, "created_at") <= c.second),
    ("/api/forms", "greater-than(updated_at,{at})", lambda b, c: at(b, "updated_at") > c.second),
    (
        "/api/forms/{id}/form-versions",
        "any(form_type,['popup','embed'])",
        lambda b, _: said(b, "form_type") in {"popup", "embed"},
    ),
    (
        "/api/forms/{id}/form-versions",
        "equals(status,'live')",
        lambda b, _: said(b, "status") == "live",
    ),
    (
        "/api/forms/{id}/form-versions",
        "less-or-equal(created_at,{at})",
        lambda b, c: at(b, "created_at") <= c.second,
    ),
    (
        "/api/forms/{id}/form-versions",
        "greater-than(updated_at,{at})",
        lambda b, c: at(b, "updated_at") > c.second,
    ),
    ("/api/lists", "equals(id,'{mid[id]}')", by_id),
    ("/api/lists", "any(name,['{mid[attributes][name]}'])", by_id),
    ("/api/lists", "greater-than(created,{before})", lambda b, c: at(b, "created") > c.second - 1),
    ("/api/lists", "greater-than(updated,{before})", lambda b, c: at(b, "updated") > c.second - 1),
    ("/api/lists/{id}/profiles", "any(email,['{mid[attributes][email]}'])", by_id),
    ("/api/lists/{id}/profiles", "any(phone_number,['{phone}'])", lambda b, c: phone(b) == c.phone),
    ("/api/lists/{id}/profiles", "any(push_token,['none'])", nobody),
    ("/api/lists/{id}/profiles", "equals(_kx,'nobody')", nobody),
    (
        "/api/lists/{id}/profiles",
        "greater-or-equal(joined_group_at,{at})",
        lambda b, c: at(b, "joined_group_at") >= c.second,
    ),
    ("/api/segments", "equals(id,'{mid[id]}')", by_id),
    ("/api/segments", "equals(name,['{mid[attributes][name]}'])", by_id),
    ("/api/segments", "greater-than(created,{before})", lambda b, c: at(b, "created") >= c.second),
    ("/api/segments", "greater-than(updated,{before})", lambda b, c: at(b, "updated") >= c.second),
    ("/api/segments", "equals(is_active,true)", lambda b, _: said(b, "is_active")),
    ("/api/segments", "any(is_active,[true,false])", lambda b, _: True),
    ("/api/segments", "equals(is_starred,true)", lambda b, _: said(b, "is_starred")),
    ("/api/segments/{id}/profiles", "any(profile_id,['{mid[id]}'])", by_id),
    ("/api/segments/{id}/profiles", "any(email,['{mid[attributes][email]}'])", by_id),
    (
        "/api/segments/{id}/profiles",
        "any(phone_number,['{phone}'])",
        lambda b, c: phone(b) == c.phone,
    ),
    ("/api/segments/{id}/profiles", "any(push_token,['none'])", nobody),
    ("/api/segments/{id}/profiles", "equals(_kx,'nobody')", nobody),
    (
        "/api/segments/{id}/profiles",
        "less-than(joined_group_at,{at})",
        lambda b, c: at(b, "joined_group_at") < c.second,
    ),
    ("/api/tags", "contains(name,'{mid[attributes][name]}')", by_id),
    ("/api/tags", "equals(name,['{mid[attributes][name]}'])", by_id),
    ("/api/tag-groups", "equals(name,'{mid[attributes][name]}')", by_id),
    ("/api/tag-groups", "equals(exclusive,true)", lambda b, _: said(b, "exclusive")),
    ("/api/tag-groups", "equals(default,true)", lambda b, _: said(b, "default")),
    ("/api/templates", "any(id,['{mid[id]}'])", by_id),
    (
        "/api/templates",
        "equals(name,'{mid[attributes][name]}')",
        lambda b, c: said(b, "name") == said(c.mid, "name"),
    ),
    ("/api/templates", "equals(created,{at})", lambda b, c: at(b, "created") == c.second),
    ("/api/templates", "less-than(updated,{at})", lambda b, c: at(b, "updated") < c.second),
]


def one_of(body: Body, *chosen: Body) -> bool:
    return body["id"] in {each["id"] for each in chosen}


def of_metric(body: Body, metric: str) -> bool:
    return bool(body["relationships"]["metric"]["data"]["id"] == metric)


def person(body: Body) -> str | None:
    data = body["relationships"].get("profile", {}).get("data")
    return data["id"] if data else None


def phone(body: Body) -> str | None:
    number = said(body, "phone_number")
    return None if number is None else str(number)


def _when(suppression: Body) -> str:
    return str(suppression["timestamp"])


class Listings:
    """The rows of every collection, each read once."""

    def __init__(self, client: httpx.Client, shop: Shop) -> None:
        self.client, self.shop = client, shop
        self.rows = cache(self._rows)
        self.address = cache(self._address)

    def filtered(self, path: str, text: str) -> list[Body]:
        """Every row that the server selects."""
        text = ",".join(filter(None, (ALWAYS.get(path), text)))
        more = {"additional-fields[profile]": "subscriptions"} if path == "/api/profiles" else {}
        size = next(each.size for each in ENDPOINTS if each.path == path)
        sized = {"page[size]": str(size[1])} if size else {}
        filters = {"filter": text} if text else {}
        return resources(self.client, self.address(path), **filters, **sized, **more)

    def _rows(self, path: str) -> list[Body]:
        return self.filtered(path, "")

    def _address(self, path: str) -> str:
        """The path with an id of which a lot follows."""
        if "{id}" not in path:
            return path
        parent = path.split("/{id}/")[0]
        name = path.rsplit("/", 1)[-1]
        many = {
            "/api/flows": lambda b: len(self._related(parent, b, name)),
            "/api/lists": lambda b: len(self._related(parent, b, name)),
            "/api/segments": lambda b: len(self._related(parent, b, name)),
            "/api/forms": lambda b: len(self._related(parent, b, name)),
        }
        if parent == "/api/flow-actions":
            sends = self.rows("/api/flows/{id}/flow-actions")
            found = next(b for b in sends if said(b, "definition")["type"] == "send-email")
        else:
            found = max(self.rows(parent), key=many[parent])
        return path.replace("{id}", found["id"])

    def _related(self, parent: str, body: Body, name: str) -> list[Body]:
        return resources(self.client, f"{parent}/{body['id']}/relationships/{name}")


@pytest.fixture(scope="module")
def listings(client: httpx.Client, shop: Shop) -> Listings:
    return Listings(client, shop)


def chosen_from(rows: list[Body], path: str, shop: Shop) -> SimpleNamespace:
    """What the placeholders of a filter stand for."""
    mid = rows[len(rows) // 2]
    chosen = SimpleNamespace(first=rows[0], mid=mid, last=rows[-1])
    field = TIMES.get(path, "created")
    if (text := mid.get("attributes", {}).get(field)) is not None:
        moment = dt.datetime.fromisoformat(text).astimezone(dt.UTC)
        chosen.second = int(moment.timestamp())
        chosen.at = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        chosen.offset = f"{moment:%Y-%m-%dT%H:%M:%S}+00:00"
        chosen.short = f"{moment:%Y-%m-%dT%H:%M:%S}+0000"
        chosen.space = f"{moment:%Y-%m-%d %H:%M:%S}+00:00"
        chosen.fraction = f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"
        chosen.bare = f"{moment:%Y-%m-%dT%H:%M:%S}"
        east = moment.astimezone(dt.timezone(dt.timedelta(hours=9, minutes=30)))
        chosen.east = east.isoformat()
        chosen.before = f"{moment - dt.timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"
    numbers = [
        each for row in rows if (each := row.get("attributes", {}).get("phone_number")) is not None
    ]
    chosen.phone = numbers[0] if numbers else "none"
    if path == "/api/profiles":
        left = sorted((each for row in rows for each in left_lists(row)), key=_when)
        chosen.left, chosen.left_at = left[0]["list_id"], _when(left[len(left) // 2])
    if path == "/api/events":
        chosen.metric = shop.metrics[Kind.OPENED_EMAIL].id
        chosen.other = shop.metrics[Kind.PLACED_ORDER].id
        chosen.person = next(p for row in rows[len(rows) // 2 :] if (p := person(row)))
    return chosen


@pytest.mark.parametrize(
    ("path", "text", "selects"), TABLE, ids=[f"{path}-{text}" for path, text, _ in TABLE]
)
def test_a_filter_selects_what_a_loop_selects(
    listings: Listings, shop: Shop, path: str, text: str, selects: Test
) -> None:
    rows = listings.rows(path)
    chosen = chosen_from(rows, path, shop)
    filled = text.format(**vars(chosen))
    expected = [row["id"] for row in rows if selects(row, chosen)]
    assert expected or selects is nobody
    assert [row["id"] for row in listings.filtered(path, filled)] == expected
    references = re.sub(r"/\{id\}/", "/{id}/relationships/", path)
    if references != path:
        assert [row["id"] for row in listings.filtered(references, filled)] == expected


def test_every_field_that_can_be_filtered_is_in_the_table() -> None:
    tried = {
        (path, field)
        for path, text, _ in TABLE
        for field in re.findall(r"[a-z](?:-[a-z]+)*\(\s*([a-z_][a-z_.]*[a-z_]|id)\s*[,)]", text)
    }
    tried.add(("/api/campaigns", "messages.channel"))
    wanted = {
        (each.path, field)
        for each in SERVED
        if "/relationships/" not in each.path
        for field in each.filters
    }
    assert wanted <= tried


@pytest.mark.parametrize(
    ("path", "text", "detail"),
    [
        ("/api/events", "equals(name,'x')", "'name' cannot be filtered"),
        ("/api/events", "any(metric_id,['x'])", "'any' is not allowed on 'metric_id'"),
        ("/api/events", "equals(profile_id,['x'])", "'equals' is not allowed on 'profile_id'"),
        ("/api/events", "has(datetime)", "'has' is not allowed on 'datetime'"),
        ("/api/events", "equals(datetime,2026-01-01)", "'equals' is not allowed on 'datetime'"),
        ("/api/events", "greater-than(datetime,soon)", "'soon' is not a datetime"),
        ("/api/events", "less-than(datetime,2026-13-01)", "'2026-13-01' is not a datetime"),
        ("/api/events", "or(has(profile),has(metric))", "'or' is not allowed"),
        ("/api/events", "not(has(profile))", "'not' is not allowed"),
        ("/api/events", "and(has(profile),or(has(metric)))", "'or' is not allowed"),
        ("/api/events", "equals(metric_id", "filter"),
        (
            "/api/profiles",
            "greater-or-equal(updated,2026-01-01)",
            "'greater-or-equal' is not allowed",
        ),
        ("/api/profiles", "contains(email,'a')", "'contains' is not allowed on 'email'"),
        ("/api/profiles", "any(id,'x')", "'any' is not allowed on 'id'"),
        ("/api/profiles", "any(id,[])", "filter"),
        ("/api/campaigns", f"{EMAIL},equals(status,'Gone')", "'Gone' is not a value of 'status'"),
        (
            "/api/campaigns",
            f"{EMAIL},any(status,['Sent','Gone'])",
            "'Gone' is not a value of 'status'",
        ),
        ("/api/campaigns", "equals(messages.channel,'whatsapp')", "'whatsapp' is not a value of"),
        ("/api/campaigns", f"{EMAIL},equals(archived,maybe)", "'maybe' is neither true nor false"),
        ("/api/campaigns", "equals(archived,true)", "channel filter is required"),
        ("/api/flows", "equals(trigger_type,'Moon')", "'Moon' is not a value of 'trigger_type'"),
        ("/api/flows", "equals(id,'x')", "'equals' is not allowed on 'id'"),
        ("/api/forms", "equals(status,'archived')", "'archived' is not a value of 'status'"),
        ("/api/forms", "starts-with(name,'F')", "'starts-with' is not allowed on 'name'"),
        ("/api/lists", "equals(name,'x')", "'equals' is not allowed on 'name'"),
        ("/api/lists", "less-than(created,2026-01-01)", "'less-than' is not allowed"),
        ("/api/segments", "equals(is_active,5)", "'5' is neither true nor false"),
        (
            "/api/push-tokens",
            "equals(platform,'windows')",
            "'windows' is not a value of 'platform'",
        ),
        ("/api/tags", "any(name,['x'])", "'any' is not allowed on 'name'"),
        ("/api/metrics", "equals(name,'Placed Order')", "'name' cannot be filtered"),
        ("/api/accounts", "equals(id,'x')", "'id' cannot be filtered"),
    ],
)
def test_a_filter_that_klaviyo_does_not_take(
    client: httpx.Client, path: str, text: str, detail: str
) -> None:
    answer = client.get(path, params={"filter": text})
    assert answer.status_code == 400
    error = answer.json()["errors"][0]
    assert detail in error["detail"]
    assert error["source"] == {"parameter": "filter"}
    assert error["code"] == "invalid"


@pytest.mark.parametrize("endpoint", SERVED, ids=lambda each: each.path)
def test_an_operator_or_field_that_an_endpoint_lacks_is_refused(
    listings: Listings, client: httpx.Client, endpoint: Endpoint
) -> None:
    address = listings.address(endpoint.path)
    for field, operators in endpoint.filters.items():
        for operator in {"contains", "greater-than", "any", "has"} - set(operators):
            value = {"has": "", "any": ",['x']"}.get(operator, ",'x'")
            answer = client.get(address, params={"filter": f"{operator}({field}{value})"})
            assert answer.status_code == 400
            assert "is not allowed on" in answer.json()["errors"][0]["detail"]
    answer = client.get(address, params={"filter": "equals(shoe_size,'x')"})
    assert answer.json()["errors"][0]["detail"] == "'shoe_size' cannot be filtered."


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        (
            "greater-than(datetime,2026-10-01T02:59:59Z),less-or-equal(datetime,2026-10-01T02:59:59Z)",
            "2026-10-01 02:59:59+00:00 (exclusive) to 2026-10-01 02:59:59+00:00 (inclusive)",
        ),
        (
            "greater-or-equal(datetime,2026-10-02),less-than(datetime,2026-10-01)",
            "2026-10-02 00:00:00+00:00 (inclusive) to 2026-10-01 00:00:00+00:00 (exclusive)",
        ),
        (
            "greater-than(datetime,2026-10-01T00:00:00.2Z),less-than(datetime,2026-10-01T00:00:00.9Z)",
            "2026-10-01 00:00:00+00:00 (exclusive) to 2026-10-01 00:00:00+00:00 (exclusive)",
        ),
        (
            "greater-than(datetime,2026-11-02T04:59:57Z)",
            "2026-11-02 04:59:57+00:00 (exclusive) to 2026-11-02 05:00:00+00:00 (inclusive)",
        ),
        (
            "greater-or-equal(datetime,2027-02-05T21:46:42Z)",
            "2027-02-05 21:46:42+00:00 (inclusive) to 2026-11-02 05:00:00+00:00 (inclusive)",
        ),
    ],
)
def test_an_empty_window_is_refused(client: httpx.Client, text: str, bounds: str) -> None:
    answer = client.get("/api/events", params={"filter": text})
    assert answer.status_code == 400
    error = answer.json()["errors"][0]
    assert error["detail"] == f"Datetime bounds {bounds} is empty or invalid"
    assert error["source"] == {"pointer": "datetime"}


@pytest.mark.parametrize(
    "text",
    [
        "greater-than(datetime,2026-10-01T02:59:59Z),less-or-equal(datetime,2026-10-01T03:00:00Z)",
        "greater-or-equal(datetime,2026-10-01),less-or-equal(datetime,2026-10-01)",
        "greater-than(datetime,2026-11-02T04:59:55Z)",
        "greater-or-equal(datetime,2026-11-01),less-than(datetime,2027-11-01)",
        "less-than(datetime,1999-01-01)",
    ],
)
def test_a_window_of_a_second_or_more_is_answered(client: httpx.Client, text: str) -> None:
    assert client.get("/api/events", params={"filter": text}).status_code == 200
