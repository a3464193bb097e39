"""What an analyst asks in SQL."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from workbench.db import ask, ask_arrow
from workbench.load.current import current_database

__all__ = ["RowsCut", "sql", "sql_arrow"]

_MAX_ROWS = 1_000_000
_SECONDS = 120.0


class RowsCut(UserWarning):
    """A result has more rows than were asked for."""


def sql(
    text: str,
    params: Mapping[str, Any] | None = None,
    *,
    max_rows: int | None = _MAX_ROWS,
    seconds: float = _SECONDS,
) -> pd.DataFrame:
    """Rows of a select as a frame; nothing can be written with it.

    Warns with RowsCut where there are more rows than ``max_rows``.

    Args:
        text: one select; values are named ``:name`` or ``%(name)s``, never pasted into it. A
            literal percent sign is written once.
        params: the values by name; a list goes with ``= any(:names)``.
        max_rows: rows at most; all when None.
        seconds: after which the server ends it.

    Returns:
        Instants in UTC, dates as datetime64, numeric as float64.

    Raises:
        QueryInvalid: it is wrong (the message shows where), is no select, would write, or takes
            too long.
    """
    answer = ask(current_database(), text, params or {}, max_rows=max_rows, seconds=seconds)
    if answer.is_cut:
        warnings.warn(
            f"only the first {max_rows:,} rows were read, there are more: max_rows=None reads all",
            RowsCut,
            stacklevel=2,
        )
    return answer.frame


def sql_arrow(
    text: str, params: Mapping[str, Any] | None = None, *, seconds: float = _SECONDS
) -> pa.Table:
    """All rows of a select as an Arrow table: for millions of rows, several times faster.

    Args:
        text: one select, as for ``sql``.
        params: the values by name.
        seconds: after which the server ends it.

    Returns:
        Instants in UTC and dates in microseconds and days, numeric as float64; what Arrow has no
        type for, such as JSON, as text. Missing values are null, integers stay integers.

    Raises:
        QueryInvalid: as for ``sql``, or a value has no place in Arrow.
    """
    return ask_arrow(current_database(), text, params or {}, seconds=seconds)
