"""Rows of a frame as a specification carries them: the same values, as JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

__all__ = ["inline"]


def inline(frame: pd.DataFrame) -> alt.InlineData:
    """The frame's rows inside the specification, whatever altair's global data settings are.

    Days become ISO local midnights, because a bare date would be read as UTC and shown as the day
    before west of Greenwich; what is missing becomes null.
    """
    return alt.InlineData(values=[_row(row) for row in frame.to_dict("records")])


def _row(row: dict[Any, Any]) -> dict[str, Any]:
    return {str(name): _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return value.item() if isinstance(value, np.generic) else value
