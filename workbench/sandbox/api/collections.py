"""A collection of the API: which rows it shows, what they are filtered by, how they are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.sandbox.api.filters import FilterField, epoch_seconds
from workbench.sandbox.api.jsonapi import Body
from workbench.sandbox.api.pages import Listed
from workbench.sandbox.api.queries import Query

__all__ = [
    "Ask",
    "Collection",
    "Masses",
    "Rows",
    "flag_field",
    "instant_field",
    "nothing",
    "text_field",
]

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ask:
    """How rows are to be written: for which query, with links to which host, in whose shapes."""

    query: Query
    base: str
    revision: str = "2026-07-15"


@dataclass(frozen=True, slots=True)
class Masses:
    """How a collection of millions of rows is looked into.

    Attributes:
        shows: whether a row shows.
        listed: the rows that meet the conditions of a query; raises FilterError.
        text: rows as a JSON list of resources.
    """

    shows: Callable[[int], bool]
    listed: Callable[[Query], Listed]
    text: Callable[[Rows, Ask], str]


@dataclass(frozen=True, slots=True)
class Collection:
    """One resource type of the account at one instant.

    Attributes:
        rows: those that show, ascending.
        row_of: the row of an id, or None; it may be one that does not show.
        bodies: rows as resources.
        included: what the query includes with those rows.
        fields: columns to filter and sort by, over all rows that exist.
        alone: rows as resources that were asked for by id, where those say more.
        masses: how to look into more rows than can be listed; ``rows`` is empty then.
    """

    rows: Rows
    row_of: Callable[[str], int | None]
    bodies: Callable[[Rows, Ask], list[Body]]
    included: Callable[[Rows, Ask], list[Body]]
    fields: Mapping[str, FilterField]
    alone: Callable[[Rows, Ask], list[Body]] | None = None
    masses: Masses | None = None


def text_field(values: Sequence[str | None] | npt.NDArray[np.bytes_]) -> FilterField:
    """A column of text, or of ASCII bytes; None is the empty text."""
    if isinstance(values, np.ndarray):
        return FilterField(values, lambda text: text.encode())
    return FilterField(np.array([value or "" for value in values], dtype=np.str_))


def flag_field(values: Sequence[bool]) -> FilterField:
    """A column of true and false."""
    return FilterField(np.array(values, dtype=bool), _flag)


def instant_field(values: npt.ArrayLike) -> FilterField:
    """A column of UTC seconds; NaN where there is none."""
    return FilterField(np.asarray(values), epoch_seconds)


def nothing(rows: Rows, ask: Ask) -> list[Body]:
    """What a type without relationships includes."""
    return []


def _flag(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise ValueError(f"{text!r} is neither true nor false")
    return text.lower() == "true"
