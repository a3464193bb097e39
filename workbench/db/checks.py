"""Promises of the data: each file of sql/checks selects the rows that break one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import sql
from psycopg.rows import dict_row

from workbench.db.connect import Database
from workbench.db.statements import SQL_ROOT, statement

__all__ = ["CheckResult", "check_names", "run_check"]

_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found.

    Attributes:
        name: of its file.
        promise: what should be so.
        mend: the command that mends it; "" where only Klaviyo's own data can be wrong.
        count: rows that break it; 0 where all is well.
        examples: the first of them: ids and times, nothing that identifies a person.
    """

    name: str
    promise: str
    mend: str
    count: int
    examples: tuple[dict[str, Any], ...]


def check_names() -> list[str]:
    """The checks that there are, sorted."""
    return sorted(file.stem for file in (SQL_ROOT / "checks").glob("*.sql"))


def run_check(database: Database, name: str) -> CheckResult:
    """Run one check, in a transaction that cannot write.

    Those of events read them all: minutes, where there are many millions.
    """
    text = statement(f"checks/{name}")
    broken = sql.SQL(text.rstrip().rstrip(";"))
    counted = sql.SQL("select count(*) over () as count_broken, broken.* from ({}\n) as broken")
    with (
        database.connection() as connection,
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        cursor.execute("set transaction read only")
        cursor.execute(counted.format(broken) + sql.SQL(" limit {}").format(_EXAMPLES))
        rows = cursor.fetchall()
    count = rows[0]["count_broken"] if rows else 0
    examples = tuple({k: v for k, v in row.items() if k != "count_broken"} for row in rows)
    return CheckResult(name, _promise(text), _mend(text), count, examples)


def _promise(text: str) -> str:
    """The sentence that a check begins with."""
    words = []
    for line in text.splitlines():
        words.append(line.removeprefix("--").strip())
        if line.endswith("."):
            break
    return " ".join(words)


def _mend(text: str) -> str:
    """What follows "Mend:" in the comment."""
    found = (line.partition("-- Mend: ")[2] for line in text.splitlines())
    return next(filter(None, found), "")
