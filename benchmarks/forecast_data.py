"""The public series that forecasts are measured on, and the measures of their competitions."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = [
    "LOOKED_AT",
    "SETS",
    "Scores",
    "TestSet",
    "daily_series",
    "naive2",
    "read_set",
    "scores_of",
    "seasonal_naive_of",
]

Floats = NDArray[np.float64]

SETS = ("weekly", "hourly", "nn5", "births")
# which windows were seen while candidates, weights and intervals were chosen
_SCORED = "the test has been scored to report it; families came from a prototype that had seen it"
LOOKED_AT = {
    "weekly": f"origins 13 to 52 weeks before the test; {_SCORED}",
    "hourly": f"origins 48 to 168 hours before the test; {_SCORED}",
    "nn5": f"origins 56 to 168 days before the test; {_SCORED}",
    "births": f"rolling origins before the test; {_SCORED}",
}
_SIGNIFICANT = 1.645  # the competition's test of a season, at 90 %


@dataclass(frozen=True, slots=True)
class TestSet:
    """Series with the steps that a forecast is judged by.

    Attributes:
        name: one of ``SETS``.
        series: one row per (unique_id, ds), sorted: what a forecast may see.
        train: the same values, one array a series.
        test: (n, h) what happened then.
        freq: of the steps.
        season_length: by which errors are scaled.
        country: whose holidays are known; None where the steps have no date or no country.
    """

    name: str
    series: pd.DataFrame
    train: tuple[Floats, ...]
    test: Floats
    freq: str
    season_length: int
    country: str | None = None

    @property
    def h(self) -> int:
        """Steps ahead."""
        return self.test.shape[1]

    def before(self, back: int) -> TestSet:
        """The set as it was ``back`` steps earlier, judged by what the training part says next.

        Series with fewer than 80 values by then are left out.
        """
        kept = [at for at, y in enumerate(self.train) if len(y) - back >= 80]
        ids = self.series["unique_id"].unique()[kept]
        mine = self.series[self.series["unique_id"].isin(ids)]
        cut = mine["ds"].sort_values().unique()[-back]
        train = [self.train[at] for at in kept]
        return TestSet(
            self.name,
            mine[mine["ds"] < cut].reset_index(drop=True),
            tuple(y[: len(y) - back] for y in train),
            np.stack([y[len(y) - back :][: self.h] for y in train]),
            self.freq,
            self.season_length,
            self.country,
        )

    def sample(self, count: int) -> TestSet:
        """So many of the series, always the same; a larger sample holds the smaller ones."""
        drawn = np.random.default_rng(0).permutation(len(self.train))[:count]
        kept = sorted(drawn.tolist())
        ids = self.series["unique_id"].unique()[kept]
        return replace(
            self,
            series=self.series[self.series["unique_id"].isin(ids)].reset_index(drop=True),
            train=tuple(self.train[at] for at in kept),
            test=self.test[kept],
        )


@dataclass(frozen=True, slots=True)
class Scores:
    """Means over series: sMAPE in percent, MASE."""

    smape: float
    mase: float

    def owa(self, naive: Scores) -> float:
        """The competition's overall weighted average, against Naive2."""
        return (self.smape / naive.smape + self.mase / naive.mase) / 2


def read_set(name: str, *, folder: Path) -> TestSet:
    """One of ``SETS``; the last steps of each series are the test, as its competition says."""
    if name in ("weekly", "hourly"):
        return _m4(name, folder=folder / "m4")
    if name == "nn5":
        wide = pd.read_csv(folder / "nn5" / "nn5_daily_wide_imputed_dow_median.csv")
        return _daily("nn5", wide.set_index("date"), h=56, country=None)
    births = pd.read_csv(folder / "us_births" / "births_usa_1969.csv")
    days = pd.to_datetime(births[["year", "month", "day"]])
    return _daily("births", births[["births"]].set_index(days), h=30, country="US")


def scores_of(
    y_hat: Floats, *, test: Floats, train: Sequence[Floats], season_length: int
) -> Scores:
    """Means over series of sMAPE and MASE, as the M4 competition defines them.

    Source: Makridakis, Spiliotis & Assimakopoulos (2020), The M4 Competition, section 2.
    """
    error = np.abs(test - y_hat)
    size = np.abs(test) + np.abs(y_hat)
    smape = 200 * np.divide(error, size, out=np.zeros(size.shape), where=size > 0)
    scale = np.array([np.abs(y[season_length:] - y[:-season_length]).mean() for y in train])
    return Scores(float(smape.mean()), float((error.mean(axis=1) / scale).mean()))


def seasonal_naive_of(train: Sequence[Floats], *, h: int, season_length: int) -> Floats:
    """(n, h) the last season of each series, repeated."""
    return np.stack([np.resize(y[-season_length:], h) for y in train])


def naive2(train: Sequence[Floats], *, h: int, season_length: int) -> Floats:
    """(n, h) the last value after a season that is significant has been divided out.

    Source: the M4 competition's own benchmark code: a season is tested by its autocorrelation at
    90 %, and removed by classical multiplicative decomposition.
    """
    return np.stack([_naive2(y, h=h, m=season_length) for y in train])


def _naive2(y: Floats, *, h: int, m: int) -> Floats:
    n = len(y)
    if m == 1 or n < 3 * m or not _is_seasonal(y, m=m):
        return np.repeat(y[-1], h)
    window = np.concatenate([[0.5], np.ones(m - 1), [0.5]]) / m if m % 2 == 0 else np.ones(m) / m
    trend = np.full(n, np.nan)
    middle = np.convolve(y, window, mode="valid")
    trend[(n - len(middle)) // 2 :][: len(middle)] = middle
    season = np.array([np.nanmean((y / trend)[phase::m]) for phase in range(m)])
    season = np.resize(season / season.mean(), n + h)
    said: Floats = y[-1] / season[n - 1] * season[n:]
    return said


def _is_seasonal(y: Floats, *, m: int) -> bool:
    gap = y - y.mean()
    at = np.array([(gap[:-lag] * gap[lag:]).sum() for lag in range(1, m + 1)]) / (gap**2).sum()
    limit = _SIGNIFICANT * np.sqrt((1 + 2 * (at[:-1] ** 2).sum()) / len(y))
    return bool(abs(at[-1]) > limit)


def _m4(name: str, *, folder: Path) -> TestSet:
    ids, train = _m4_rows(folder / f"{name.title()}-train.csv")
    _, test = _m4_rows(folder / f"{name.title()}-test.csv")
    # the series have no dates: they are laid side by side so that all end on step -1
    frames = [
        pd.DataFrame({"unique_id": uid, "ds": np.arange(-len(y), 0), "y": y})
        for uid, y in zip(ids, train, strict=True)
    ]
    series = pd.concat(frames, ignore_index=True)
    order = np.argsort(np.array(ids))
    series = series.sort_values(["unique_id", "ds"], ignore_index=True)
    freq, season_length = {"weekly": ("W", 1), "hourly": ("h", 24)}[name]
    return TestSet(
        name,
        series,
        tuple(train[at] for at in order),
        np.stack([test[at] for at in order]),
        freq,
        season_length,
    )


def _m4_rows(path: Path) -> tuple[list[str], list[Floats]]:
    with path.open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    return [row[0] for row in rows], [np.array([float(v) for v in row[1:] if v]) for row in rows]


def _daily(name: str, wide: pd.DataFrame, *, h: int, country: str | None) -> TestSet:
    wide.index = pd.to_datetime(wide.index).astype("datetime64[ns]").rename("ds")
    wide = wide[sorted(wide.columns)].astype(float)
    values = wide.to_numpy().T
    seen = wide.iloc[:-h].reset_index().melt(id_vars="ds", var_name="unique_id", value_name="y")
    return TestSet(
        name,
        seen.sort_values(["unique_id", "ds"], ignore_index=True),
        tuple(values[:, :-h]),
        values[:, -h:],
        "D",
        7,
        country,
    )


def daily_series(count: int, *, days: int = 735) -> pd.DataFrame:
    """Daily series with a week, a year, a level that wanders, and noise."""
    rng = np.random.default_rng(0)
    ds = pd.date_range("2024-01-01", periods=days).astype("datetime64[ns]")
    time_of = np.arange(days)
    week = rng.lognormal(0, 0.3, (count, 7))[:, time_of % 7]
    year = 1 + 0.3 * np.sin(2 * np.pi * (time_of / 365.25 + rng.random((count, 1))))
    level = np.exp(np.cumsum(rng.normal(0, 0.01, (count, days)), axis=1))
    y = 1000 * level * week * year * rng.lognormal(0, 0.2, (count, days))
    names = np.array([f"series_{at:05}" for at in range(count)], dtype=object)
    return pd.DataFrame(
        {"unique_id": np.repeat(names, days), "ds": np.tile(ds, count), "y": y.ravel()}
    )
