"""Column contracts: what a function was promised of a frame, checked where the frame comes in."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from workbench.errors import ContractBroken

__all__ = ["checked"]


def checked(frame: pd.DataFrame, *, columns: Sequence[str]) -> pd.DataFrame:
    """Those columns of the frame, in that order.

    Raises:
        ContractBroken: one is not there.
    """
    for column in columns:
        if column not in frame.columns:
            raise ContractBroken(
                f"the frame has no column {column!r}",
                hint=f"pass one with {', '.join(columns)}",
            )
    return frame[list(columns)]
