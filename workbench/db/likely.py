"""What a name in a statement, which is not known, may have been meant to be."""

from __future__ import annotations

import difflib
import re

from workbench.db.connect import Database
from workbench.db.statements import statement

__all__ = ["likely_names"]

_RELATION = re.compile(r'relation "(?P<name>[^"]+)" does not exist')
_COLUMN = re.compile(r'column "?(?:\w+\.)?(?P<name>\w+)"? does not exist')
_NAMED = re.compile(r"\b(klaviyo|mart|model|ops)\.(\w+)", re.IGNORECASE)
_MOST = 3


def likely_names(database: Database, text: str, said: str) -> list[str]:
    """Names like the one that the server did not find, the likeliest first.

    Args:
        database: where the statement was asked.
        text: the statement.
        said: the server's message.
    """
    if missing := _RELATION.search(said):
        with database.connection() as connection:
            found = connection.execute(statement("reads/relation_names")).fetchall()
        return _like(missing["name"], [str(name) for (name,) in found])
    if missing := _COLUMN.search(said):
        relations = [".".join(pair).lower() for pair in _NAMED.findall(text)]
        with database.connection() as connection:
            found = connection.execute(
                statement("reads/column_names"), {"relations": relations}
            ).fetchall()
        return _like(missing["name"], [str(name) for (name,) in found])
    return []


def _like(name: str, known: list[str]) -> list[str]:
    if "." in name:
        return difflib.get_close_matches(name.lower(), known, n=_MOST, cutoff=0.6)
    # a relation without its schema: compare what follows the point, and give the whole
    whole = {each.rpartition(".")[2]: each for each in reversed(known)}
    found = difflib.get_close_matches(name.lower(), list(whole), n=_MOST, cutoff=0.6)
    return [whole[each] for each in found]
