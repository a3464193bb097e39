"""The API: who is let in, what is refused and how, what the bodies look like."""

from __future__ import annotations

import socket
from collections import Counter

import httpx
import numpy as np
import pytest

from workbench.errors import PortTaken
from workbench.sandbox import SandboxServer, Shop, ShopPlan, build_shop, serve
from workbench.sandbox.shop.events import Kind
from workbench.sandbox.shop.ids import event_ids, event_row

from .conftest import REVISION, client_of, every, resources

KEY = {"Authorization": "Klaviyo-API-Key pk_sandbox"}
DATED = {"revision": REVISION}


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        (DATED, 401, "not_authenticated"),
        ({"Authorization": "Basic pk_sandbox", **DATED}, 401, "not_authenticated"),
        ({"Authorization": "Bearer pk_sandbox", **DATED}, 401, "authentication_failed"),
        ({"Authorization": "Klaviyo-API-Key pk_other", **DATED}, 401, "authentication_failed"),
        (KEY, 400, "invalid"),
        ({**KEY, "revision": "latest"}, 400, "invalid"),
        ({**KEY, "revision": "2024-02-15"}, 200, None),
        (
            {**KEY, "revision": "2024-02-15", "X-Klaviyo-Revision-Fall-Forward-Opt-Out": "1"},
            410,
            "revision_retired",
        ),
        (
            {**KEY, **DATED, "X-Klaviyo-Revision-Fall-Forward-Opt-Out": "1"},
            200,
            None,
        ),
    ],
)
def test_key_and_revision(
    server: SandboxServer, headers: dict[str, str], status: int, code: str | None
) -> None:
    answer = httpx.get(f"{server.url}/api/metrics", headers=headers)
    assert answer.status_code == status
    if code:
        error = answer.json()["errors"][0]
        assert error["code"] == code
        assert {"id", "title", "detail", "source"} <= error.keys()


def test_the_key_is_in_no_answer(server: SandboxServer) -> None:
    answer = httpx.get(f"{server.url}/api/metrics", headers={**DATED, **KEY})
    wrong = {"Authorization": "Klaviyo-API-Key pk_secret", **DATED}
    refused = httpx.get(f"{server.url}/api/metrics", headers=wrong)
    assert server.key not in answer.text
    assert "pk_secret" not in refused.text


@pytest.mark.parametrize(
    ("url", "status", "detail"),
    [
        ("/api/nothing", 404, "is not served"),
        ("/api/events/AAAAAAAAAAA", 404, "does not exist"),
        ("/api/profiles/01GDDKASAP8TKDDA2GRZDSVP4H", 404, "does not exist"),
        ("/api/campaigns", 400, "channel filter is required"),
        ("/api/campaigns?filter=equals(archived,false)", 400, "channel filter is required"),
        ("/api/campaigns?filter=equals(messages.channel,'pigeon')", 400, "not a value of"),
        (
            "/api/campaigns?filter=equals(messages.channel,'email'),equals(archived,'x')",
            400,
            "neither true nor false",
        ),
        ("/api/events?filter=equals(name,'x')", 400, "'name' cannot be filtered"),
        ("/api/events?filter=any(metric_id,['x'])", 400, "not allowed"),
        ("/api/events?filter=greater-than(datetime,soon)", 400, "not a datetime"),
        ("/api/events?filter=equals(metric_id", 400, "filter"),
        ("/api/events?sort=name", 400, "not a valid field to sort by"),
        ("/api/events?include=list", 400, "not a valid value of include"),
        ("/api/events?page[size]=1001", 400, "between 1 and 1000"),
        ("/api/events?page[size]=0", 400, "between 1 and 1000"),
        ("/api/profiles?page[size]=101", 400, "between 1 and 100"),
        ("/api/profiles?filter=greater-or-equal(updated,2026-01-01)", 400, "not allowed"),
        ("/api/events?page[cursor]=abc", 400, "Invalid cursor provided."),
        ("/api/flows?additional-fields[flow]=definition", 400, "not a valid value"),
    ],
)
def test_refusals(client: httpx.Client, url: str, status: int, detail: str) -> None:
    answer = client.get(url)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/vnd.api+json"
    assert detail in answer.json()["errors"][0]["detail"]


def test_only_reading_is_served(client: httpx.Client) -> None:
    assert client.post("/api/events", json={}).status_code == 405


def test_every_answer_says_when_it_was_and_that_it_is_simulated(client: httpx.Client) -> None:
    for url in ("/api/metrics", "/api/nothing", "/api/campaigns"):
        headers = client.get(url).headers
        assert headers.get_list("Date") == ["Mon, 02 Nov 2026 05:00:00 GMT"]
        assert headers["X-Simulated"] == "true"


def test_links_are_made_from_the_host_the_client_used(
    server: SandboxServer, client: httpx.Client
) -> None:
    headers = {"Host": "klaviyo.test:81"}
    body = client.get("/api/events/?page[size]=1", headers=headers).json()
    assert body["links"]["next"].startswith("http://klaviyo.test:81/api/events/?page%5Bsize%5D=1")
    assert body["data"][0]["links"]["self"].startswith("http://klaviyo.test:81/api/events/")
    assert client.get("/api/metrics").json()["data"][0]["links"]["self"].startswith(server.url)


def test_slashes_and_a_leading_equals_sign_are_accepted(client: httpx.Client) -> None:
    first = client.get("/api/events/?page[size]=1").json()
    cursor = httpx.URL(first["links"]["next"]).params["page[cursor]"]
    second = client.get("/api/events", params={"page[size]": "1", "page[cursor]": f"={cursor}"})
    assert second.json()["data"] == client.get(first["links"]["next"]).json()["data"]


def test_the_account_tells_where_it_is(client: httpx.Client, shop: Shop) -> None:
    (account,) = client.get("/api/accounts").json()["data"]
    assert account["id"] == shop.account.id
    assert account["attributes"]["timezone"] == "America/New_York"
    assert account["attributes"]["preferred_currency"] == "USD"
    contact = account["attributes"]["contact_information"]
    assert contact["organization_name"] == "Sandbox (simulated)"
    assert contact["street_address"]["country"] == "United States"


def test_two_metrics_share_a_name_and_one_is_mapped(client: httpx.Client) -> None:
    metrics = {body["id"]: body["attributes"] for body in resources(client, "/api/metrics")}
    placed = [each for each, about in metrics.items() if about["name"] == "Placed Order"]
    assert len(placed) == 2
    mapped = {body["id"]: body for body in resources(client, "/api/mapped-metrics")}
    revenue = mapped["revenue"]["relationships"]["metric"]["data"]["id"]
    assert metrics[revenue]["integration"]["name"] == "Shopify"
    counts = {
        each: len(resources(client, "/api/events", filter=f"equals(metric_id,'{each}')"))
        for each in placed
    }
    assert counts[revenue] > 10 * min(counts.values()) > 0


def test_events_of_a_metric_a_profile_and_a_window(client: httpx.Client, shop: Shop) -> None:
    events, metric = shop.events, shop.metrics[Kind.OPENED_EMAIL].id
    shown = events.visible_at <= shop.now
    profile = int(events.profile[events.rows(Kind.OPENED_EMAIL)[0]])
    opened = shown & (events.kind == Kind.OPENED_EMAIL) & (events.profile == profile)
    found = resources(
        client,
        "/api/events",
        filter=f"equals(metric_id,'{metric}'),equals(profile_id,'{shop.people.id_of(profile)}')",
    )
    rows = np.flatnonzero(opened)
    assert [body["id"] for body in found] == event_ids(rows, seed=shop.plan.seed)
    inside = (events.at >= 1_790_000_000) & (events.at < 1_790_600_000) & shown
    window = "and(greater-or-equal(timestamp,1790000000),less-than(timestamp,1790600000))"
    assert len(resources(client, "/api/events", filter=window)) == inside.sum() > 0


def test_an_attributed_order_names_what_it_is_credited_to(client: httpx.Client, shop: Shop) -> None:
    metric = shop.metrics[Kind.PLACED_ORDER].id
    pages = every(
        client, "/api/events", filter=f"equals(metric_id,'{metric}')", include="attributions"
    )
    named = {
        each["id"]: body["id"]
        for page in pages
        for body in page["data"]
        for each in body["relationships"]["attributions"]["data"]
    }
    included = {body["id"]: body for page in pages for body in page["included"]}
    assert named
    assert named.keys() == included.keys()
    senders = Counter()
    for attribution, body in included.items():
        related = body["relationships"]
        order = event_row(named[attribution], seed=shop.plan.seed)
        touch = event_row(related["attributed-event"]["data"]["id"], seed=shop.plan.seed)
        assert order is not None
        assert touch == shop.events.touch[order]
        assert related["event"]["data"]["id"] == named[attribution]
        senders.update({"campaign", "campaign-message", "flow", "flow-message"} & related.keys())
    assert senders["campaign"] == senders["campaign-message"] > 0
    assert senders["flow"] == senders["flow-message"] > 0


def test_message_events_carry_klaviyos_own_properties(client: httpx.Client, shop: Shop) -> None:
    metric = shop.metrics[Kind.OPENED_EMAIL].id
    campaigns = {campaign.id for campaign in shop.catalogue.campaigns}
    flow_messages = {message.id for message in shop.catalogue.messages if message.flow >= 0}
    for body in resources(client, "/api/events", filter=f"equals(metric_id,'{metric}')"):
        properties = body["attributes"]["event_properties"]
        sent_at, sender = properties["$_cohort$message_send_cohort"].split(":")
        assert sender == properties["$message"]
        assert int(sent_at) < body["attributes"]["timestamp"]
        assert sender in (flow_messages if "$flow" in properties else campaigns)
        assert properties["machine_open"] or not properties["Apple Privacy Open"]
        assert {"Campaign Name", "Subject", "Email Domain", "Inbox Provider"} <= properties.keys()


def test_profiles_can_be_narrowed_and_show_their_consent(client: httpx.Client) -> None:
    bodies = resources(
        client, "/api/profiles", sort="-created",
        **{"additional-fields[profile]": "subscriptions", "page[size]": "100"},
    )  # fmt: skip
    created = [body["attributes"]["created"] for body in bodies]
    assert created == sorted(created, reverse=True)
    consents = Counter(
        body["attributes"]["subscriptions"]["email"]["marketing"]["consent"] for body in bodies
    )
    assert set(consents) == {"SUBSCRIBED", "NEVER_SUBSCRIBED", "UNSUBSCRIBED"}
    two = [body["id"] for body in bodies[:2]]
    names = ",".join(f'"{each}"' for each in two)
    assert {b["id"] for b in resources(client, "/api/profiles", filter=f"any(id,[{names}])")} == {
        *two
    }
    slim = client.get("/api/profiles?fields[profile]=email&page[size]=1").json()["data"][0]
    assert set(slim["attributes"]) == {"email"}


def test_campaigns_with_their_messages(client: httpx.Client) -> None:
    pages = every(
        client, "/api/campaigns", filter="equals(messages.channel,'email')",
        include="campaign-messages", sort="created_at",
    )  # fmt: skip
    campaigns = [body for page in pages for body in page["data"]]
    included = {body["id"]: body for page in pages for body in page["included"]}
    assert {body["attributes"]["status"] for body in campaigns} >= {"Sent", "Scheduled"}
    for body in campaigns:
        (message,) = body["relationships"]["campaign-messages"]["data"]
        assert included[message["id"]]["attributes"]["definition"]["channel"] == "email"
    folder = f"/api/campaigns/{campaigns[0]['id']}/campaign-messages/"
    (message,) = client.get(folder).json()["data"]
    assert message == client.get(f"/api/campaign-messages/{message['id']}").json()["data"]


def test_a_flow_is_the_same_tree_however_it_is_read(client: httpx.Client) -> None:
    for flow in resources(client, "/api/flows"):
        url = f"/api/flows/{flow['id']}"
        whole = client.get(url, params={"additional-fields[flow]": "definition"}).json()["data"]
        steps = [
            body["attributes"]["definition"] for body in resources(client, f"{url}/flow-actions")
        ]
        assert whole["attributes"]["definition"]["actions"] == steps
        for step in steps:
            messages = resources(client, f"/api/flow-actions/{step['id']}/flow-messages")
            # what a test sends stands one level deeper
            sending = step["data"].get("main_action", step)
            sent = [sending["data"]["message"]] if "message" in sending["data"] else []
            assert [body["attributes"]["definition"] for body in messages] == sent


def test_a_late_event_shows_when_its_time_has_come() -> None:
    shop = build_shop(ShopPlan(profiles=100, days=60, late_share=0.5))
    events = shop.events
    week = shop.now + 7 * 86_400
    is_late = (events.at < shop.now) & (events.visible_at > shop.now)
    late = np.flatnonzero(is_late & (events.visible_at < week))  # old orders are imported later
    (event_id,) = event_ids(late[:1], seed=shop.plan.seed)
    before = int((events.visible_at <= shop.now).sum())
    with SandboxServer(shop) as server, client_of(server) as client:
        assert client.get(f"/api/events/{event_id}").status_code == 404
        assert len(resources(client, "/api/events", **{"page[size]": "1000"})) == before
        server.advance(days=7)
        assert client.get(f"/api/events/{event_id}").status_code == 200
        after = resources(client, "/api/events", **{"page[size]": "1000"})
        assert len(after) == (events.visible_at <= server.now).sum() > before
        assert client.get("/api/profiles").headers["Date"] == "Mon, 09 Nov 2026 05:00:00 GMT"


def test_events_from_the_future_show(client: httpx.Client, shop: Shop) -> None:
    tomorrow = f"greater-than(timestamp,{shop.now})"
    future = (shop.events.at > shop.now) & (shop.events.visible_at <= shop.now)
    assert len(resources(client, "/api/events", filter=tomorrow)) == future.sum() > 0


def test_a_taken_port_is_said_to_be_taken(shop: Shop) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(PortTaken, match=f"port {port} of 127.0.0.1 cannot be used") as caught,
            SandboxServer(shop, port=port),
        ):
            pass
        with pytest.raises(PortTaken, match=f"port {port} of 127.0.0.1 cannot be used"):
            serve(SandboxServer(shop, port=port), ready=pytest.fail)
    assert str(port + 1) in caught.value.hint


def test_an_address_of_another_machine_is_refused(shop: Shop) -> None:
    with (
        pytest.raises(PortTaken, match=r"of 192\.0\.2\.1 cannot be used") as caught,
        SandboxServer(shop, host="192.0.2.1"),  # documentation's, so nobody's
    ):
        pass
    assert caught.value.hint == "pass an address of this machine, such as 127.0.0.1"
