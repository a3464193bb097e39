"""The dictionary: everything is documented, and the page in docs/ says what the database says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conftest import REPOSITORY

from workbench.db import Column, Database, Relation, dictionary_text, read_dictionary
from workbench.settings import Settings

PAGE = REPOSITORY / "docs" / "data-dictionary.md"
LONGEST = 300  # what does not fit into a line or two belongs into a page of its own


def execute(database: Database, *texts: str) -> None:
    with database.connection() as connection:
        for text in texts:
            connection.execute(text)


def found(database: Database, name: str) -> Relation:
    return {each.name: each for each in read_dictionary(database)}[name]


def column(relation: Relation, name: str) -> Column:
    return {each.name: each for each in relation.columns}[name]


def test_every_table_and_view_says_what_one_row_is(database: Database) -> None:
    relations = read_dictionary(database)
    assert {each.name.partition(".")[0] for each in relations} == {
        "klaviyo",
        "mart",
        "model",
        "ops",
    }
    assert [each.name for each in relations if not each.grain.startswith("One row per ")] == []


def test_every_column_says_what_it_means(database: Database) -> None:
    silent = [
        f"{relation.name}.{each.name}"
        for relation in read_dictionary(database)
        for each in relation.columns
        if not each.meaning
    ]
    assert silent == [], "comment on them where their table is made, or in sql/comments"


def test_a_meaning_is_a_short_sentence(database: Database) -> None:
    told = {
        f"{relation.name}.{each.name}": each.meaning
        for relation in read_dictionary(database)
        for each in relation.columns
    }
    assert {name: text for name, text in told.items() if len(text) > LONGEST} == {}
    assert {name: text for name, text in told.items() if not re.search(r"[.)…]$", text)} == {}


def test_the_page_is_that_of_the_database(embedded_database: Database) -> None:
    assert PAGE.read_text(encoding="utf-8") == dictionary_text(
        read_dictionary(embedded_database)
    ), "make it anew: workbench dictionary > docs/data-dictionary.md"


def test_a_view_means_what_the_column_means_that_it_takes(embedded_database: Database) -> None:
    execute(
        embedded_database,
        "create table mart.shelf (item text primary key, n integer, other integer)",
        "create table mart.box (n integer)",
        "create view mart.shown as select s.item, s.n, b.n + 1 as m, s.other from mart.shelf as s,"
        " mart.box as b",
        "create view mart.shown_again as select item, m from mart.shown",
        "create view mart.both as select s.n + b.n as n from mart.shelf as s, mart.box as b",
        "comment on column mart.shelf.item is 'What lies there.'",
        "comment on column mart.shelf.n is 'How many lie there.'",
        "comment on column mart.box.n is 'How many are in it.'",
        "comment on column mart.shelf.other is 'Of the shelf.'",
        "comment on column mart.shown.other is 'Its own word.'",
    )
    shown, again = found(embedded_database, "mart.shown"), found(embedded_database, "mart.both")
    assert shown.is_view
    assert column(shown, "item").meaning == "What lies there."
    assert column(shown, "m").meaning == ""
    assert column(shown, "other").meaning == "Its own word."
    assert column(again, "n").meaning == ""  # of two that differ it cannot be said
    twice = found(embedded_database, "mart.shown_again")
    assert column(twice, "item").meaning == "What lies there."


def test_keys_and_references_are_told(embedded_database: Database) -> None:
    execute(
        embedded_database,
        "create table ops.parent (b integer, a integer, primary key (a, b))",
        "create table ops.child (a integer, b integer, note text not null, twice integer generated"
        " always as (a * 2) stored, foreign key (a, b) references ops.parent, check (a > 0))",
        "comment on column ops.child.note is 'This | that.'",
    )
    parent, child = found(embedded_database, "ops.parent"), found(embedded_database, "ops.child")
    assert {each.name: each.key_place for each in parent.columns} == {"b": 2, "a": 1}
    assert {each.name: each.points_to for each in child.columns} == {
        "a": ("ops.parent",),
        "b": ("ops.parent",),
        "note": (),
        "twice": (),
    }
    text = dictionary_text([child])
    assert "| `note` | text | no | | | This \\| that. |" in text
    assert "| `twice` | integer | | | | Generated. |" in text
    assert "Always: `a > 0`" in text


def test_a_table_made_later_gets_the_sentences_that_all_share(embedded_database: Database) -> None:
    shared = (REPOSITORY / "sql/comments/shared_columns.sql").read_text(encoding="utf-8")
    execute(
        embedded_database,
        "create table klaviyo.coupon (account_id text, coupon_id text, payload jsonb)",
        "comment on column klaviyo.coupon.payload is 'Its own word.'",
        shared,
    )
    coupon = found(embedded_database, "klaviyo.coupon")
    assert column(coupon, "account_id").meaning.startswith("The account")
    assert column(coupon, "payload").meaning == "Its own word."
    assert column(coupon, "coupon_id").meaning == ""


def test_differences_of_editions_are_told(embedded_database: Database, tmp_path: Path) -> None:
    for folder, text in (("timescaledb", "-- In\n-- chunks.\nselect 1;"), ("community", "-- B.")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "0001_x.sql").write_text(text)
    text = dictionary_text([], sql_root=tmp_path)
    assert "Apache and Community edition:\n\n- In chunks.\n" in text
    assert "Community edition only:\n\n- B.\n" in text


@pytest.mark.parametrize("words", [["dictionary"], ["dictionary", "--json"]])
def test_the_command_prints_it(embedded_settings: Settings, words: list[str]) -> None:
    from test_command_line import typed

    done = typed(*words, settings=embedded_settings)
    assert done.exit_code == 0
    if "--json" in words:
        names = [relation["name"] for relation in json.loads(done.stdout)]
        assert names == sorted(names)
        assert "klaviyo.event" in names
    else:
        assert done.stdout == PAGE.read_text(encoding="utf-8")
