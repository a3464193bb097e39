"""The filter grammar, in the spellings that real clients send."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.sandbox.api.filters import (
    Condition,
    FilterError,
    FilterField,
    conditions,
    epoch_seconds,
    matching,
)

SINCE = ("greater-or-equal", "datetime")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("equals(name,'a')", [("equals", "name", "a")]),
        ('equals(name,"a")', [("equals", "name", "a")]),
        ("equals(name, 'a')", [("equals", "name", "a")]),
        (r"equals(name,'it\'s, (so)')", [("equals", "name", "it's, (so)")]),
        ("equals(archived,false)", [("equals", "archived", "false")]),
        ("equals(timestamp,12)", [("equals", "timestamp", "12")]),
        ("any(id,['a','b'])", [("any", "id", ["a", "b"])]),
        ('any(id,["a"])', [("any", "id", ["a"])]),
        ("has(profile)", [("has", "profile", None)]),
        (
            "greater-or-equal(datetime,2026-06-20T00:00:00Z)",
            [(*SINCE, "2026-06-20T00:00:00Z")],
        ),
        (
            "greater-or-equal(datetime,2026-06-20T00:00:00+0000)",
            [(*SINCE, "2026-06-20T00:00:00+0000")],
        ),
        (
            "greater-or-equal(datetime,2025-10-27 02:59:59+00:00)",
            [(*SINCE, "2025-10-27 02:59:59+00:00")],
        ),
        ("equals(a,'x'),has(b)", [("equals", "a", "x"), ("has", "b", None)]),
        ("and(equals(a,'x'),has(b))", [("equals", "a", "x"), ("has", "b", None)]),
        (
            "has(c),and(equals(a,'x'),has(b))",
            [("has", "c", None), ("equals", "a", "x"), ("has", "b", None)],
        ),
        ("equals(messages.channel,'email')", [("equals", "messages.channel", "email")]),
    ],
)
def test_a_filter_is_read(text: str, expected: list[tuple[str, str, object]]) -> None:
    assert conditions(text) == [Condition(*each) for each in expected]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "equals",
        "equals(",
        "equals(a)",
        "equals(a,'x'",
        "equals(a,'x)",
        "any(a,[])",
        "has()",
        "equals(a,'x') has(b)",
        "equals(a,'x'),",
        "(a,b)",
        "or(has(a),has(b))",
        "not(has(a))",
        "and(has(a),not(has(b)))",
        "and()",
        "any(a,['x'",
        "any(a,['x',])",
    ],
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(FilterError, match="filter"):
        conditions(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-20T00:00:00Z",
        "2026-06-20T00:00:00+00:00",
        "2026-06-20T00:00:00+0000",
        "2026-06-20 00:00:00+00:00",
        "2026-06-20",
        "2026-06-20T02:00:00+02:00",
        "2026-06-20T00:00:00.000Z",
        "2026-06-20T00:00:00",
        "2026-06-20 00:00",
        "2026-06-20T09:30:00+0930",
    ],
)
def test_an_instant_is_read_in_every_spelling(text: str) -> None:
    assert epoch_seconds(text) == 1781913600


def test_what_is_no_instant_is_refused() -> None:
    with pytest.raises(FilterError, match="'yesterday' is not a datetime"):
        epoch_seconds("yesterday")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("greater-than(n,2)", [3]),
        ("greater-or-equal(n,2)", [2, 3]),
        ("less-than(n,2)", [1]),
        ("less-or-equal(n,2),greater-than(n,1)", [2]),
        ("equals(n,2)", [2]),
        ("any(n,[1,3])", [1, 3]),
        ("contains(t,'AN')", [2]),
        ("starts-with(t,'c')", [3]),
        ("ends-with(t,'e')", [1]),
        ("equals(t,'apple'),equals(n,2)", []),
    ],
)
def test_rows_that_meet_a_filter(text: str, expected: list[int]) -> None:
    numbers = np.array([1, 2, 3])
    names = np.array(["apple", "banana", "cherry"])
    fields = {"n": FilterField(numbers, float), "t": FilterField(names)}
    assert numbers[matching(conditions(text), fields, rows=3)].tolist() == expected
