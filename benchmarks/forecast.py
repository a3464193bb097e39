"""How good and how fast are the forecasts, on public series whose published errors are known?

    .venv/bin/python benchmarks/forecast.py DATA
    .venv/bin/python benchmarks/forecast.py DATA --sets weekly hourly --only combination
    .venv/bin/python benchmarks/forecast.py DATA --before 52
    .venv/bin/python benchmarks/forecast.py --speed

DATA holds the folders m4, nn5 and us_births. First the measure itself is proven: Naive2 and
seasonal naive have to come out as published. Then one configuration forecasts every set; beside it
stand seasonal naive and the competitors on the same series in the same run, with the processor
seconds of each, children included. ``--before`` moves every set back into its training part: on
such origins candidates are chosen, never on the test. ``--speed`` times the whole job for 1,000
daily series of two years. Set OPENBLAS_NUM_THREADS=1: the matrices are small, more threads wait for
each other and count as processor seconds.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from forecast_data import SETS, Scores, TestSet, naive2, read_set, scores_of, seasonal_naive_of
from numpy.typing import NDArray

from workbench.forecast import ForecastResult, forecast

Floats = NDArray[np.float64]
Competitor = Callable[[TestSet], Floats]

# published by the M4 competition (sMAPE, MASE of Naive2), and by Godahewa et al. (2021), Monash
# Time Series Forecasting Archive (MASE of seasonal naive)
NAIVE2 = {"weekly": Scores(9.161, 2.777), "hourly": Scores(18.383, 2.395)}
SEASONAL_NAIVE = {"nn5": 1.025, "births": 1.700}

# whoever is to be compared, by name: from a set to (n, h); measured on the same series
COMPETITORS: Mapping[str, Competitor] = {
    "seasonal naive": lambda chosen: seasonal_naive_of(
        chosen.train, h=chosen.h, season_length={"W": 52, "h": 24, "D": 7}[chosen.freq]
    ),
}


def main() -> int:
    """Print what was measured."""
    asked = _arguments()
    if asked.speed:
        _speed(series=asked.series)
    if asked.data is None:
        return 0
    sets = [read_set(name, folder=asked.data) for name in asked.sets]
    published = [_is_published(chosen) for chosen in sets]  # every set is told
    if not all(published):
        return 1
    for chosen in sets:
        _measure(chosen.before(asked.before) if asked.before else chosen, only=asked.only)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", help="folder of m4, nn5 and us_births")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--only", nargs="+", help="of the combination and the competitors")
    parser.add_argument("--before", type=int, default=0, help="steps back into the training part")
    parser.add_argument("--speed", action="store_true", help="time 1,000 daily series")
    parser.add_argument("--series", type=int, default=1000, help="how many, with --speed")
    return parser.parse_args()


def _is_published(chosen: TestSet) -> bool:
    """Whether the measure gives the published numbers for the forecasts that cannot differ."""
    h, m = chosen.h, chosen.season_length
    told, want = [], []
    if chosen.name in NAIVE2:
        got = _scores(naive2(chosen.train, h=h, season_length=m), chosen)
        told, want = [got.smape, got.mase], [NAIVE2[chosen.name].smape, NAIVE2[chosen.name].mase]
    else:
        got = _scores(seasonal_naive_of(chosen.train, h=h, season_length=m), chosen)
        told, want = [got.mase], [SEASONAL_NAIVE[chosen.name]]
    same = bool(np.allclose(told, want, atol=6e-4))
    numbers = ", ".join(f"{value:.3f}" for value in told)
    verdict = "as published" if same else f"but {want} published"
    print(f"protocol {chosen.name}: {numbers} {verdict}")
    return same


def _measure(chosen: TestSet, *, only: list[str] | None) -> None:
    naive = _scores(naive2(chosen.train, h=chosen.h, season_length=chosen.season_length), chosen)
    print(f"\n{chosen.name}: {len(chosen.train)} series, h {chosen.h}")
    print(f"{'':28}{'sMAPE':>8}{'MASE':>8}{'OWA':>8}{'CPU s':>9}{'a series':>10}")
    for name, competitor in COMPETITORS.items():
        if only is None or name in only:
            began = _processor()
            y_hat = competitor(chosen)
            _row(name, y_hat, chosen, naive, _processor() - began)
    if only is None or "combination" in only:
        began = _processor()
        result = _job(chosen)
        cost = _processor() - began
        _row("combination", _wide(result.predictions, chosen), chosen, naive, cost)
        best = result.members.merge(result.champions, on=["unique_id", "model"])
        if best["unique_id"].nunique() == len(chosen.train):
            _row("champion alone", _wide(best, chosen), chosen, naive, cost)
        _members(result, chosen, naive)
        _intervals(result, chosen)
    print(f"peak memory {_peak():.0f} MB")


def _job(chosen: TestSet) -> ForecastResult:
    return forecast(chosen.series, h=chosen.h, seed=0, freq=chosen.freq, country=chosen.country)


def _members(result: ForecastResult, chosen: TestSet, naive: Scores) -> None:
    shares = result.weights.groupby("model")["weight"].mean()
    for name, share in shares.sort_values(ascending=False).items():
        mine = result.members[result.members["model"] == name]
        if mine["unique_id"].nunique() < len(chosen.train):
            print(f"  {name:26}{'not for all series':>24}   weight {share:.3f}")
        else:
            _row(f"  {name}", _wide(mine, chosen), chosen, naive, None, f"   weight {share:.3f}")


def _intervals(result: ForecastResult, chosen: TestSet) -> None:
    backtested = result.coverage.groupby("level")["coverage"].mean()
    m = chosen.season_length
    scale = np.array([np.abs(y[m:] - y[:-m]).mean() for y in chosen.train])
    for level in (80, 95):
        low = _wide(result.predictions, chosen, column=f"lo_{level}")
        high = _wide(result.predictions, chosen, column=f"hi_{level}")
        below, above = np.maximum(low - chosen.test, 0), np.maximum(chosen.test - high, 0)
        score = (high - low + 2 / (1 - level / 100) * (below + above)).mean(axis=1) / scale
        print(
            f"  {level} %: covers {100 * ((below == 0) & (above == 0)).mean():.1f} % of the test, "
            f"{100 * backtested[level]:.1f} % of the backtest; MSIS {np.nanmean(score):.2f}"
        )


def _row(
    name: str,
    y_hat: Floats,
    chosen: TestSet,
    naive: Scores,
    cost: float | None,
    note: str = "",
) -> None:
    got = _scores(y_hat, chosen)
    numbers = f"{got.smape:8.3f}{got.mase:8.3f}{got.owa(naive):8.3f}"
    took = "" if cost is None else f"{cost:9.2f}{cost / len(chosen.train):10.4f}"
    print(f"{name:28}{numbers}{took}{note}", flush=True)


def _scores(y_hat: Floats, chosen: TestSet) -> Scores:
    return scores_of(
        y_hat, test=chosen.test, train=chosen.train, season_length=chosen.season_length
    )


def _wide(predictions: pd.DataFrame, chosen: TestSet, *, column: str = "y_hat") -> Floats:
    ordered = predictions.sort_values(["unique_id", "step"])
    return ordered[column].to_numpy().reshape(len(chosen.train), chosen.h)


def _speed(*, series: int, days: int = 735) -> None:
    """The whole job for daily series with a week, a year, a trend and noise."""
    rng = np.random.default_rng(0)
    ds = pd.date_range("2024-01-01", periods=days).astype("datetime64[ns]")
    time_of = np.arange(days)
    week = rng.lognormal(0, 0.3, (series, 7))[:, time_of % 7]
    year = 1 + 0.3 * np.sin(2 * np.pi * (time_of / 365.25 + rng.random((series, 1))))
    level = np.exp(np.cumsum(rng.normal(0, 0.01, (series, days)), axis=1))
    y = 1000 * level * week * year * rng.lognormal(0, 0.2, (series, days))
    names = np.array([f"series_{at:05}" for at in range(series)], dtype=object)
    frame = pd.DataFrame(
        {"unique_id": np.repeat(names, days), "ds": np.tile(ds, series), "y": y.ravel()}
    )
    began, spent = time.perf_counter(), _processor()
    result = forecast(frame, h=28, seed=0, origins=3)
    seconds, cost = time.perf_counter() - began, _processor() - spent
    models = result.weights["model"].nunique()
    print(
        f"{series} daily series of {days} days, {models} candidates, 3 origins: {seconds:.1f} s, "
        f"{series / seconds:.0f} series a second, {cost:.1f} CPU s, peak {_peak():.0f} MB"
    )


def _processor() -> float:
    """Processor seconds of this process and of its children that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def _peak() -> float:
    """The most memory that this process held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    sys.exit(main())
