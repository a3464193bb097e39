"""Rows made of resources as Klaviyo sends them, column by column."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from workbench.klaviyo import Page, accounts, campaigns, flows, forms, groups, profiles
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
    assert read(accounts.account_rows(page, is_simulated=True), "klaviyo.account") == [
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
    (row,) = read(accounts.account_rows(page, is_simulated=False), "klaviyo.account")
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
    assert read(accounts.metric_rows(page, account_id="AbC123"), "klaviyo.metric") == [
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
    (row,) = read(accounts.mapped_metric_rows(page, account_id="AbC123"), "klaviyo.mapped_metric")
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
    (row,) = read(accounts.mapped_metric_rows(page, account_id="AbC123"), "klaviyo.mapped_metric")
    assert (row["metric_id"], row["custom_metric_id"], row["updated_at"]) == (None, None, None)


def campaign(name: str, **attributes: Any) -> dict[str, Any]:
    said = {"name": name, "status": "Sent", "archived": False, "created_at": CREATED}
    return resource("campaign", f"C{name}", **{**said, **attributes})


def test_campaign_and_its_messages() -> None:
    definition = {"channel": "email", "label": "Main", "content": {"subject": "Hello \u00e9"}}
    messages = [
        resource(
            "campaign-message",
            "M1",
            ("campaign", to("campaign", "CA")),
            ("template", to("template", "T9")),
            definition=definition,
            created_at=CREATED,
            updated_at=UPDATED,
        ),
        resource(
            "campaign-message",
            "M2",
            ("campaign", to("campaign", "CB")),
            definition={"channel": "sms", "content": {"body": "Hi"}},
        ),
        resource("campaign-message", "M3", definition=None),
        resource("campaign-message", "M4", ("campaign", to("campaign", "of another page"))),
        resource("tag", "T1", name="sale"),
    ]
    sent = {"updated_at": UPDATED, "scheduled_at": CREATED, "send_time": UPDATED, "archived": True}
    planned = {
        "audiences": {"included": ["L2", "L1"], "excluded": []},
        "send_strategy": {"method": "throttled"},
    }
    tagged = campaign("A", **sent, **planned)
    tagged["relationships"]["tags"] = {"data": [to("tag", "T2"), to("tag", "T1")]}
    drafted = campaign("C", status="Draft")
    drafted["relationships"]["campaign-messages"] = {"data": [to("campaign-message", "M3")]}
    page = Page([tagged, campaign("B"), drafted], messages)
    rows = campaigns.campaign_rows(page, account_id="AbC123")
    first, second, third = read(rows, "klaviyo.campaign")
    assert first == {
        "account_id": "AbC123",
        "campaign_id": "CA",
        "name": "A",
        "channel": "email",
        "status": "Sent",
        "is_archived": True,
        "included_ids": ["L1", "L2"],
        "excluded_ids": [],
        "send_strategy": "throttled",
        "tag_ids": ["T1", "T2"],
        "created_at": CREATED,
        "updated_at": UPDATED,
        "scheduled_at": CREATED,
        "sent_at": UPDATED,
        "payload": {"name": "A", "status": "Sent", "created_at": CREATED, **sent, **planned},
    }
    assert (second["included_ids"], second["send_strategy"], second["tag_ids"]) == (None,) * 3
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
            "template_id": "T9",
            "created_at": CREATED,
            "updated_at": UPDATED,
            "payload": {"definition": definition, "created_at": CREATED, "updated_at": UPDATED},
        },
        {
            "account_id": "AbC123",
            "message_id": "M2",
            "campaign_id": "CB",
            "channel": "sms",
            "label": None,
            "subject": None,
            "template_id": None,
            "created_at": None,
            "updated_at": None,
            "payload": {"definition": {"channel": "sms", "content": {"body": "Hi"}}},
        },
        {
            "account_id": "AbC123",
            "message_id": "M3",
            "campaign_id": "CC",
            "channel": None,
            "label": None,
            "subject": None,
            "template_id": None,
            "created_at": None,
            "updated_at": None,
            "payload": {"definition": None},
        },
    ]


def flow_parts(definition: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Steps and messages of a flow with this definition."""
    page = Page([resource("flow", "Fl1", definition=definition)], [])
    rows = flows.definition_rows(page, account_id="AbC123")
    return read(rows, "klaviyo.flow_action"), read(rows, "klaviyo.flow_message")


def test_flow() -> None:
    said = {
        "name": "Welcome series",
        "status": "live",
        "archived": False,
        "trigger_type": "Added to List",
        "created": CREATED,
        "updated": UPDATED,
    }
    item = resource("flow", "Fl1", ("tags", [to("tag", "T2"), to("tag", "T1")]), **said)
    rows = flows.flow_rows(Page([item], []), account_id="AbC123")
    assert read(rows, "klaviyo.flow") == [
        {
            "account_id": "AbC123",
            "flow_id": "Fl1",
            "name": "Welcome series",
            "status": "live",
            "is_archived": False,
            "trigger_type": "Added to List",
            "tag_ids": ["T1", "T2"],
            "created_at": CREATED,
            "updated_at": UPDATED,
            "payload": said,
        }
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
def test_the_steps_and_messages_of_a_flow(action_type: str | None, channel: str | None) -> None:
    message = {
        "id": "F1",
        "name": "Welcome",
        "subject_line": "Hello",
        "template_id": "T9",
        "transactional": False,
    }
    links = {"next_if_true": "10", "next_if_false": None}
    sending = {"id": "8", "type": action_type, "data": {"message": message, "status": "live"}}
    steps = [
        {"id": "7", "type": "conditional-split", "links": links, "data": {}},
        sending,
        {"id": "9", "type": "send-email", "data": {"message": {"id": None, "name": "Draft"}}},
        {"id": "10", "type": "update-profile", "data": None},
        {"type": "time-delay"},
    ]
    actions, messages = flow_parts({"actions": steps})
    assert [row["action_id"] for row in actions] == ["7", "8", "9", "10"]
    assert [row["position"] for row in actions] == [0, 1, 2, 3]
    assert [row["next_ids"] for row in actions] == [["10"], [], [], []]
    assert actions[1] == {
        "account_id": "AbC123",
        "flow_id": "Fl1",
        "action_id": "8",
        "position": 1,
        "action_type": action_type,
        "status": "live",
        "message_id": "F1",
        "next_ids": [],
        "payload": sending,
    }
    assert messages == [
        {
            "account_id": "AbC123",
            "message_id": "F1",
            "flow_id": "Fl1",
            "action_id": "8",
            "name": "Welcome",
            "channel": channel,
            "subject": "Hello",
            "template_id": "T9",
            "is_transactional": False,
            "payload": message,
        }
    ]


def test_the_message_of_a_tested_step_is_found() -> None:
    message = {"id": "F2", "name": "Cart 1", "subject_line": "Hello"}
    sending = {"id": "8", "type": "send-email", "data": {"message": message}}
    test = {"id": "8", "type": "ab-test", "data": {"status": "live", "main_action": sending}}
    (action,), (row,) = flow_parts({"actions": [test]})
    assert (row["message_id"], row["action_id"], row["channel"]) == ("F2", "8", "email")
    assert (action["message_id"], action["action_type"]) == ("F2", "ab-test")


@pytest.mark.parametrize("definition", [None, {}, {"actions": None}])
def test_flow_without_definition_or_name(definition: Any) -> None:
    assert flow_parts(definition) == ([], [])
    rows = flows.flow_rows(Page([resource("flow", "Fl1")], []), account_id="AbC123")
    (flow,) = read(rows, "klaviyo.flow")
    assert (flow["name"], flow["is_archived"], flow["status"]) == ("", False, None)


def test_a_digest_knows_content_from_order() -> None:
    definition = {"actions": [{"id": "1"}, {"id": "2"}], "triggers": []}
    again = {"triggers": [], "actions": [{"id": "1"}, {"id": "2"}]}
    other = {"triggers": [], "actions": [{"id": "2"}, {"id": "1"}]}
    assert flows.digest(definition) == flows.digest(again) != flows.digest(other)


def test_lists_segments_tags_and_templates() -> None:
    dates = {"created": CREATED, "updated": UPDATED}
    tags = ("tags", [to("tag", "T1")])
    page = Page([resource("list", "L1", tags, name="All", opt_in_process="single", **dates)], [])
    (found,) = read(groups.list_rows(page, account_id="A"), "klaviyo.list")
    kept = {"created_at": CREATED, "updated_at": UPDATED}
    said = {"name": "All", "opt_in_process": "single", **dates}
    assert found == {
        "account_id": "A",
        "list_id": "L1",
        "name": "All",
        "opt_in_process": "single",
        "tag_ids": ["T1"],
        "payload": said,
        **kept,
    }
    unsaid = {"name": None, "is_active": None, "is_processing": True, "definition": {"a": [1]}}
    page = Page([resource("segment", "S1", **unsaid, **dates)], [])
    (found,) = read(groups.segment_rows(page, account_id="A"), "klaviyo.segment")
    assert (found["name"], found["is_active"], found["is_processing"]) == ("", None, True)
    assert (found["tag_ids"], found["payload"]["definition"]) == (None, {"a": [1]})
    page = Page([resource("tag", "T1", ("tag-group", to("tag-group", "G1")), name="sale")], [])
    (found,) = read(groups.tag_rows(page, account_id="A"), "klaviyo.tag")
    assert (found["name"], found["tag_group_id"]) == ("sale", "G1")
    page = Page([resource("tag-group", "G1", name="Season", exclusive=True, default=False)], [])
    (found,) = read(groups.tag_group_rows(page, account_id="A"), "klaviyo.tag_group")
    assert (found["is_exclusive"], found["is_default"]) == (True, False)
    page = Page([resource("template", "T9", name="Hi", html="<p>", **dates)], [])
    (found,) = read(campaigns.template_rows(page, account_id="A"), "klaviyo.template")
    assert (found["name"], found["editor_type"], found["payload"]["html"]) == ("Hi", None, "<p>")


def test_forms_and_their_versions() -> None:
    dates = {"created_at": CREATED, "updated_at": UPDATED}
    page = Page([resource("form", "Fo1", name="Pop", status="live", ab_test=True, **dates)], [])
    (form,) = read(forms.form_rows(page, account_id="A"), "klaviyo.form")
    assert (form["name"], form["status"], form["is_ab_test"]) == ("Pop", "live", True)
    version = resource(
        "form-version", "7", ("form", to("form", "Fo1")), form_type="popup", variation_name="B"
    )
    rows = forms.form_version_rows(Page([version], []), account_id="A")
    (found,) = read(rows, "klaviyo.form_version")
    assert (found["form_id"], found["form_type"], found["variation_name"]) == ("Fo1", "popup", "B")


def test_custom_metrics_and_estimates() -> None:
    said = {"name": "Large", "definition": {"aggregation_method": "count"}, "created": CREATED}
    metrics = ("metrics", [to("metric", "M2"), to("metric", "M1")])
    page = Page([resource("custom-metric", "c1", metrics, **said)], [])
    (found,) = read(accounts.custom_metric_rows(page, account_id="A"), "klaviyo.custom_metric")
    assert (found["aggregation_method"], found["metric_ids"]) == ("count", ["M1", "M2"])
    estimated = {"estimated_recipient_count": 12}
    page = Page([resource("campaign-recipient-estimation", "C1", **estimated)], [])
    (found,) = read(campaigns.estimate_rows(page, account_id="A"), "klaviyo.campaign_estimate")
    assert (found["campaign_id"], found["recipients"]) == ("C1", 12)


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
    rows = profiles.profile_rows(
        Page([resource("profile", "01G", **said)], []), account_id="AbC123"
    )
    (profile,) = read(rows, "klaviyo.profile")
    known = {name: value for name, value in profile.items() if value is not None}
    assert known == {
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
        "is_redacted": False,
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
    rows = profiles.profile_rows(
        Page([resource("profile", "01G", **said)], []), account_id="AbC123"
    )
    (profile,), (person,) = read(rows, "klaviyo.profile"), read(rows, "klaviyo.profile_personal")
    known = {name for name, value in {**profile, **person}.items() if value is not None}
    assert known == {"account_id", "profile_id", "payload", "is_redacted"}


def test_every_table_is_written_with_its_key_first() -> None:
    for name, table in TABLES.items():
        assert table.name == name
        assert table.columns[: len(table.key)] == table.key
        assert table.key[0] == "account_id"
        assert len(set(table.columns)) == len(table.columns)
