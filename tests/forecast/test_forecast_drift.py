"""Drift: forecasts that have become worse are found, and those that have not are left alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.forecast.drift import DRIFT_STEPS, drift

# of a normal distribution with standard deviation 1
MAE, Z_80 = np.sqrt(2 / np.pi), 1.2815515655446004


def misses(error: np.ndarray, *, uid: str = "revenue", width: float = Z_80) -> pd.DataFrame:
    """What happened beside forecasts of 100, whose backtest promised normal errors of size 1."""
    return pd.DataFrame(
        {
            "unique_id": uid,
            "grain": "D",
            "y": 100 + error,
            "y_hat": 100.0,
            "lo_80": 100 - width,
            "hi_80": 100 + width,
            "mae": MAE,
            "coverage": 0.8,
        }
    )


def normal(seed: int, *, r: float = 0.0) -> np.ndarray:
    """Errors as promised, each like the one before by r."""
    rng = np.random.default_rng(seed)
    error = rng.normal(size=DRIFT_STEPS)
    for at in range(1, DRIFT_STEPS):
        error[at] = r * error[at - 1] + np.sqrt(1 - r**2) * error[at]
    return error


def share_found(errors: list[np.ndarray]) -> float:
    judged = drift(pd.concat([misses(e, uid=f"{at:04}") for at, e in enumerate(errors)]))
    assert len(judged) == len(errors)
    return float(judged["is_drifting"].mean())


@pytest.mark.parametrize("r", [0.0, 0.6])
def test_forecasts_as_good_as_promised_raise_no_more_alarms_than_said(r: float) -> None:
    # two tests at one in a hundred each; errors alike in a row may not make it many times that
    assert share_found([normal(seed, r=r) for seed in range(400)]) <= (0.02 if r == 0 else 0.05)


def test_errors_twice_as_large_are_found() -> None:
    assert share_found([2 * normal(seed) for seed in range(200)]) > 0.9


def test_intervals_that_are_too_narrow_are_found_though_the_error_is_as_promised() -> None:
    judged = drift(misses(normal(1), width=0.4))
    assert judged["is_drifting"].tolist() == [True]
    assert judged["reason"][0].startswith("the 80 % interval held ")
    inside = (np.abs(normal(1)) <= 0.4).mean()
    assert judged["coverage_80"][0] == pytest.approx(inside)


def test_the_numbers_are_those_of_the_rows() -> None:
    error = 3 * normal(7)
    row = drift(misses(error)).iloc[0]
    assert row["n"] == DRIFT_STEPS
    assert row["mae_ratio"] == pytest.approx(np.abs(error).mean() / MAE)
    assert row["reason"].startswith(f"the error is {np.abs(error).mean() / MAE:.1f} times")


def test_series_and_grains_are_judged_apart() -> None:
    both = pd.concat(
        [
            misses(normal(1)),
            misses(5 * normal(2)).assign(grain="W"),
            misses(normal(3), uid="orders"),
        ]
    )
    judged = drift(both).set_index(["unique_id", "grain"])["is_drifting"]
    assert judged.to_dict() == {
        ("orders", "D"): False, ("revenue", "D"): False, ("revenue", "W"): True
    }  # fmt: skip


def test_what_cannot_be_judged_says_why() -> None:
    few = drift(misses(5 * normal(1)).head(13)).iloc[0]
    assert not few["is_drifting"]
    assert few["reason"] == "13 steps are too few to tell: 14 are needed"
    unknown = drift(misses(5 * normal(1)).assign(mae=np.nan)).iloc[0]
    assert unknown["reason"] == "the backtest knows no error to compare with"
    assert np.isnan(unknown["p_error"])
    assert drift(misses(normal(1)).head(0)).empty


def test_a_series_without_intervals_is_judged_by_its_error() -> None:
    row = drift(misses(3 * normal(0)).assign(lo_80=np.nan, hi_80=np.nan)).iloc[0]
    assert row["is_drifting"]
    assert np.isnan(row["coverage_80"])
