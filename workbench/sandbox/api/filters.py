"""The filter grammar of the API: text to conditions, and conditions to the rows that meet them.

Conditions are joined by commas or by and(...). Values may be strings in either quote, lists,
booleans, numbers, and instants with or without quotes, with T or a space, ending in Z, +00:00 or
+0000.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Condition", "FilterError", "FilterField", "conditions", "epoch_seconds", "matching"]


class FilterError(ValueError):
    """The filter cannot be read, or asks for what the endpoint does not offer."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison: operator, field, and the value as text; a list for any() and [...]."""

    operator: str
    field: str
    value: str | list[str] | None


@dataclass(frozen=True, slots=True)
class FilterField:
    """A column that can be filtered.

    Attributes:
        values: one a row; numbers, booleans or text.
        parse: turns the text of a filter into something the values compare with.
    """

    values: npt.NDArray[np.generic]
    parse: Callable[[str], str | bytes | float | bool] = str


_TOKEN = re.compile(
    r"""\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<mark>[(),\[\]])|(?P<bare>[^(),\[\]"']+))"""
)
_COMPARISONS: Mapping[str, Callable[..., npt.NDArray[np.bool_]]] = {
    "greater-than": np.greater,
    "greater-or-equal": np.greater_equal,
    "less-than": np.less,
    "less-or-equal": np.less_equal,
}
_TEXT_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part.lower() in text.lower(),
    "starts-with": lambda text, part: text.lower().startswith(part.lower()),
    "ends-with": lambda text, part: text.lower().endswith(part.lower()),
}


def conditions(text: str) -> list[Condition]:
    """The conditions of a filter, all of which must hold.

    >>> conditions("equals(name,'a, b'),any(id,[\\"x\\",\\"y\\"])")[1].value
    ['x', 'y']

    Raises:
        FilterError: the text is not in the grammar.
    """
    tokens = list(_tokens(text))
    found, position = _sequence(tokens, 0)
    if position != len(tokens):
        raise FilterError(f"unexpected {tokens[position][1]!r} in the filter")
    return found


def matching(
    found: list[Condition], fields: Mapping[str, FilterField], *, rows: int
) -> npt.NDArray[np.bool_]:
    """Which rows meet every condition.

    Args:
        found: conditions whose fields are all known.
        fields: the columns.
        rows: how many rows there are.

    Raises:
        FilterError: a value does not suit its field.
    """
    met = np.ones(rows, dtype=bool)
    for condition in found:
        field = fields[condition.field]
        met &= _met(condition, field)
    return met


def epoch_seconds(text: str) -> float:
    """The instant that a filter value names, as UTC seconds; no offset means UTC.

    Raises:
        FilterError: it names none.
    """
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        raise FilterError(f"{text!r} is not a datetime") from None
    return (instant if instant.tzinfo else instant.replace(tzinfo=dt.UTC)).timestamp()


def _met(condition: Condition, field: FilterField) -> npt.NDArray[np.bool_]:
    if condition.operator == "has":
        return np.asarray(field.values, dtype=bool)
    values = condition.value if isinstance(condition.value, list) else [str(condition.value)]
    try:
        parsed = [field.parse(value) for value in values]
    except ValueError as error:
        raise FilterError(str(error)) from None
    if condition.operator in {"equals", "any"}:
        return np.isin(field.values, parsed)
    if test := _TEXT_TESTS.get(condition.operator):
        return np.array([test(str(text), values[0]) for text in field.values], dtype=bool)
    return _COMPARISONS[condition.operator](field.values, parsed[0])


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        if match is None:
            raise FilterError(f"cannot read the filter at {text[position : position + 20]!r}")
        kind = str(match.lastgroup)
        token = match[kind]
        if kind == "quoted":
            token = re.sub(r"\\(.)", r"\1", token[1:-1])
        yield kind, token.strip() if kind == "bare" else token
        position = match.end()


_Tokens = list[tuple[str, str]]


def _sequence(tokens: _Tokens, position: int) -> tuple[list[Condition], int]:
    found, position = _call(tokens, position)
    while tokens[position : position + 1] == [("mark", ",")]:
        more, position = _call(tokens, position + 1)
        found += more
    return found, position


def _call(tokens: _Tokens, position: int) -> tuple[list[Condition], int]:
    name = _taken(tokens, position, "bare")
    position = _after(tokens, position + 1, "(")
    if name in {"or", "not"}:
        raise FilterError(f"'{name}' is not allowed in a filter, which joins by and")
    if name == "and":
        found, position = _sequence(tokens, position)
        return found, _after(tokens, position, ")")
    field = _taken(tokens, position, "bare")
    position += 1
    value: str | list[str] | None = None
    if name != "has":
        value, position = _value(tokens, _after(tokens, position, ","))
    return [Condition(name, field, value)], _after(tokens, position, ")")


def _value(tokens: _Tokens, position: int) -> tuple[str | list[str], int]:
    if tokens[position : position + 1] != [("mark", "[")]:
        return _taken(tokens, position, "bare", "quoted"), position + 1
    items = [_taken(tokens, position + 1, "bare", "quoted")]
    position += 2
    while tokens[position : position + 1] == [("mark", ",")]:
        items.append(_taken(tokens, position + 1, "bare", "quoted"))
        position += 2
    return items, _after(tokens, position, "]")


def _taken(tokens: _Tokens, position: int, *kinds: str) -> str:
    if position >= len(tokens) or tokens[position][0] not in kinds:
        raise FilterError("the filter ends early or lacks a name or a value")
    return tokens[position][1]


def _after(tokens: _Tokens, position: int, mark: str) -> int:
    if tokens[position : position + 1] != [("mark", mark)]:
        raise FilterError(f"the filter lacks a {mark!r}")
    return position + 1
