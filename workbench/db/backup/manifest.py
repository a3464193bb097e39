"""What a backup holds: rows and a checksum of every table, and the versions it was made with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from psycopg import Connection, sql

from workbench.db.statements import statement
from workbench.errors import InputInvalid

__all__ = [
    "DUMP",
    "MANIFEST",
    "Manifest",
    "TableSum",
    "Told",
    "Verdict",
    "file_digest",
    "read_manifest",
    "table_sums",
    "verdicts",
]

DUMP = "database.dump"
MANIFEST = "manifest.json"

# told of what is done, how many of them are, and of how many
Told = Callable[[str, int, int], None]

# A sum does not depend on the order of rows. The text of a row depends on these settings alone,
# and row_security makes a table that is only partly visible an error instead of fewer rows.
_SESSION = """
set local timezone to 'UTC';
set local datestyle to 'ISO, MDY';
set local intervalstyle to 'postgres';
set local extra_float_digits to 1;
set local bytea_output to 'hex';
set local row_security to off;
set local statement_timeout to 0;
set local idle_in_transaction_session_timeout to 0
"""
_SUM = """
select count(*), coalesce(sum(hashtextextended(the_row::text, 0)), 0)::text
from {} as the_row
"""


@dataclass(frozen=True, slots=True)
class TableSum:
    """Rows of a table, and the sum of their hashes.

    Attributes:
        table: as schema.table.
        rows: how many.
        checksum: the same for the same rows in any order, on every edition.
    """

    table: str
    rows: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a restored table compares with the manifest.

    Attributes:
        expected: rows by the manifest; None where it does not have the table.
        found: rows that were restored; None where the table is missing.
        verdict: "same", "rows differ", "content differs", "missing" or "not in the backup".
    """

    table: str
    expected: int | None
    found: int | None
    verdict: str

    @property
    def is_same(self) -> bool:
        """Nothing differs."""
        return self.verdict == "same"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is of.

    Attributes:
        workbench: version of the code that made it.
        database: name of the database.
        taken_at: instant of its snapshot, ISO, UTC.
        edition: such as "TimescaleDB Apache".
        postgresql: major version of the server.
        timescaledb: version of the extension; None without it.
        programs: major version of the pg_dump that wrote it.
        migrations: the numbered ones that its schema has.
        dump_bytes: size of the dump.
        dump_sha256: of the dump, in hex.
        tables: one a table, sorted by name.
    """

    workbench: str
    database: str
    taken_at: str
    edition: str
    postgresql: int
    timescaledb: str | None
    programs: int
    migrations: Sequence[str]
    dump_bytes: int
    dump_sha256: str
    tables: Sequence[TableSum]

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(table.rows for table in self.tables)

    def as_json(self) -> str:
        """The text of manifest.json."""
        return json.dumps(asdict(self), indent=2) + "\n"


def read_manifest(backup: Path) -> Manifest:
    """The manifest of a backup whose dump is as it was written.

    Raises:
        InputInvalid: it is no backup, or its dump was damaged.
    """
    try:
        told = json.loads((backup / MANIFEST).read_text(encoding="utf-8"))
        tables = [TableSum(**table) for table in told.pop("tables")]
        manifest = Manifest(**told, tables=tables)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        raise InputInvalid(
            f"{backup} is no backup: it has no {MANIFEST} that can be read",
            hint="name the folder that workbench backup wrote",
        ) from None
    if not (backup / DUMP).is_file() or file_digest(backup / DUMP) != manifest.dump_sha256:
        raise InputInvalid(
            f"{backup / DUMP} is missing or damaged: it is not what {MANIFEST} describes",
            hint="restore an older backup, and look after the disk that this one lies on",
        )
    return manifest


def table_sums(connection: Connection, told: Told) -> Iterator[TableSum]:
    """Rows and checksum of every table, as the transaction sees them.

    Args:
        connection: in a transaction; its settings are changed until the end of that.
        told: called before each table.
    """
    connection.execute(_SESSION)
    tables = connection.execute(statement("reads/stored_tables"), {}).fetchall()
    for number, (schema, table) in enumerate(tables):
        told(f"{schema}.{table}", number, len(tables))
        row = connection.execute(sql.SQL(_SUM).format(sql.Identifier(schema, table))).fetchone()
        assert row is not None
        yield TableSum(f"{schema}.{table}", *row)


def verdicts(expected: Sequence[TableSum], found: Sequence[TableSum]) -> list[Verdict]:
    """One a table of either, sorted by name."""
    wanted = {table.table: table for table in expected}
    restored = {table.table: table for table in found}
    return [_verdict(wanted.get(name), restored.get(name)) for name in sorted({*wanted, *restored})]


def _verdict(wanted: TableSum | None, restored: TableSum | None) -> Verdict:
    if wanted is None:
        assert restored is not None
        return Verdict(restored.table, None, restored.rows, "not in the backup")
    if restored is None:
        return Verdict(wanted.table, wanted.rows, None, "missing")
    word = "same"
    if wanted.rows != restored.rows:
        word = "rows differ"
    elif wanted.checksum != restored.checksum:
        word = "content differs"
    return Verdict(wanted.table, wanted.rows, restored.rows, word)


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
