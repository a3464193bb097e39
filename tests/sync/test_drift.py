"""What the API says that this code does not know is kept, recorded and told, and stops nothing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest
from conftest import unhurried_client

from workbench.db import Database
from workbench.klaviyo.known import KNOWN, Surprise, surprises
from workbench.sandbox import Limiter, SandboxServer, Shop
from workbench.sandbox.api.changed_answers import UNKNOWN_WORD

from .conftest import KEY, with_body
from .test_catalogue import CATALOGUE, edited_client, read_catalogue, rows

WORDS = {  # what the sandbox changes, by table
    ("campaign", "status"): "select status from klaviyo.campaign",
    ("campaign-message", "definition.channel"): "select channel from klaviyo.campaign_message",
    ("flow", "trigger_type"): "select trigger_type from klaviyo.flow",
    ("form", "status"): "select status from klaviyo.form",
    ("form-version", "form_type"): "select form_type from klaviyo.form_version",
    ("list", "opt_in_process"): "select opt_in_process from klaviyo.list",
    ("template", "editor_type"): "select editor_type from klaviyo.template",
}


@pytest.fixture
def sandbox(shop: Shop) -> Iterator[SandboxServer]:
    with SandboxServer(shop, key=KEY, limiter=Limiter(scale=math.inf)) as running:
        yield running


def drift(database: Database) -> dict[tuple[str, str, str], int]:
    query = "select resource, field, value, count from ops.drift"
    return {(*row[:3],): row[3] for row in rows(database, query)}


def test_row_22_unknown_words_are_kept_recorded_and_told(
    database: Database, sandbox: SandboxServer
) -> None:
    sandbox.fault("unknown-enum:share=0.5")
    summary = read_catalogue(database, unhurried_client(sandbox))
    assert not summary.failed
    assert not summary.refused
    found = drift(database)
    for (resource, field), query in WORDS.items():
        kept = Counter(word for (word,) in rows(database, query))
        assert kept[UNKNOWN_WORD] > 0, resource
        assert found[resource, field, UNKNOWN_WORD] >= kept[UNKNOWN_WORD], resource
    assert set(found) == {(*place, UNKNOWN_WORD) for place in WORDS}
    told = [note for note in summary.notes if UNKNOWN_WORD in note]
    assert len(told) == len(set(told)) == len(WORDS)


def test_row_22_a_promised_value_may_be_missing(database: Database, sandbox: SandboxServer) -> None:
    sandbox.fault("nulls:share=0.5")
    summary = read_catalogue(database, unhurried_client(sandbox))
    assert not summary.failed
    found = drift(database)
    assert {place[2] for place in found} == {"null"}
    missing = {resource: field for resource, field, _ in found}
    assert missing == {
        "campaign": "name",
        "campaign-message": "definition",
        "form": "name",
        "form-version": "variation_name",
        "segment": "is_active",
        "tag": "name",
        "tag-group": "name",
        "template": "html",
    }
    lacking = "select count(*) from klaviyo.template where payload ->> 'html' is null"
    assert rows(database, lacking) == [(found["template", "html", "null"],)]


def test_row_22_the_same_word_is_one_row_however_often_it_comes(
    embedded_database: Database, sandbox: SandboxServer
) -> None:
    sandbox.fault("unknown-enum:share=1,path=/api/forms")
    place = ("form", "status", UNKNOWN_WORD)
    first = read_catalogue(embedded_database, unhurried_client(sandbox), "forms")
    once = drift(embedded_database)
    sandbox.advance(days=1)
    last = read_catalogue(embedded_database, unhurried_client(sandbox), "forms")
    assert drift(embedded_database) == {place: 2 * once[place]}
    query = "select first_seen_at, last_seen_at from ops.drift"
    assert rows(embedded_database, query) == [(first.as_of, last.as_of)]
    assert (
        first.notes == last.notes == [f"form: status '{UNKNOWN_WORD}' is not known; kept as it is"]
    )


def test_row_22_new_attributes_are_kept_and_nothing_of_a_person_is_repeated(
    database: Database, sandbox: SandboxServer
) -> None:
    def edit(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        body = orjson.loads(response.content)
        for item in body["data"]:
            if item["type"] == "list":
                item["attributes"] |= {"owner": "ada@example.com", "ada@example.com": 1}
                item["attributes"]["opt_in_process"] = "ada@example.com"
        return with_body(response, body)

    read_catalogue(database, edited_client(sandbox, edit), "lists")
    assert set(drift(database)) == {
        ("list", "attributes", "owner"),
        ("list", "attributes", "(no plain word)"),
        ("list", "opt_in_process", "(no plain word)"),
    }
    kept = rows(database, "select distinct payload ->> 'owner' from klaviyo.list")
    assert kept == [("ada@example.com",)]


def test_row_22_long_streams_are_watched_too(
    embedded_database: Database, sandbox: SandboxServer
) -> None:
    def edit(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        body = orjson.loads(response.content)
        for item in body["data"] if isinstance(body["data"], list) else ():
            if item["type"] in {"event", "profile"}:
                item["attributes"]["shade"] = "blue"
        return with_body(response, body)

    client = edited_client(sandbox, edit)
    summary = read_catalogue(embedded_database, client, "profiles", "events")
    assert not summary.failed
    assert set(drift(embedded_database)) == {
        ("event", "attributes", "shade"),
        ("profile", "attributes", "shade"),
    }
    assert rows(
        embedded_database,
        "select count(*) from klaviyo.event where payload ->> 'shade' is distinct from 'blue'",
    ) == [(0,)]


def test_the_sandbox_says_nothing_unknown(
    embedded_database: Database, sandbox: SandboxServer
) -> None:
    read_catalogue(embedded_database, unhurried_client(sandbox), *CATALOGUE, "profiles")
    assert drift(embedded_database) == {}


@pytest.mark.parametrize(
    ("item", "found"),
    [
        ({"type": "campaign", "attributes": {"status": "Sent"}}, []),
        ({"type": "campaign", "attributes": {}}, []),
        ({"type": "campaign", "attributes": None}, []),
        ({"type": "campaign"}, []),
        ({"type": "tag", "attributes": {"name": None}}, [("tag", "name", "null")]),
        ({"type": "robot"}, [("(any)", "type", "robot")]),
        ({"type": "list", "attributes": {"name": None, "opt_in_process": None}}, []),
        ({"type": "flow", "attributes": {"definition": None}}, []),
        ({"type": "flow", "attributes": {"definition": {"actions": None}}}, []),
        ({"type": "flow", "attributes": {"definition": {"actions": [None, 3, {}]}}}, []),
        (
            {"type": "flow", "attributes": {"definition": {"actions": [{"type": "fly"}]}}},
            [("flow", "definition.actions[].type", "fly")],
        ),
        (
            {"type": "campaign", "attributes": {"send_strategy": {"method": ["static"]}}},
            [("campaign", "send_strategy.method", "(no plain word)")],
        ),
        (
            {"type": "campaign", "attributes": {"status": "x" * 61}},
            [("campaign", "status", "(no plain word)")],
        ),
    ],
)
def test_surprises(item: dict[str, Any], found: list[tuple[str, str, str]]) -> None:
    assert list(surprises(item)) == [Surprise(*each) for each in found]


def test_what_is_promised_is_known() -> None:
    for kind in KNOWN.values():
        assert kind.promised <= kind.attributes
        for path in kind.words:
            assert path.split(".")[0].removesuffix("[]") in kind.attributes
