"""Events as Klaviyo sends them, as lines of a COPY: column by column, exact, each for itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.klaviyo.event_fields import NULL, SEPARATOR
from workbench.klaviyo.events import EVENT_COLUMNS, EventPage, event_page
from workbench.klaviyo.times import instant

from .test_records import resource, to

AT = "2023-07-26 16:00:00+00:00"
ITS_TIME = dt.datetime(2023, 7, 26, 16, tzinfo=dt.UTC)


def event(properties: Any, *related: tuple[str, Any], name: str = "3Ab", **said: Any) -> Any:
    told = {"timestamp": 1690387200, "datetime": AT, "uuid": "u", **said}
    return resource("event", name, *related, **told, event_properties=properties)


def page_of(*items: Any, included: tuple[Any, ...] = ()) -> EventPage:
    body = {"data": items, "included": included, "links": {"self": "x", "next": None}}
    return event_page(orjson.dumps(body), account_id="AbC123", currency="NOK")


def row_of(page: EventPage, place: int = 0) -> dict[str, Any]:
    """A line as COPY would read it, its JSON parsed."""
    fields = page.lines[place].decode().split(SEPARATOR)
    row: dict[str, Any] = {
        name: None if field == NULL else unescaped(field)
        for name, field in zip(EVENT_COLUMNS, fields, strict=True)
    }
    for name in ("payload", "attributions"):
        row[name] = row[name] and orjson.loads(row[name])
    return row


def unescaped(field: str) -> str:
    """As PostgreSQL reads a field of COPY."""
    found, rest = "", field
    while rest:
        head, mark, rest = rest.partition("\\")
        found += head + ({"n": "\n", "r": "\r"}.get(rest[0], rest[0]) if mark else "")
        rest = rest[1:] if mark else ""
    return found


def event_row(item: Mapping[str, Any], *included: Any) -> dict[str, Any]:
    page = page_of(item, included=included)
    assert (len(page), page.unreadable) == (1, [])
    return row_of(page)


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
        "occurred_at": AT,
        "event_id": "3Ab",
        "profile_id": "01G",
        "value": "12.5",
        "currency": "EUR",
        "is_currency_assumed": "f",
        "message_ref": "M1",
        "flow_id": "Fl1",
        "variation_id": "V1",
        "sent_at": AT,
        "is_machine_open": None,
        "is_bot_click": None,
        "attributions": None,
        "payload": item["attributes"],
    }


@pytest.mark.parametrize("properties", [None, {}, [], "nothing"])
def test_event_of_which_little_is_known(properties: Any) -> None:
    row = event_row(event(properties))
    known = {name for name, value in row.items() if value is not None}
    assert known == {"account_id", "metric_id", "occurred_at", "event_id", "payload"}
    assert row["metric_id"] == ""  # its key may not be null
    assert row["payload"]["event_properties"] == properties


def test_what_is_apart_is_the_same_as_in_the_lines() -> None:
    related = [("metric", to("metric", "Mm1234"))]
    page = page_of(
        event({"$message": "M1"}, *related), event({}, name="4Cd", datetime="2023-01-02")
    )
    assert page.ids == ["3Ab", "4Cd"]
    assert page.metrics == ["Mm1234", ""]
    assert page.refs == ["M1", NULL]
    assert page.hours == ["2023-07-26 16", "2023-01-02 00"]
    assert page.times == [ITS_TIME, dt.datetime(2023, 1, 2, tzinfo=dt.UTC)]
    assert page.following is None


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("19.99", "19.99"),
        ("0.1", "0.1"),
        ("1e2", "1e2"),
        ("1E-7", "1E-7"),
        ("0.10", "0.10"),
        ("12345678901234.56", "12345678901234.56"),
        ("0.12345678901234567890123", "0.12345678901234567890123"),
        ("9007199254740993", "9007199254740993"),
        ("0", "0"),
        ("-5", "-5"),
        ("true", None),
        ("false", None),
        ('"19.99"', None),
        ('""', None),
        ("null", None),
        ("[1]", None),
        ('{"amount":1}', None),
    ],
)
@pytest.mark.parametrize("message", ['"M1"', "17"])
def test_row_15_a_value_is_the_very_number_sent(
    written: str, stored: str | None, message: str
) -> None:
    """Also in an event that is read the long way, because its message is a number."""
    text = (
        '{"data":[{"type":"event","id":"3Ab","attributes":{"datetime":"2023-07-26T16:00:00Z",'
        f'"event_properties":{{"$value":{written},"$value_currency":"EUR","$message":{message}}}}}'
        "}]}"
    )
    page = event_page(text.encode(), account_id="AbC123", currency="NOK")
    row = row_of(page)
    assert row["value"] == stored
    assert row["currency"] == (None if stored is None else "EUR")
    assert row["is_currency_assumed"] == (None if stored is None else "f")
    assert f'"$value":{written}' in page.lines[0].decode().split(SEPARATOR)[-1]


@pytest.mark.parametrize("named", [{}, {"$value_currency": None}, {"$value_currency": ""}])
def test_row_15_a_currency_that_is_assumed_is_marked(named: dict[str, Any]) -> None:
    row = event_row(event({"$value": 1, **named}))
    assert (row["currency"], row["is_currency_assumed"]) == ("NOK", "t")


@pytest.mark.parametrize(
    ("cohort", "sent_at"),
    [
        ("1690387200:01H6XV", AT),
        ("1690387200", AT),
        (1690387200, AT),
        ("", None),
        (None, None),
        (":01H6XV", None),
        ("soon:01H6XV", None),
        ("-5:01H6XV", None),
        ("99999999999999999999:01H6XV", None),
        (["1690387200"], None),
    ],
)
def test_the_send_is_read_from_the_cohort(cohort: Any, sent_at: str | None) -> None:
    assert event_row(event({"$_cohort$message_send_cohort": cohort}))["sent_at"] == sent_at


@pytest.mark.parametrize(
    ("properties", "machine", "bot"),
    [
        ({"Apple Privacy Open": "true"}, "t", None),
        ({"Apple Privacy Open": True}, "t", None),
        ({"Apple Privacy Open": "false"}, "f", None),
        ({"Apple Privacy Open": False, "machine_open": True}, "t", None),
        ({"machine_open": None}, "f", None),
        ({"machine_open": {"by": "proxy"}}, "f", None),
        ({"Bot Click": True}, None, "t"),
        ({"Bot Click": "false"}, None, "f"),
        ({}, None, None),
    ],
)
def test_row_14_machines_and_bots_are_marked_whichever_way_they_are_told(
    properties: dict[str, Any], machine: str | None, bot: str | None
) -> None:
    row = event_row(event(properties))
    assert (row["is_machine_open"], row["is_bot_click"]) == (machine, bot)


def attribution(name: str, **related: str) -> dict[str, Any]:
    """Without attributes, as Klaviyo sends them."""
    relationships = {
        kind.replace("_", "-"): {"data": to(kind, other)} for kind, other in related.items()
    }
    return {"type": "attribution", "id": name, "relationships": relationships}


NO_CREDIT = {
    "attributed_event_id": None,
    "campaign_id": None,
    "campaign_message_id": None,
    "flow_id": None,
    "flow_message_id": None,
    "variation_id": None,
}


def test_attributions_come_in_the_order_of_the_event() -> None:
    by_flow = attribution("a1", attributed_event="4Cd", flow="Fl1", flow_message="F1")
    by_campaign = attribution("a2", attributed_event="5Ef", campaign="C1", campaign_message="M1")
    of_another = attribution("a3", flow="Fl2", flow_message_variation="V2")
    given = [to("attribution", "a2"), to("attribution", "a1")]
    row = event_row(event({}, ("attributions", given)), by_flow, by_campaign, of_another)
    first = {"attributed_event_id": "5Ef", "campaign_id": "C1", "campaign_message_id": "M1"}
    second = {"attributed_event_id": "4Cd", "flow_id": "Fl1", "flow_message_id": "F1"}
    assert row["attributions"] == [
        {"attribution_id": "a2", **NO_CREDIT, **first},
        {"attribution_id": "a1", **NO_CREDIT, **second},
    ]
    one = event_row(event({}, ("attributions", [to("attribution", "a3")])), of_another)
    assert one["attributions"] == [
        {"attribution_id": "a3", **NO_CREDIT, "flow_id": "Fl2", "variation_id": "V2"}
    ]


@pytest.mark.parametrize("given", [None, [], [to("attribution", "not-included")]])
def test_no_attribution_is_null(given: Any) -> None:
    assert event_row(event({}, ("attributions", given)))["attributions"] is None


@pytest.mark.parametrize(
    ("told", "credit"),
    [
        (
            {"$attributed_event_id": "4Cd", "$message": "F1", "$flow": "Fl1", "$variation": "V1"},
            {
                "attributed_event_id": "4Cd",
                "flow_id": "Fl1",
                "flow_message_id": "F1",
                "variation_id": "V1",
            },
        ),
        (
            {"$attributed_event_id": "4Cd", "$message": "C1"},
            {"attributed_event_id": "4Cd", "campaign_id": "C1"},
        ),
    ],
)
def test_row_13_attribution_among_the_properties_is_taken_where_there_is_no_other(
    told: dict[str, Any], credit: dict[str, str]
) -> None:
    properties = {"$attribution": told}
    row = event_row(event(properties))
    assert row["attributions"] == [{"attribution_id": None, **NO_CREDIT, **credit}]
    related = ("attributions", [to("attribution", "a1")])
    other = event_row(event(properties, related), attribution("a1", campaign="C2"))
    assert other["attributions"] == [{"attribution_id": "a1", **NO_CREDIT, "campaign_id": "C2"}]


@pytest.mark.parametrize("told", [None, {}, [], "C1"])
def test_attribution_that_says_nothing_is_none(told: Any) -> None:
    assert event_row(event({"$attribution": told}))["attributions"] is None


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2023-07-26T16:00:00+00:00", ITS_TIME),
        ("2023-07-26 16:00:00+00:00", ITS_TIME),
        ("2023-07-26T16:00:00Z", ITS_TIME),
        ("2023-07-26 16:00:00Z", ITS_TIME),
        ("2023-07-26T16:00:00+0000", ITS_TIME),
        ("2023-07-26 16:00:00+00", ITS_TIME),
        ("2023-07-26T16:00:00", ITS_TIME),
        ("2023-07-26 16:00:00", ITS_TIME),
        ("2023-07-26T18:00:00+02:00", ITS_TIME),
        ("2023-07-26T21:45:00+0545", ITS_TIME),
        ("2023-07-26T12:00:00-04:00", ITS_TIME),
        ("2023-07-26T16:00:00.5+00:00", ITS_TIME + dt.timedelta(seconds=0.5)),
        ("2023-07-26 16:00:00.123456Z", ITS_TIME + dt.timedelta(microseconds=123456)),
        ("2023-07-26T16:00:00.123456789+00:00", ITS_TIME + dt.timedelta(microseconds=123456)),
        ("2023-07-26", ITS_TIME.replace(hour=0)),
    ],
)
def test_row_24_a_time_is_the_same_instant_in_every_spelling(text: str, at: dt.datetime) -> None:
    assert instant(text) == at
    page = page_of(event({}, datetime=text))
    assert page.times == [at]
    assert page.hours == [f"{at:%Y-%m-%d} {at:%H}"] or page.hours == [f"{at:%Y-%m-%d}T{at:%H}"]
    assert instant(row_of(page)["occurred_at"]) == at
    assert row_of(page)["payload"]["datetime"] == text


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2023-02-30 00:00:00+00:00", "2023-07-26 25:00:00", "0001-01-01T00:00:00+14:00"],
)
def test_a_text_that_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        instant(text)


def test_the_timestamp_stands_in_for_a_datetime_that_is_null() -> None:
    row = event_row(event({}, datetime=None))
    assert instant(row["occurred_at"]) == ITS_TIME


BAD = [
    ({"type": "event", "attributes": {"datetime": AT}}, "", "no id"),
    (event({}, name=""), "", "no id"),
    ({**event({}), "id": 17}, "", "no id"),
    ({**event({}), "attributes": None}, "3Ab", "no attributes"),
    (event({}, datetime=None, timestamp=None), "3Ab", "no datetime"),
    (event({}, datetime=None, timestamp=10**18), "3Ab", "no datetime"),
    (event({}, datetime="2023-02-30 00:00:00+00:00"), "3Ab", "impossible datetime"),
    ("no event", "", "no object"),
    (None, "", "no object"),
]


@pytest.mark.parametrize(("bad", "item_id", "reason"), BAD)
def test_an_event_that_cannot_be_read_costs_nobody_else_its_row(
    bad: Any, item_id: str, reason: str
) -> None:
    related = [("metric", to("metric", "Mm1234")), ("profile", to("profile", "01G"))]
    good = [event({"$value": 1, "$message": "M1"}, *related, name=name) for name in ("1", "2")]
    page = page_of(good[0], bad, good[1])
    (found,) = page.unreadable
    assert (found.item_id, found.reason) == (item_id, reason)
    assert orjson.loads(found.payload) == bad
    assert page.lines == page_of(*good).lines


def test_a_page_that_is_broken_is_no_page() -> None:
    for content in (
        b"",
        b"<html>",
        b'{"data":[{"id":"3Ab","attributes":{"datetime":',
        b"[]",
        b"{}",
    ):
        with pytest.raises(ValueError, match=r"."):
            event_page(content, account_id="AbC123", currency="NOK")


def test_row_22_types_that_are_not_as_agreed_are_tolerated() -> None:
    properties = {
        "$message": 17,
        "$flow": {"id": "Fl1"},
        "$variation": None,
        "$value_currency": ["EUR"],
        "$value": 3,
    }
    item = event(properties, ("metric", None), ("profile", [to("profile", "01G")]))
    row = event_row(item)
    assert (row["message_ref"], row["flow_id"], row["variation_id"]) == ("17", None, None)
    assert (row["metric_id"], row["profile_id"]) == ("", None)
    assert (row["value"], row["currency"], row["is_currency_assumed"]) == ("3", "NOK", "t")
    assert row["payload"] == item["attributes"]


def test_nul_characters_and_halves_of_pairs_are_replaced_wherever_they_stand() -> None:
    sent = {"a\x00b": ["\x00", {"c": "d\x00"}], "e": "\\u0000", "f": 1}
    kept = {"a\ufffdb": ["\ufffd", {"c": "d\ufffd"}], "e": "\\u0000", "f": 1}
    assert event_row(event(sent))["payload"]["event_properties"] == kept
    text = orjson.dumps({"data": [event({"Name": "HALF"}), event({"Name": "PAIR"}, name="4")]})
    text = text.replace(b"HALF", rb"cut \ud83d").replace(b"PAIR", rb"\uD83D\uDE00")
    page = event_page(text, account_id="AbC123", currency="NOK")
    names = [row_of(page, n)["payload"]["event_properties"]["Name"] for n in (0, 1)]
    assert names == ["cut \ufffd", "\U0001f600"]


_TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


@given(said=st.dictionaries(_TEXT, st.one_of(_TEXT, st.integers(-9, 9), st.none()), max_size=4))
def test_any_payload_comes_back_as_it_was_sent(said: dict[str, Any]) -> None:
    item = event({**said, "$message": "a\\b\nc\r\td"})
    row = event_row(item)
    assert row["payload"] == item["attributes"]
    assert row["message_ref"] == "a\\b\nc\r\td"


def test_an_event_that_stands_twice_is_kept_where_it_was_received_last() -> None:
    page = page_of(event({"n": 1}), event({}, name="4"), event({"n": 2}))
    once = page.only_last()
    assert once.ids == ["4", "3Ab"]
    assert row_of(once, 1)["payload"]["event_properties"] == {"n": 2}
    assert once.only_last() is once
