"""Named parameters of a statement that an analyst wrote, as the server takes them: by number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from psycopg import sql

from workbench.errors import QueryInvalid

__all__ = ["Bound", "bound"]

# what looks like a parameter within a string, a name or a comment is none
_TOKEN = re.compile(
    r"""
      [eE]'(?:[^'\\]|\\.|'')*'
    | '(?:[^']|'')*'
    | "(?:[^"]|"")*"
    | (?P<tag>\$(?:[A-Za-z_]\w*)?\$).*?(?P=tag)
    | --[^\n]*
    | /\*.*?\*/
    | %\((?P<percent>\w+)\)s
    | (?<![:\w\])]):(?P<colon>[A-Za-z_]\w*)         # neither a cast nor the end of a slice
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(slots=True)
class Bound:
    """A statement with its parameters numbered.

    Attributes:
        text: as it was written.
        sent: as it is sent.
        values: of $1, $2 and so on.
    """

    text: str
    sent: str = ""
    values: list[Any] = field(default_factory=list)
    _pieces: list[tuple[int, int, int]] = field(default_factory=list)
    _numbers: dict[int, int] = field(default_factory=dict)

    @property
    def written_out(self) -> sql.Composed:
        """The statement with its values in it, quoted: for COPY, which takes no parameters."""
        parts: list[sql.Composable] = []
        for started, written, length in self._pieces:
            if (number := self._numbers.get(started)) is not None:
                parts.append(sql.Literal(self.values[number - 1]))
            else:
                # as its author wrote it, and declared as a cursor before
                parts.append(sql.SQL(self.text[written : written + length]))
        return sql.Composed(parts)

    def written_at(self, position: int) -> int:
        """Where in the text stands what is sent at a position; both begin at 0."""
        started, written, length = next(
            piece for piece in reversed(self._pieces) if piece[0] <= position
        )
        return written + min(position - started, length)

    def _add(self, piece: str, *, written: int, length: int) -> None:
        self._pieces.append((len(self.sent), written, length))
        self.sent += piece


def bound(text: str, params: Mapping[str, Any]) -> Bound:
    """A statement ready to be sent: ``:name`` and ``%(name)s`` become numbers, values stay apart.

    Args:
        text: the statement; a literal percent sign is written once.
        params: name -> value; an array or a series is sent as a list. More than are used is fine.

    Raises:
        QueryInvalid: a name has no value.

    >>> bound("select :a, ':a', :b::int, %(a)s", {"a": 1, "b": 2}).sent
    "select $1, ':a', $2::int, $1"
    """
    made = Bound(text)
    numbers: dict[str, int] = {}
    end = 0
    for token in _TOKEN.finditer(text):
        name = token["percent"] or token["colon"]
        if name is None:
            continue
        if name not in params:
            raise QueryInvalid(
                f"the parameter {token[0]} has no value", hint=f'params={{"{name}": ...}}'
            )
        if name not in numbers:
            numbers[name] = len(numbers) + 1
            made.values.append(_plain(params[name]))
        made._add(text[end : token.start()], written=end, length=token.start() - end)
        made._numbers[len(made.sent)] = numbers[name]
        made._add(f"${numbers[name]}", written=token.start(), length=0)
        end = token.end()
    made._add(text[end:], written=end, length=len(text) - end)
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, (pd.Series, pd.Index, np.ndarray)):
        return value.tolist()
    if isinstance(value, (set, frozenset, tuple, range)):
        return list(value)
    return None if value is pd.NaT or value is pd.NA else value
