"""The steps of a series at its grain: hours of UTC, or the account's days, weeks and months."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["last_days", "step_starts", "whole_steps"]


def step_starts(ds: pd.Series, *, grain: str, timezone: str) -> tuple[pd.Series, pd.Series]:
    """The instant at which each step begins, and the account day on which that is.

    Args:
        ds: starts of steps without time zone: of UTC at grain h, else midnights of the account.
        grain: h, D, W or MS.
        timezone: the account's.
    """
    if grain == "h":
        instants = ds.dt.tz_localize("UTC")
        return instants, instants.dt.tz_convert(timezone).dt.tz_localize(None).dt.normalize()
    # where midnight comes twice the day begins with the first; where it is skipped, right after
    local = ds.dt.tz_localize(
        timezone, ambiguous=np.ones(len(ds), dtype=bool), nonexistent="shift_forward"
    )
    return local.dt.tz_convert("UTC"), ds


def last_days(ds: pd.Series, *, grain: str, timezone: str) -> pd.Series:
    """The account day on which each step ends.

    >>> last_days(pd.Series(pd.to_datetime(["2026-02-01"])), grain="MS", timezone="UTC")[0]
    Timestamp('2026-02-28 00:00:00')
    """
    if grain == "MS":
        return ds + pd.offsets.MonthEnd(0)
    if grain == "W":
        return ds + pd.Timedelta(days=6)
    return step_starts(ds, grain=grain, timezone=timezone)[1]


def whole_steps(
    daily: pd.DataFrame, *, grain: str, first: pd.Timestamp, last: pd.Timestamp
) -> pd.DataFrame:
    """Days summed to weeks from Monday, or to months; only those that are whole.

    Args:
        daily: one row per (unique_id, ds), with y; a day that is no row counts as 0.
        grain: D, W or MS.
        first: the first day that is known.
        last: the last one.

    Returns:
        One row per (unique_id, ds), ds the first day of the step.
    """
    if grain == "D":
        return daily
    days = daily["ds"]
    if grain == "W":
        starts = days - pd.to_timedelta(days.dt.weekday, unit="D")
        ends = starts + pd.Timedelta(days=6)
    else:
        starts = days - pd.to_timedelta(days.dt.day - 1, unit="D")
        ends = days + pd.offsets.MonthEnd(0)
    whole = (starts >= first) & (ends <= last)
    summed = daily.assign(ds=starts)[whole]
    steps: pd.DataFrame = summed.groupby(["unique_id", "ds"], as_index=False)["y"].sum()
    return steps
