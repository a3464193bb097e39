"""The long frames that a forecast reads: a checked history, and the steps ahead of it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_integer_dtype, is_numeric_dtype

from workbench.errors import ContractBroken, DataMissing, InputInvalid

__all__ = ["FREQUENCIES", "checked_series", "future_frame", "regressors", "seasons_of"]

_NOT_REGRESSORS = {"unique_id", "ds", "y", "holiday"}
_YEAR_OF_DAYS = 365.25

# by frequency, as pandas writes it: what a step is called, and the seasons in steps
FREQUENCIES: Mapping[str, tuple[str, tuple[float, ...]]] = MappingProxyType(
    {
        "h": ("hour", (24, 168)),
        "D": ("day", (7, _YEAR_OF_DAYS)),
        "W": ("week", (_YEAR_OF_DAYS / 7,)),
        "MS": ("month", (12,)),
    }
)


def seasons_of(freq: str) -> tuple[float, ...]:
    """The seasons of a frequency in steps, the shortest first.

    Raises:
        InputInvalid: there is no such frequency.
    """
    if freq not in FREQUENCIES:
        known = ", ".join(f"{name} ({step})" for name, (step, _) in FREQUENCIES.items())
        raise InputInvalid(f"freq is {freq!r}", hint=f"pass one of {known}")
    return FREQUENCIES[freq][1]


def regressors(frame: pd.DataFrame) -> list[str]:
    """Columns known in advance, other than the holiday's name."""
    return [str(column) for column in frame.columns if column not in _NOT_REGRESSORS]


def checked_series(series: pd.DataFrame, *, freq: str) -> pd.DataFrame:
    """The same frame, sorted, its index counted from 0, once it is fit to be forecast.

    Args:
        series: one row per (unique_id, ds); ds the start of each step, datetime64[ns] without time
            zone, or whole numbers where the steps have no date; every step from a series' first to
            its last; y a finite number in any unit. A column ``holiday`` holds the step's name or
            ""; further columns are numbers known in advance.
        freq: of the steps, see ``FREQUENCIES``; whole numbers always follow each other by one.

    Raises:
        ContractBroken: a column is missing, has the wrong type, or a step stands there twice.
        DataMissing: there is no row, a step is missing, or a number is not finite.
        InputInvalid: there is no such frequency.
    """
    seasons_of(freq)
    _check_columns(series)
    if series.empty:
        raise DataMissing("there is no series to forecast", hint="load a longer range of days")
    ordered = series.sort_values(["unique_id", "ds"], ignore_index=True)
    _check_numbers(ordered)
    _check_steps(ordered, freq=freq)
    return ordered


def future_frame(
    series: pd.DataFrame, *, h: int, freq: str, known: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The h steps after the end of each series, with what is known about them.

    Args:
        series: one row per (unique_id, ds), sorted by ds.
        h: steps ahead, at least 1.
        freq: of the steps, see ``FREQUENCIES``.
        known: one row per (unique_id, ds) that covers those steps and carries every further column
            of the series except y; not needed when there is none.

    Returns:
        One row per (unique_id, ds), sorted, columns in the order of the series, without y.

    Raises:
        InputInvalid: h is below 1.
        ContractBroken: a column of the series is not in ``known``.
        DataMissing: ``known`` has no value for one of the steps.
    """
    if h < 1:
        raise InputInvalid(f"h is {h}", hint="forecast at least 1 step ahead")
    last = series.groupby("unique_id", sort=True)["ds"].max()
    future = pd.DataFrame(
        {
            "unique_id": np.repeat(last.index.to_numpy(), h),
            "ds": _steps_after(last.to_numpy(), h=h, freq=freq).ravel(),
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
                f"the series has {column!r}, the steps ahead do not",
                hint=f"pass future=, a frame with unique_id, ds and {column}",
            )
    joined = future.merge(known, on=["unique_id", "ds"], how="left", validate="one_to_one")
    for column in wanted:
        if (missing := joined[column].isna()).any():
            row = joined[missing].iloc[0]
            raise DataMissing(
                f"{row.unique_id}: {column} is not known for {_step_text(row.ds)}",
                hint=f"give {column} for every step of the horizon, or drop the column",
            )
    return joined[["unique_id", "ds", *wanted]]


def _check_columns(series: pd.DataFrame) -> None:
    if missing := {"unique_id", "ds", "y"} - set(series.columns):
        raise ContractBroken(
            f"the series has no column {sorted(missing)[0]!r}",
            hint="name the columns unique_id, ds and y",
        )
    ds = series["ds"]
    if ds.dtype != np.dtype("datetime64[ns]") and not is_integer_dtype(ds):
        raise ContractBroken(
            f"ds is {ds.dtype}",
            hint='dates without time zone: frame["ds"].astype("datetime64[ns]"), or whole numbers',
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
                f"{row.unique_id}: {column} is {row[column]} on {_step_text(row.ds)}",
                hint="fill it with a number that is true, such as 0 for a day without revenue",
            )


def _check_steps(series: pd.DataFrame, *, freq: str) -> None:
    ds = series["ds"]
    before = ds.groupby(series["unique_id"]).shift()
    first = before.isna()
    if (twice := ~first & (ds == before)).any():
        row = series[twice].iloc[0]
        raise ContractBroken(
            f"{row.unique_id} has {_step_text(row.ds)} twice", hint="sum to one row per step"
        )
    due = _steps_after(before[~first].astype(ds.dtype).to_numpy(), h=1, freq=freq).ravel()
    late = ds[~first].to_numpy() != due
    if late.any():
        at = np.flatnonzero(late)[0]
        uid = series.loc[~first, "unique_id"].iloc[at]
        raise DataMissing(
            f"{uid} has no row for {_step_text(pd.Series(due).iloc[at])}",
            hint="fill the missing steps, with 0 where nothing was earned",
        )


def _steps_after(last: NDArray[Any], *, h: int, freq: str) -> NDArray[Any]:
    """(n, h) the starts of the h steps after each."""
    ahead = np.arange(1, h + 1)
    steps: NDArray[Any]
    if last.dtype.kind != "M":
        steps = last[:, None] + ahead
        return steps
    if freq == "MS":
        steps = last[:, None].astype("datetime64[M]") + ahead
        return steps.astype("datetime64[ns]")
    width = {"h": np.timedelta64(1, "h"), "D": np.timedelta64(1, "D"), "W": np.timedelta64(7, "D")}
    steps = last[:, None] + ahead * width[freq]
    return steps.astype("datetime64[ns]")


def _step_text(ds: object) -> str:
    if not isinstance(ds, pd.Timestamp):
        return f"step {ds}"
    return str(ds.date()) if ds == ds.normalize() else f"{ds:%Y-%m-%d %H:%M}"
