"""What a relation holds, as counts and checksums that do not depend on where it is kept.

Two relations with equal digests hold the same rows: on whichever server, edition or version, and
in whichever order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

__all__ = ["Digest", "columns_of", "digest_of", "digests_by_part", "relations_of"]

_RELATIONS = """
select c.relname
from pg_catalog.pg_class as c
where
    c.relnamespace = to_regnamespace(%(schema)s)
    and c.relkind::text = any(%(kinds)s)
    and c.relpersistence = 'p'  -- what is unlogged is not kept
order by c.relname
"""
# a generated column follows from the others, and cannot be written
_COLUMNS = """
select a.attname, a.attgenerated <> ''
from pg_catalog.pg_attribute as a
where a.attrelid = to_regclass(%(relation)s) and a.attnum > 0 and not a.attisdropped
order by a.attname
"""
# 60 bits of the row's MD5: unlike PostgreSQL's own hashes, the same on every version and machine
_BY_PART = """
select
    {part} as part,
    count(*),
    sum(('x' || left(md5(row({columns})::text), 15))::bit(60)::bigint::numeric)
from {relation}
group by 1
"""


@dataclass(frozen=True, slots=True)
class Digest:
    """Rows, and a sum over a hash of each; equal for equal rows in any order.

    Attributes:
        rows: how many.
        checksum: sum of their hashes; 0 of none.
    """

    rows: int = 0
    checksum: int = 0

    def __add__(self, other: Digest) -> Digest:
        return Digest(self.rows + other.rows, self.checksum + other.checksum)


def relations_of(
    connection: psycopg.Connection, schema: str, *, kinds: Sequence[str] = ("r", "p", "v", "m")
) -> list[str]:
    """Names of a schema's relations, sorted, without the schema.

    Args:
        connection: of any transaction.
        schema: such as ``"mart"``.
        kinds: letters of pg_class.relkind: r and p tables, v views, m materialized views.
    """
    found = connection.execute(_RELATIONS, {"schema": schema, "kinds": list(kinds)})
    return [name for (name,) in found]


def columns_of(
    connection: psycopg.Connection, relation: str, *, with_generated: bool = True
) -> list[str]:
    """Names of a relation's columns, sorted: their order differs where one was added later."""
    rows = connection.execute(_COLUMNS, {"relation": relation}).fetchall()
    return [name for name, is_generated in rows if with_generated or not is_generated]


def digest_of(
    connection: psycopg.Connection, relation: str, *, without: Sequence[str] = ()
) -> Digest:
    """Rows and checksum of a table or view, as this transaction sees it.

    Args:
        connection: in a session whose time zone is UTC, as every Database's is.
        relation: as schema.name.
        without: columns that may differ.
    """
    whole = digests_by_part(connection, relation, part=sql.SQL("''"), without=without)
    return whole.get("", Digest())


def digests_by_part(
    connection: psycopg.Connection,
    relation: str,
    *,
    part: sql.Composable,
    without: Sequence[str] = (),
) -> Mapping[str, Digest]:
    """The same, split by a text that each row gives; one scan.

    Args:
        connection: in a session whose time zone is UTC, as every Database's is.
        relation: as schema.name.
        part: expression over its columns, of type text.
        without: columns that may differ.
    """
    columns = [name for name in columns_of(connection, relation) if name not in without]
    query = sql.SQL(_BY_PART).format(
        part=part,
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        relation=sql.Identifier(*relation.split(".")),
    )
    rows = connection.execute(query)
    return {name: Digest(count, int(checksum)) for name, count, checksum in rows}
