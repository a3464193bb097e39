"""The dictionary of the data: every table and view with its grain, every column with its meaning.

It is read from a migrated database, where the comments of tables and columns are its text. A column
of a view that has no comment of its own means what the column means that it is taken from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from psycopg.rows import class_row

from workbench.db.connect import Database
from workbench.db.statements import SQL_ROOT, statement

__all__ = ["Column", "Relation", "dictionary_text", "read_dictionary"]

_HEAD = """\
# Data dictionary

Every table and view of a workbench's database. It is made of the comments in the database: to
change it, change them under sql/ and type `workbench dictionary > docs/data-dictionary.md`.

A column whose *null* is "no" always has a value; *key* numbers the columns of the primary key.
Instants (`timestamptz`) are in UTC; days are the account's own where nothing else is said. A column
of a view may be null whatever the column is that it is taken from.
"""
_EDITIONS = {
    "timescaledb": "On TimescaleDB, Apache and Community edition",
    "community": "On TimescaleDB, Community edition only",
}
_TYPES = {"timestamp with time zone": "timestamptz", "double precision": "float8"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table or view.

    Attributes:
        meaning: its comment, or that of the one column it is taken from; "" where there is none.
        key_place: place in the primary key, from 1; None where it is not part of it.
        points_to: tables that it references, as schema.name.
    """

    name: str
    type: str
    is_given: bool
    is_generated: bool
    meaning: str
    key_place: int | None
    points_to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or a view.

    Attributes:
        name: as schema.name.
        purpose: what its schema is for.
        grain: what one row is; "" where it has no comment.
        checks: what the database checks of each row, as SQL.
    """

    name: str
    purpose: str
    grain: str
    is_view: bool
    columns: tuple[Column, ...]
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the statement reads/dictionary, which explains the columns."""

    schema_name: str
    relation_name: str
    is_view: bool
    purpose: str | None
    grain: str | None
    column_name: str
    type_name: str
    is_given: bool
    is_generated: bool
    meaning: str | None
    key_place: int | None
    points_to: list[str]
    taken_of: list[str]
    checks: list[str]

    @property
    def relation(self) -> str:
        return f"{self.schema_name}.{self.relation_name}"


_Rows = Mapping[tuple[str, str], _Row]


def read_dictionary(database: Database) -> list[Relation]:
    """The tables and views of our schemas, sorted by name."""
    made = class_row(_Row)
    with database.connection() as connection, connection.cursor(row_factory=made) as cursor:
        found = cursor.execute(statement("reads/dictionary")).fetchall()
    by_name = {(row.relation, row.column_name): row for row in found}
    return [
        _relation(list(columns), by_name)
        for _, columns in groupby(found, key=lambda row: row.relation)
    ]


def _relation(rows: Sequence[_Row], by_name: _Rows) -> Relation:
    first = rows[0]
    return Relation(
        name=first.relation,
        purpose=first.purpose or "",
        grain=first.grain or "",
        is_view=first.is_view,
        columns=tuple(_column(row, by_name) for row in rows),
        checks=tuple(first.checks),
    )


def _column(row: _Row, by_name: _Rows) -> Column:
    return Column(
        name=row.column_name,
        type=_TYPES.get(row.type_name, row.type_name),
        is_given=row.is_given,
        is_generated=row.is_generated,
        meaning=_meaning(row, by_name),
        key_place=row.key_place,
        points_to=tuple(row.points_to),
    )


def _meaning(row: _Row, by_name: _Rows) -> str:
    """Its own comment, else what all the columns of that name mean that a view takes it from."""
    if row.meaning is not None:
        return row.meaning
    sources = {_meaning(by_name[source, row.column_name], by_name) for source in row.taken_of}
    return sources.pop() if len(sources) == 1 else ""


def dictionary_text(relations: Sequence[Relation], *, sql_root: Path = SQL_ROOT) -> str:
    """The dictionary as Markdown.

    Args:
        relations: sorted by name.
        sql_root: folder whose timescaledb/ and community/ say in what editions differ.
    """
    parts = [_HEAD, *_editions(sql_root)]
    for schema, members in groupby(relations, key=lambda each: each.name.partition(".")[0]):
        own = list(members)
        parts += [f"## {schema}\n\n{own[0].purpose}\n", *map(_section, own)]
    return "\n".join(parts)


def _editions(root: Path) -> Iterator[str]:
    yield "## Editions\n\nThe names and the rows are the same on every edition; what differs:\n"
    for folder, title in _EDITIONS.items():
        told = [_opening(file) for file in sorted((root / folder).glob("*.sql"))]
        if told:
            yield f"{title}:\n\n" + "".join(f"- {each}\n" for each in told)


def _opening(file: Path) -> str:
    """The comment that a file begins with, as one line."""
    lines = file.read_text(encoding="utf-8").splitlines()
    comment = []
    for line in lines:
        if not line.startswith("--") or not line.strip("- "):
            break
        comment.append(line.removeprefix("--").strip())
    return " ".join(comment)


def _section(relation: Relation) -> str:
    kind = "View. " if relation.is_view else ""
    lines = [
        f"### {relation.name}\n",
        f"{kind}{relation.grain}\n",
        "| column | type | null | key | references | meaning |",
        "|---|---|---|---|---|---|",
        *map(_line, relation.columns),
    ]
    if relation.checks:
        lines += ["", "Always: " + "; ".join(f"`{_checked(each)}`" for each in relation.checks)]
    return "\n".join(lines) + "\n"


def _line(column: Column) -> str:
    derived = "Generated. " if column.is_generated else ""
    cells = (
        f"`{column.name}`",
        column.type,
        "no" if column.is_given else "",
        "" if column.key_place is None else str(column.key_place),
        ", ".join(column.points_to),
        (derived + column.meaning).strip().replace("|", "\\|"),
    )
    return f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")


def _checked(definition: str) -> str:
    """``CHECK ((count >= 0))`` as ``count >= 0``."""
    text = definition.removeprefix("CHECK ")
    while text.startswith("(") and _closes_at_the_end(text):
        text = text[1:-1]
    return " ".join(text.split())


def _closes_at_the_end(text: str) -> bool:
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return place == len(text) - 1
    return False
