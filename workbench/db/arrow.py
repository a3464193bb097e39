"""Rows of a statement as an Arrow table, by COPY: no Python object is made of a cell."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
import pyarrow as pa
import pyarrow.csv
from psycopg import sql

from workbench.errors import QueryInvalid

__all__ = ["copied_table"]

_BLOCK = 32 * 2**20  # parsed at once; no row may be larger
_TYPES = {
    psycopg.adapters.types[name].oid: arrow_type
    for arrow_type, names in {
        pa.timestamp("us", "UTC"): ("timestamptz",),
        pa.timestamp("us"): ("timestamp",),
        pa.date32(): ("date",),
        pa.float64(): ("float4", "float8", "numeric"),
        pa.int64(): ("int2", "int4", "int8"),
        pa.bool_(): ("bool",),
    }.items()
    for name in names
}


def copied_table(
    connection: psycopg.Connection, select: sql.Composable, described: Sequence[psycopg.Column]
) -> pa.Table:
    """All rows of a select; what Arrow has no type for, such as JSON and arrays, is text.

    Args:
        connection: whose transaction to read in.
        select: one select, with its values in it.
        described: its columns, as a cursor that declared it tells them.

    Raises:
        QueryInvalid: a value has no place in Arrow, such as a date before Christ.
    """
    query = sql.SQL("copy (\n{}\n) to stdout with (format csv)").format(select)
    sink = pa.BufferOutputStream()
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        for block in copy:
            sink.write(block)
    types = [_TYPES.get(column.type_code, pa.string()) for column in described]
    names = [column.name for column in described]
    content = sink.getvalue()
    if not content.size:
        empty = [pa.array([], type=each) for each in types]
        return pa.Table.from_arrays(empty, names=names)
    try:
        return _parsed(content, types).rename_columns(names)
    except pa.ArrowInvalid:
        problem = "a value of the result has no place in an Arrow table"
    raise QueryInvalid(problem, hint="cast the column to text, or ask with sql()")


def _parsed(content: pa.Buffer, types: Sequence[pa.DataType]) -> pa.Table:
    numbers = [str(n) for n in range(len(types))]  # names may repeat
    return pyarrow.csv.read_csv(
        pa.BufferReader(content),
        read_options=pyarrow.csv.ReadOptions(column_names=numbers, block_size=_BLOCK),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict(zip(numbers, types, strict=True)),
            true_values=["t"],
            false_values=["f"],
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
