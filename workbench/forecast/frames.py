"""The long frames that models read: a checked history, and the days ahead of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from workbench.errors import ContractBroken, DataMissing, InputInvalid

__all__ = ["checked_series", "floors", "future_frame", "regressors"]

_DAY = pd.Timedelta(days=1)
_NOT_REGRESSORS = {"unique_id", "ds", "y", "holiday"}


def regressors(frame: pd.DataFrame) -> list[str]:
    """Columns known in advance, other than the holiday's name."""
    return [str(column) for column in frame.columns if column not in _NOT_REGRESSORS]


def floors(series: pd.DataFrame) -> pd.Series:
    """By unique_id, what a forecast cannot fall below: 0 where the series never did, else -inf."""
    never_negative = series.groupby("unique_id")["y"].min() >= 0
    return never_negative.map({True: 0.0, False: -np.inf})


def checked_series(series: pd.DataFrame) -> pd.DataFrame:
    """The same frame, sorted, its index counted from 0, once it is fit to be forecast.

    Args:
        series: one row per (unique_id, ds); ds datetime64[ns] without time zone, every day from a
            series' first to its last; y a finite number in any unit. A column ``holiday`` holds
            the day's name or ""; further columns are numbers known in advance.

    Raises:
        ContractBroken: a column is missing, has the wrong type, or a day stands there twice.
        DataMissing: there is no row, a day is missing, or a number is not finite.
    """
    _check_columns(series)
    if series.empty:
        raise DataMissing("there is no series to forecast", hint="load a longer range of days")
    ordered = series.sort_values(["unique_id", "ds"], ignore_index=True)
    _check_numbers(ordered)
    _check_days(ordered)
    return ordered


def future_frame(
    series: pd.DataFrame, *, h: int, known: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The h days after the end of each series, with what is known about them.

    Args:
        series: one row per (unique_id, ds), sorted by ds.
        h: days ahead, at least 1.
        known: one row per (unique_id, ds) that covers those days and carries every further column
            of the series except y; not needed when there is none.

    Returns:
        One row per (unique_id, ds), sorted, columns in the order of the series, without y.

    Raises:
        InputInvalid: h is below 1.
        ContractBroken: a column of the series is not in ``known``.
        DataMissing: ``known`` has no value for one of the days.
    """
    if h < 1:
        raise InputInvalid(f"h is {h}", hint="forecast at least 1 day ahead")
    last = series.groupby("unique_id", sort=True)["ds"].max()
    future = pd.DataFrame(
        {
            "unique_id": np.repeat(last.index.to_numpy(), h),
            "ds": np.repeat(last.to_numpy(), h) + np.tile(np.arange(1, h + 1), len(last)) * _DAY,
        }
    )
    wanted = [str(column) for column in series.columns if column not in ("unique_id", "ds", "y")]
    if not wanted:
        return future
    return _with_known(future, known=future if known is None else known, wanted=wanted)


def _with_known(future: pd.DataFrame, *, known: pd.DataFrame, wanted: list[str]) -> pd.DataFrame:
    for column in wanted:
        if column not in known.columns:
            raise ContractBroken(
                f"the series has {column!r}, the days ahead do not",
                hint=f"pass future=, a frame with unique_id, ds and {column}",
            )
    joined = future.merge(known, on=["unique_id", "ds"], how="left", validate="one_to_one")
    for column in wanted:
        if (missing := joined[column].isna()).any():
            row = joined[missing].iloc[0]
            raise DataMissing(
                f"{row.unique_id}: {column} is not known for {row.ds.date()}",
                hint=f"give {column} for every day of the horizon, or drop the column",
            )
    return joined[["unique_id", "ds", *wanted]]


def _check_columns(series: pd.DataFrame) -> None:
    if missing := {"unique_id", "ds", "y"} - set(series.columns):
        raise ContractBroken(
            f"the series has no column {sorted(missing)[0]!r}",
            hint="name the columns unique_id, ds and y",
        )
    if series["ds"].dtype != np.dtype("datetime64[ns]"):
        raise ContractBroken(
            f"ds is {series['ds'].dtype}",
            hint='days without time zone: frame["ds"].astype("datetime64[ns]")',
        )
    for column in ("y", *regressors(series)):
        if not is_numeric_dtype(series[column]):
            raise ContractBroken(
                f"{column} is {series[column].dtype}, not a number",
                hint=f'frame["{column}"].astype(float)',
            )


def _check_numbers(series: pd.DataFrame) -> None:
    for column in ("y", *regressors(series)):
        finite = np.isfinite(series[column].to_numpy(dtype=float, na_value=np.nan))
        if not finite.all():
            row = series[~finite].iloc[0]
            raise DataMissing(
                f"{row.unique_id}: {column} is {row[column]} on {row.ds.date()}",
                hint="fill it with a number that is true, such as 0 for a day without revenue",
            )


def _check_days(series: pd.DataFrame) -> None:
    ds = series["ds"]
    before = ds.groupby(series["unique_id"]).shift()
    ahead = ds - before
    if (twice := ahead == pd.Timedelta(0)).any():
        row = series[twice].iloc[0]
        raise ContractBroken(
            f"{row.unique_id} has {row.ds.date()} twice", hint="sum to one row per day"
        )
    if (gap := before.notna() & (ahead != _DAY)).any():
        uid, missing = series.loc[gap, "unique_id"].iloc[0], before[gap].iloc[0] + _DAY
        raise DataMissing(
            f"{uid} has no row for {missing.date()}",
            hint="fill the missing days, with 0 where nothing was earned",
        )
