"""A period's key numbers beside those of another."""

from __future__ import annotations

import pandas as pd

__all__ = ["key_number_changes"]


def key_number_changes(current: pd.DataFrame, comparison: pd.DataFrame) -> pd.DataFrame:
    """Add to each key number what it was before, and the relative change.

    Args:
        current: one row per metric: metric, value, reason and whatever else it has.
        comparison: the same metrics of another period.

    Returns:
        ``current`` with before, change (a fraction of before) and reason_change; change is NaN
        where reason_change says why.

    >>> now = pd.DataFrame({"metric": ["orders"], "value": [150.0], "reason": [""]})
    >>> then = now.assign(value=100.0)
    >>> key_number_changes(now, then).change.item()
    0.5
    """
    before = current.metric.map(comparison.set_index("metric").value)
    reasons = current.metric.map(comparison.set_index("metric").reason)
    change = (current.value - before).div(before.where(before != 0))
    reason = pd.Series("", index=current.index)
    reason = reason.mask(before.eq(0), "was 0 before")
    reason = reason.mask(before.isna(), "before: " + reasons.astype(str))
    reason = reason.mask(current.value.isna(), current.reason)
    return current.assign(before=before, change=change, reason_change=reason)
