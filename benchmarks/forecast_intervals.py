"""Do the intervals hold what they promise, on windows that follow each other through public series?

    .venv/bin/python benchmarks/forecast_intervals.py DATA
    .venv/bin/python benchmarks/forecast_intervals.py DATA --sets weekly --windows 3 --origins 12

DATA holds the folders m4, nn5 and us_births. Each set is forecast from the start of its test and
from as many windows before it, side by side, as ``--windows`` says; each forecast sees only what
was known then. Told are, for 50, 80, 90 and 95 %, the share of steps inside and the mean scaled
interval score (MSIS: width, and 2 / (1 - level) for every unit outside, over the seasonal naive's
error), over all windows before the test and on the test; beside them the same of normal intervals
around the seasonal naive, and of the total of the whole horizon, whose intervals come from sample
paths.

Constants of the intervals were chosen on windows before the test, never on the test.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from forecast_data import SETS, TestSet, read_set, seasonal_naive_of
from numpy.typing import NDArray
from scipy.stats import norm

from workbench.forecast import LEVELS, forecast, forecast_totals

Floats = NDArray[np.float64]

SEASONS = {"W": 52, "h": 24, "D": 7}
WHO = ("combination", "seasonal naive", "total of the horizon")
_SHARE = np.array(LEVELS) / 100


def main() -> int:
    """Print what was measured."""
    asked = _arguments()
    for name in asked.sets:
        whole = read_set(name, folder=asked.data)
        began = time.perf_counter()
        judged = [_judged(whole, origins=asked.origins)]
        for window in range(1, asked.windows + 1):
            judged.append(_judged(whole.before(window * whole.h), origins=asked.origins))
        took = time.perf_counter() - began
        print(f"\n{name}: {len(whole.train)} series, h {whole.h}, {took:.0f} s")
        print(f"{'':42}{'inside %':^28}{'MSIS':^36}")
        header = "".join(f"{level:7}" for level in LEVELS)
        print(f"{'':42}{header}{''.join(f'{level:9}' for level in LEVELS)}")
        for who in WHO:
            _print(f"{who}, {asked.windows} windows before", [one[who] for one in judged[1:]])
            _print(f"{who}, test", [judged[0][who]])
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of m4, nn5 and us_births")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--windows", type=int, default=6, help="before the test")
    parser.add_argument("--origins", type=int, default=6, help="of each backtest")
    return parser.parse_args()


def _judged(chosen: TestSet, *, origins: int) -> dict[str, Floats]:
    """By who said it (2, levels): share of steps inside, and MSIS."""
    result = forecast(
        chosen.series,
        h=chosen.h,
        seed=0,
        freq=chosen.freq,
        country=chosen.country,
        origins=origins,
    )
    ahead = result.predictions.sort_values(["unique_id", "step"])
    totals = forecast_totals(result, seed=0)
    shape = (len(chosen.train), chosen.h)
    low, high = (
        np.stack([ahead[f"{side}_{level}"].to_numpy().reshape(shape) for level in LEVELS], axis=2)
        for side in ("lo", "hi")
    )
    low_total, high_total = (
        totals[[f"{side}_{level}" for level in LEVELS]].to_numpy()[:, None] for side in ("lo", "hi")
    )
    total = chosen.test.sum(axis=1, keepdims=True)
    return {
        "combination": _scores(low, high, y=chosen.test, chosen=chosen),
        "seasonal naive": _scores(*_normal_naive(chosen), y=chosen.test, chosen=chosen),
        "total of the horizon": _scores(low_total, high_total, y=total, chosen=chosen),
    }


def _normal_naive(chosen: TestSet) -> tuple[Floats, Floats]:
    """Source: Hyndman & Athanasopoulos, Forecasting 3e, section 5.5, seasonal naive."""
    m = SEASONS[chosen.freq]
    middle = seasonal_naive_of(chosen.train, h=chosen.h, season_length=m)
    size = np.array([np.sqrt(np.mean((y[m:] - y[:-m]) ** 2)) for y in chosen.train])
    grows = np.sqrt(np.arange(chosen.h) // m + 1)
    half = size[:, None, None] * grows[:, None] * norm.ppf((1 + _SHARE) / 2)
    return middle[:, :, None] - half, middle[:, :, None] + half


def _scores(low: Floats, high: Floats, *, y: Floats, chosen: TestSet) -> Floats:
    m = chosen.season_length
    scale = np.array([np.abs(past[m:] - past[:-m]).mean() for past in chosen.train])
    below, above = np.maximum(low - y[:, :, None], 0), np.maximum(y[:, :, None] - high, 0)
    score = (high - low + 2 / (1 - _SHARE) * (below + above)).mean(axis=1)
    moving = scale > 0  # a series that repeats itself exactly has no scaled score
    inside = 100 * ((below == 0) & (above == 0)).mean(axis=(0, 1))
    return np.stack([inside, (score[moving] / scale[moving, None]).mean(axis=0)])


def _print(name: str, judged: list[Floats]) -> None:
    if judged:
        inside, score = np.mean(judged, axis=0)
        numbers = "".join(f"{share:7.1f}" for share in inside)
        print(f"{name:42}{numbers}{''.join(f'{value:9.2f}' for value in score)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
