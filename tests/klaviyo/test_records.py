"""Rows made of resources as Klaviyo sends them, column by column."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from workbench.klaviyo import Page
from workbench.klaviyo import records as made
from workbench.klaviyo.records import TABLES, Rows

CREATED, UPDATED = "2024-01-31T09:15:00+00:00", "2026-10-01T00:00:00+00:00"


def read(rows: Rows, table: str) -> list[dict[str, Any]]:
    """Rows by column, JSON parsed."""
    found = []
    for row in rows[table]:
        columns = dict(zip(TABLES[table].columns, row, strict=True))
        for name in {"payload", "attributions"} & columns.keys():
            if columns[name] is not None:
                columns[name] = orjson.loads(columns[name])
        found.append(columns)
    return found


def resource(
    kind: str, name: str, /, *related: tuple[str, Any], **attributes: Any
) -> dict[str, Any]:
    """A resource; what it relates to is given as (name, data)."""
    links = {"self": "https://a.klaviyo.com/api/x"}
    relationships = {name: {"data": data, "links": links} for name, data in related}
    return {
        "type": kind,
        "id": name,
        "attributes": attributes,
        "relationships": relationships,
        "links": links,
    }


def to(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "id": name}


def test_account() -> None:
    contact = {"organization_name": "Fern & Field", "street_address": {"country": "Norway"}}
    said = {"timezone": "Europe/Oslo", "preferred_currency": "NOK", "contact_information": contact}
    page = Page([resource("account", "AbC123", **said)], [])
    assert read(made.account_rows(page, is_simulated=True), "klaviyo.account") == [
        {
            "account_id": "AbC123",
            "name": "Fern & Field",
            "timezone": "Europe/Oslo",
            "currency": "NOK",
            "country": "Norway",
            "is_simulated": True,
            "payload": said,
        }
    ]


@pytest.mark.parametrize(
    "contact",
    [None, {}, {"organization_name": "", "street_address": None}, {"organization_name": None}],
)
def test_account_without_contact_is_called_by_its_id(contact: Any) -> None:
    said = {"timezone": "UTC", "preferred_currency": "EUR", "contact_information": contact}
    page = Page([resource("account", "AbC123", **said)], [])
    (row,) = read(made.account_rows(page, is_simulated=False), "klaviyo.account")
    assert (row["name"], row["country"], row["is_simulated"]) == ("AbC123", None, False)


@pytest.mark.parametrize(
    ("integration", "name", "category"),
    [
        ({"name": "Shopify", "category": "eCommerce"}, "Shopify", "eCommerce"),
        ({"name": "Shopify", "category": {"category": "eCommerce"}}, "Shopify", "eCommerce"),
        ({"name": "API", "category": None}, "API", None),
        ({}, None, None),
        (None, None, None),
    ],
)
def test_metric(integration: Any, name: str | None, category: str | None) -> None:
    said = {"name": "Placed Order", "created": CREATED, "updated": None, "integration": integration}
    page = Page([resource("metric", "Mm1234", **said)], [])
    assert read(made.metric_rows(page, account_id="AbC123"), "klaviyo.metric") == [
        {
            "account_id": "AbC123",
            "metric_id": "Mm1234",
            "name": "Placed Order",
            "integration_name": name,
            "integration_category": category,
            "created_at": CREATED,
            "updated_at": None,
            "payload": said,
        }
    ]


@pytest.mark.parametrize(
    ("metric", "custom"),
    [(to("metric", "Mm1234"), None), (None, to("custom-metric", "c-1")), (None, None)],
)
def test_mapped_metric(metric: Any, custom: Any) -> None:
    related = [("metric", metric), ("custom-metric", custom)]
    page = Page([resource("mapped-metric", "revenue", *related, updated=UPDATED)], [])
    (row,) = read(made.mapped_metric_rows(page, account_id="AbC123"), "klaviyo.mapped_metric")
    assert row == {
        "account_id": "AbC123",
        "mapping": "revenue",
        "metric_id": metric and metric["id"],
        "custom_metric_id": custom and custom["id"],
        "updated_at": UPDATED,
        "payload": {"updated": UPDATED},
    }


def test_mapped_metric_with_links_only_maps_nothing() -> None:
    page = Page([{**resource("mapped-metric", "revenue"), "relationships": {"metric": {}}}], [])
    (row,) = read(made.mapped_metric_rows(page, account_id="AbC123"), "klaviyo.mapped_metric")
    assert (row["metric_id"], row["custom_metric_id"], row["updated_at"]) == (None, None, None)


def campaign(name: str, **attributes: Any) -> dict[str, Any]:
    said = {"name": name, "status": "Sent", "archived": False, "created_at": CREATED}
    return resource("campaign", f"C{name}", **{**said, **attributes})


def test_campaign_and_its_messages() -> None:
    definition = {"channel": "email", "label": "Main", "content": {"subject": "Hello \u00e9"}}
    messages = [
        resource(
            "campaign-message", "M1", ("campaign", to("campaign", "CA")), definition=definition
        ),
        resource(
            "campaign-message",
            "M2",
            ("campaign", to("campaign", "CB")),
            definition={"channel": "sms", "content": {"body": "Hi"}},
        ),
        resource("campaign-message", "M3", definition=None),
        resource("tag", "T1", name="sale"),
    ]
    sent = {"updated_at": UPDATED, "scheduled_at": CREATED, "send_time": UPDATED, "archived": True}
    page = Page([campaign("A", **sent), campaign("B"), campaign("C", status="Draft")], messages)
    rows = made.campaign_rows(page, account_id="AbC123")
    first, second, third = read(rows, "klaviyo.campaign")
    assert first == {
        "account_id": "AbC123",
        "campaign_id": "CA",
        "name": "A",
        "channel": "email",
        "status": "Sent",
        "is_archived": True,
        "created_at": CREATED,
        "updated_at": UPDATED,
        "scheduled_at": CREATED,
        "sent_at": UPDATED,
        "payload": {"name": "A", "status": "Sent", "created_at": CREATED, **sent},
    }
    assert (second["channel"], second["sent_at"], second["is_archived"]) == ("sms", None, False)
    assert (third["channel"], third["status"]) == (None, "Draft")
    assert read(rows, "klaviyo.campaign_message") == [
        {
            "account_id": "AbC123",
            "message_id": "M1",
            "campaign_id": "CA",
            "channel": "email",
            "label": "Main",
            "subject": "Hello \u00e9",
            "payload": {"definition": definition},
        },
        {
            "account_id": "AbC123",
            "message_id": "M2",
            "campaign_id": "CB",
            "channel": "sms",
            "label": None,
            "subject": None,
            "payload": {"definition": {"channel": "sms", "content": {"body": "Hi"}}},
        },
        {
            "account_id": "AbC123",
            "message_id": "M3",
            "campaign_id": None,
            "channel": None,
            "label": None,
            "subject": None,
            "payload": {"definition": None},
        },
    ]


@pytest.mark.parametrize(
    ("action_type", "channel"),
    [
        ("send-email", "email"),
        ("send-sms", "sms"),
        ("send-mobile-push", "mobile_push"),
        ("webhook", None),
        (None, None),
    ],
)
def test_flow_and_its_messages(action_type: str | None, channel: str | None) -> None:
    message = {"id": "F1", "name": "Welcome", "subject_line": "Hello"}
    definition = {
        "actions": [
            {"id": "7", "type": "time-delay", "data": {"unit": "days", "value": 2}},
            {"id": "8", "type": action_type, "data": {"message": message}},
            {"id": "9", "type": "send-email", "data": {"message": {"id": None, "name": "Draft"}}},
            {"id": "10", "type": "update-profile", "data": None},
        ]
    }
    said = {
        "name": "Welcome series",
        "status": "live",
        "archived": False,
        "trigger_type": "Added to List",
        "created": CREATED,
        "updated": UPDATED,
        "definition": definition,
    }
    rows = made.flow_rows(Page([resource("flow", "Fl1", **said)], []), account_id="AbC123")
    assert read(rows, "klaviyo.flow") == [
        {
            "account_id": "AbC123",
            "flow_id": "Fl1",
            "name": "Welcome series",
            "status": "live",
            "is_archived": False,
            "trigger_type": "Added to List",
            "created_at": CREATED,
            "updated_at": UPDATED,
            "payload": said,
        }
    ]
    assert read(rows, "klaviyo.flow_message") == [
        {
            "account_id": "AbC123",
            "message_id": "F1",
            "flow_id": "Fl1",
            "action_id": "8",
            "name": "Welcome",
            "channel": channel,
            "subject": "Hello",
            "payload": message,
        }
    ]


def test_the_message_of_a_tested_step_is_found() -> None:
    message = {"id": "F2", "name": "Cart 1", "subject_line": "Hello"}
    sending = {"id": "8", "type": "send-email", "data": {"message": message}}
    test = {"id": "8", "type": "ab-test", "data": {"status": "live", "main_action": sending}}
    flow = resource("flow", "Fl1", definition={"actions": [test]})
    (row,) = read(made.flow_rows(Page([flow], []), account_id="AbC123"), "klaviyo.flow_message")
    assert (row["message_id"], row["action_id"], row["channel"]) == ("F2", "8", "email")


@pytest.mark.parametrize(
    "definition", [{}, {"definition": None}, {"definition": {"actions": None}}]
)
def test_flow_without_definition_or_name(definition: dict[str, Any]) -> None:
    rows = made.flow_rows(Page([resource("flow", "Fl1", **definition)], []), account_id="AbC123")
    (flow,) = read(rows, "klaviyo.flow")
    assert (flow["name"], flow["is_archived"], flow["status"]) == ("", False, None)
    assert read(rows, "klaviyo.flow_message") == []


def test_profile_apart_from_who_it_is() -> None:
    said = {
        "email": "ada@example.com",
        "phone_number": "+15005550006",
        "external_id": "7",
        "first_name": "Ada",
        "created": CREATED,
        "updated": UPDATED,
        "last_event_date": UPDATED,
        "location": {
            "country": "Norway",
            "region": "Oslo",
            "timezone": "Europe/Oslo",
            "city": "Oslo",
        },
        "subscriptions": {
            "email": {"marketing": {"can_receive_email_marketing": True}},
            "sms": {"marketing": {"can_receive_sms_marketing": False}},
        },
    }
    rows = made.profile_rows(Page([resource("profile", "01G", **said)], []), account_id="AbC123")
    (profile,) = read(rows, "klaviyo.profile")
    assert profile == {
        "account_id": "AbC123",
        "profile_id": "01G",
        "country": "Norway",
        "region": "Oslo",
        "timezone": "Europe/Oslo",
        "can_receive_email": True,
        "can_receive_sms": False,
        "created_at": CREATED,
        "updated_at": UPDATED,
        "last_event_at": UPDATED,
    }
    assert not {"ada@example.com", "+15005550006", "Ada", "7"} & set(profile.values())
    assert read(rows, "klaviyo.profile_personal") == [
        {
            "account_id": "AbC123",
            "profile_id": "01G",
            "email": "ada@example.com",
            "phone_number": "+15005550006",
            "external_id": "7",
            "payload": said,
        }
    ]


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"location": None, "subscriptions": None},
        {"location": {}, "subscriptions": {"email": None, "sms": {}}},
        {"subscriptions": {"email": {"marketing": None}}},
    ],
)
def test_profile_of_which_little_is_known(said: dict[str, Any]) -> None:
    rows = made.profile_rows(Page([resource("profile", "01G", **said)], []), account_id="AbC123")
    (profile,), (person,) = read(rows, "klaviyo.profile"), read(rows, "klaviyo.profile_personal")
    known = {name for name, value in {**profile, **person}.items() if value is not None}
    assert known == {"account_id", "profile_id", "payload"}


def event(properties: Any, *related: tuple[str, Any]) -> dict[str, Any]:
    said = {"timestamp": 1690387200, "datetime": "2023-07-26 16:00:00+00:00", "uuid": "u"}
    return resource("event", "3Ab", *related, **said, event_properties=properties)


def event_row(item: Mapping[str, Any], *included: dict[str, Any]) -> dict[str, Any]:
    page = Page([dict(item)], list(included))
    rows = made.event_rows(page, account_id="AbC123", currency="NOK")
    (row,) = read(rows, "klaviyo.event")
    return row


def test_event() -> None:
    properties = {
        "$value": 12.5,
        "$value_currency": "EUR",
        "$message": "M1",
        "$flow": "Fl1",
        "$variation": "V1",
        "$_cohort$message_send_cohort": "1690387200:01H6XV",
        "Items": ["a", {"b": None}],
    }
    related = [("metric", to("metric", "Mm1234")), ("profile", to("profile", "01G"))]
    item = event(properties, *related)
    assert event_row(item) == {
        "account_id": "AbC123",
        "metric_id": "Mm1234",
        "occurred_at": "2023-07-26 16:00:00+00:00",
        "event_id": "3Ab",
        "profile_id": "01G",
        "value": "12.5",
        "currency": "EUR",
        "message_ref": "M1",
        "flow_id": "Fl1",
        "variation_id": "V1",
        "sent_at": dt.datetime(2023, 7, 26, 16, tzinfo=dt.UTC),
        "is_machine_open": None,
        "is_bot_click": None,
        "attributions": None,
        "payload": item["attributes"],
    }


@pytest.mark.parametrize("properties", [None, {}])
def test_event_of_which_little_is_known(properties: Any) -> None:
    row = event_row(event(properties))
    known = {name for name, value in row.items() if value is not None}
    assert known == {"account_id", "metric_id", "occurred_at", "event_id", "payload"}
    assert row["metric_id"] == ""  # its key may not be null


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (19.99, "19.99"),
        (0.1, "0.1"),
        (1e-7, "1e-07"),
        (0, "0"),
        (-5, "-5"),
        (2**53 + 1, "9007199254740993"),
        (True, None),
        (False, None),
        ("19.99", None),
        ("", None),
        (None, None),
        ([1], None),
        ({"amount": 1}, None),
    ],
)
def test_only_a_number_is_a_value_and_only_a_value_has_a_currency(
    value: Any, stored: str | None
) -> None:
    row = event_row(event({"$value": value, "$value_currency": "EUR"}))
    assert row["value"] == stored
    assert row["currency"] == (None if stored is None else "EUR")
    assert row["payload"]["event_properties"]["$value"] == value


@pytest.mark.parametrize("named", [{}, {"$value_currency": None}, {"$value_currency": ""}])
def test_a_value_without_currency_is_in_the_accounts_own(named: dict[str, Any]) -> None:
    assert event_row(event({"$value": 1, **named}))["currency"] == "NOK"


@pytest.mark.parametrize(
    ("cohort", "sent_at"),
    [
        ("1690387200:01H6XV", dt.datetime(2023, 7, 26, 16, tzinfo=dt.UTC)),
        ("1690387200", dt.datetime(2023, 7, 26, 16, tzinfo=dt.UTC)),
        (1690387200, dt.datetime(2023, 7, 26, 16, tzinfo=dt.UTC)),
        ("", None),
        (None, None),
        (":01H6XV", None),
        ("soon:01H6XV", None),
        ("-5:01H6XV", None),
    ],
)
def test_the_send_is_read_from_the_cohort(cohort: Any, sent_at: dt.datetime | None) -> None:
    assert event_row(event({"$_cohort$message_send_cohort": cohort}))["sent_at"] == sent_at


@pytest.mark.parametrize(
    ("properties", "machine", "bot"),
    [
        ({"Apple Privacy Open": "true"}, True, None),
        ({"Apple Privacy Open": "false"}, False, None),
        ({"Apple Privacy Open": False, "machine_open": True}, True, None),
        ({"machine_open": None}, False, None),
        ({"Bot Click": True}, None, True),
        ({"Bot Click": "false"}, None, False),
        ({}, None, None),
    ],
)
def test_machines_and_bots_are_known_by_either_spelling(
    properties: dict[str, Any], machine: bool | None, bot: bool | None
) -> None:
    row = event_row(event(properties))
    assert (row["is_machine_open"], row["is_bot_click"]) == (machine, bot)


def attribution(name: str, **related: str) -> dict[str, Any]:
    """Without attributes, as Klaviyo sends them."""
    relationships = {
        kind.replace("_", "-"): {"data": to(kind, other)} for kind, other in related.items()
    }
    return {"type": "attribution", "id": name, "relationships": relationships}


def test_attributions_come_in_the_order_of_the_event() -> None:
    by_flow = attribution("a1", attributed_event="4Cd", flow="Fl1", flow_message="F1")
    by_campaign = attribution("a2", attributed_event="5Ef", campaign="C1", campaign_message="M1")
    of_another = attribution("a3", flow="Fl2", flow_message_variation="V2")
    given = [to("attribution", "a2"), to("attribution", "a1")]
    row = event_row(event({}, ("attributions", given)), by_flow, by_campaign, of_another)
    nothing = {
        "attributed_event_id": None,
        "campaign_id": None,
        "campaign_message_id": None,
        "flow_id": None,
        "flow_message_id": None,
        "variation_id": None,
    }
    first = {"attributed_event_id": "5Ef", "campaign_id": "C1", "campaign_message_id": "M1"}
    second = {"attributed_event_id": "4Cd", "flow_id": "Fl1", "flow_message_id": "F1"}
    assert row["attributions"] == [
        {"attribution_id": "a2", **nothing, **first},
        {"attribution_id": "a1", **nothing, **second},
    ]
    one = event_row(event({}, ("attributions", [to("attribution", "a3")])), of_another)
    assert one["attributions"] == [
        {"attribution_id": "a3", **nothing, "flow_id": "Fl2", "variation_id": "V2"}
    ]


@pytest.mark.parametrize("given", [None, [], [to("attribution", "not-included")]])
def test_no_attribution_is_null(given: Any) -> None:
    assert event_row(event({}, ("attributions", given)))["attributions"] is None


def test_nul_characters_are_replaced_wherever_they_stand() -> None:
    sent = {"a\x00b": ["\x00", {"c": "d\x00"}], "e": "\\u0000", "f": 1}
    kept = {"a\ufffdb": ["\ufffd", {"c": "d\ufffd"}], "e": "\\u0000", "f": 1}
    assert event_row(event(sent))["payload"]["event_properties"] == kept


def test_every_table_is_written_with_its_key_first() -> None:
    for name, table in TABLES.items():
        assert table.name == name
        assert table.columns[: len(table.key)] == table.key
        assert table.key[0] == "account_id"
        assert len(set(table.columns)) == len(table.columns)
