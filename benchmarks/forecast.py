"""How good and how fast are the forecasts, on public series whose published errors are known?

    .venv/bin/python benchmarks/forecast.py DATA
    .venv/bin/python benchmarks/forecast.py DATA --sets weekly hourly --sample 50
    .venv/bin/python benchmarks/forecast.py DATA --only combination
    .venv/bin/python benchmarks/forecast.py DATA --before 52
    .venv/bin/python benchmarks/forecast.py --speed

DATA holds the folders m4, nn5 and us_births. First the measure itself is proven: Naive2 and
seasonal naive have to come out as published. Then one configuration forecasts every set; beside it
stand seasonal naive, Prophet, and AutoETS, AutoARIMA, the optimised theta and AutoCES of
statsforecast with their mean, on the same series in the same run, with the processor seconds of
each, children included, and how many times cheaper than Prophet that is. ``--sample`` takes some
series of each set, always the same, so that all of them end in minutes. ``--before`` moves every
set back into its training part: on such origins candidates are chosen, never on the test.
``--speed`` times the whole job for 1,000 daily series of two years, on two processes. Set
OPENBLAS_NUM_THREADS=1: the matrices are small, more threads wait for each other and count as
processor seconds.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from forecast_competitors import COMPETITORS, FOUR, MEAN_OF_FOUR
from forecast_data import (
    LOOKED_AT,
    SETS,
    Scores,
    TestSet,
    daily_series,
    naive2,
    read_set,
    scores_of,
    seasonal_naive_of,
)
from measuring import MB, Meter, Watch
from numpy.typing import NDArray

from workbench.executor import Workers
from workbench.forecast import ForecastResult, forecast
from workbench.outlooks import Asked, forecast_series

Floats = NDArray[np.float64]

COMBINATION = "combination"

# published by the M4 competition (sMAPE, MASE of Naive2), and by Godahewa et al. (2021), Monash
# Time Series Forecasting Archive (MASE of seasonal naive)
NAIVE2 = {"weekly": Scores(9.161, 2.777), "hourly": Scores(18.383, 2.395)}
SEASONAL_NAIVE = {"nn5": 1.025, "births": 1.700}


def main() -> int:
    """Print what was measured."""
    asked = _arguments()
    if asked.speed:
        _speed(count=asked.series, processes=asked.processes)
    if asked.data is None:
        return 0
    sets = [read_set(name, folder=asked.data) for name in asked.sets]
    published = [_is_published(chosen) for chosen in sets]  # every set is told
    if not all(published):
        return 1
    for whole in sets:
        chosen = whole.before(asked.before) if asked.before else whole
        chosen = chosen.sample(asked.sample) if asked.sample else chosen
        print(f"\n{_what(chosen, of=len(whole.train), before=asked.before)}")
        _measure(chosen, only=asked.only or (*COMPETITORS, MEAN_OF_FOUR, COMBINATION))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", help="folder of m4, nn5 and us_births")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    names = (*COMPETITORS, MEAN_OF_FOUR, COMBINATION)
    parser.add_argument("--only", nargs="+", choices=names, help="some of those compared")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="series of each set")
    parser.add_argument("--before", type=int, default=0, help="steps back into the training part")
    parser.add_argument("--speed", action="store_true", help="time 1,000 daily series")
    parser.add_argument("--series", type=int, default=1000, help="how many, with --speed")
    parser.add_argument("--processes", type=int, default=2, help="with --speed")
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


def _what(chosen: TestSet, *, of: int, before: int) -> str:
    count = len(chosen.train)
    series = f"{count} series" if count == of else f"{count} of {of} series"
    steps = f"{before} steps before its test" if before else "its test"
    return (
        f"{chosen.name}: {series}, h {chosen.h}, {steps}\n"
        f"  looked at during development: {LOOKED_AT[chosen.name]}"
    )


def _measure(chosen: TestSet, *, only: Sequence[str]) -> None:
    naive = _scores(naive2(chosen.train, h=chosen.h, season_length=chosen.season_length), chosen)
    print(f"{'':28}{'sMAPE':>8}{'MASE':>8}{'OWA':>8}{'CPU s':>9}{'a series':>10}{'Prophet /':>11}")
    prophet = None
    for name, y_hat, cost in _competitors(chosen, only=only):
        prophet = cost if name == "Prophet" else prophet
        _row(name, y_hat, chosen, naive, cost, prophet=prophet)
    if COMBINATION in only:
        meter = Meter({"job": os.getpid()})
        result = _job(chosen)
        cost = meter.cost().processor["job"]
        y_hat = _wide(result.predictions, chosen)
        _row(COMBINATION, y_hat, chosen, naive, cost, prophet=prophet)
        best = result.members.merge(result.champions, on=["unique_id", "model"])
        if best["unique_id"].nunique() == len(chosen.train):
            _row("champion alone", _wide(best, chosen), chosen, naive, cost, prophet=prophet)
        _members(result, chosen, naive)
        _intervals(result, chosen)


def _competitors(chosen: TestSet, *, only: Sequence[str]) -> Iterator[tuple[str, Floats, float]]:
    """Of each its name, its forecasts and processor seconds, children included."""
    four: list[tuple[Floats, float]] = []
    for name, competitor in COMPETITORS.items():
        is_of_mean = name in FOUR and MEAN_OF_FOUR in only
        if name in only or is_of_mean:
            meter = Meter({"job": os.getpid()})
            y_hat = competitor(chosen)
            cost = meter.cost().processor["job"]
            if name in only:
                yield name, y_hat, cost
            if is_of_mean:
                four.append((y_hat, cost))
    if four:
        mean = np.mean([y_hat for y_hat, _ in four], axis=0)
        yield MEAN_OF_FOUR, mean, sum(cost for _, cost in four)


def _job(chosen: TestSet) -> ForecastResult:
    return forecast(chosen.series, h=chosen.h, seed=0, freq=chosen.freq, country=chosen.country)


def _members(result: ForecastResult, chosen: TestSet, naive: Scores) -> None:
    shares = result.weights.groupby("model")["weight"].mean()
    for name, share in shares.sort_values(ascending=False).items():
        mine = result.members[result.members["model"] == name]
        if mine["unique_id"].nunique() < len(chosen.train):
            print(f"  {name:26}{'not for all series':>24}   weight {share:.3f}")
        else:
            note = f"   weight {share:.3f}"
            _row(f"  {name}", _wide(mine, chosen), chosen, naive, None, note=note)


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
    *,
    prophet: float | None = None,
    note: str = "",
) -> None:
    got = _scores(y_hat, chosen)
    numbers = f"{got.smape:8.3f}{got.mase:8.3f}{got.owa(naive):8.3f}"
    took = "" if cost is None else f"{cost:9.2f}{cost / len(chosen.train):10.4f}"
    if cost and prophet:
        took += f"{prophet / cost:10.1f}x"
    print(f"{name:28}{numbers}{took}{note}", flush=True)


def _scores(y_hat: Floats, chosen: TestSet) -> Scores:
    return scores_of(
        y_hat, test=chosen.test, train=chosen.train, season_length=chosen.season_length
    )


def _wide(predictions: pd.DataFrame, chosen: TestSet, *, column: str = "y_hat") -> Floats:
    ordered = predictions.sort_values(["unique_id", "step"])
    return ordered[column].to_numpy().reshape(len(chosen.train), chosen.h)


def _speed(*, count: int, processes: int) -> None:
    """The whole job, from a frame of series to frames of forecasts, starting processes included."""
    series, asked = daily_series(count), Asked(horizon=28, origins=3)
    watch, meter = Watch(os.getpid()), Meter({"job": os.getpid()})
    try:
        done = forecast_series(series, asked=asked, workers=Workers(processes))
        cost = meter.cost()
    finally:
        watch.stop()
    days, models = series["ds"].nunique(), done.result.weights["model"].nunique()
    print(
        f"{count:,} daily series of {days} days, {models} candidates, 3 origins, "
        f"{processes} processes: {cost.seconds:.1f} s, {count / cost.seconds:.0f} series a second, "
        f"{cost.processor['job']:.1f} CPU s, peak memory {watch.peak / MB:.0f} MB "
        f"(children included); machine load {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores"
    )


if __name__ == "__main__":
    sys.exit(main())
