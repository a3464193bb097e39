"""Paths have the bounds at each step and the dependence over steps, so that sums are covered."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.errors import InputInvalid
from workbench.forecast import (
    LEVELS,
    Backtest,
    Panel,
    forecast,
    forecast_totals,
    naive,
    path_intervals,
    rolling_origins,
    sample_paths,
)
from workbench.forecast.conformal import conformal_bounds
from workbench.forecast.panel_forecast import PanelForecast


def planted(errors: np.ndarray, *, level: float = 0.0) -> PanelForecast:
    """The forecast of a panel whose past errors were those: it says ``level`` at every step."""
    n, k, h = errors.shape
    origins = rolling_origins(h=h, origins=k, step=h)
    panel = Panel(
        ids=np.array([f"s{row:03}" for row in range(n)], dtype=object),
        y=np.full((n, h * k + 1), level - 1 if level == 0 else level),
        ds=np.arange(h * (k + 1) + 1),
        h=h,
        seasons=(),
        known={},
        holiday=None,
    )
    past, y_hat = np.full(errors.shape, level), np.full((n, h), level)
    tested = Backtest(
        panel=panel,
        models=("m",),
        origins=origins,
        y=past + errors,
        y_hat=past[:, None],
        ahead=y_hat[:, None],
        dropped=pd.DataFrame(),
        recent=np.ones((n, 1)),
    )
    below, above = conformal_bounds(errors, scale=np.ones(n))
    lower = y_hat[:, :, None] - below
    return PanelForecast(
        tested=tested,
        weights=np.ones((n, 1)),
        y_hat=y_hat,
        past=past,
        lower=np.maximum(lower, 0.0) if level > 0 else lower,
        upper=y_hat[:, :, None] + above,
        coverage=np.full((n, len(LEVELS)), np.nan),
        scale=np.ones(n),
        unbounded=("",) * n,
    )


def ar_noise(rng: np.random.Generator, *, size: tuple[int, ...], phi: float) -> np.ndarray:
    """Noise with variance 1 whose every step remembers ``phi`` of the step before."""
    noise = rng.normal(size=size)
    noise[..., 1:] *= np.sqrt(1 - phi**2)
    for step in range(1, size[-1]):
        noise[..., step] += phi * noise[..., step - 1]
    return noise


def test_each_step_has_the_calibrated_bounds():
    done = planted(np.random.default_rng(0).normal(size=(3, 6, 10)))
    futures = sample_paths(done, rows=range(3), paths=4000, seed=1)
    for step in range(10):
        low, high = path_intervals(futures[:, :, step])
        assert low == pytest.approx(done.lower[:, step], abs=0.01)
        assert high == pytest.approx(done.upper[:, step], abs=0.01)


@pytest.mark.parametrize("phi", [0.0, 0.8])
def test_sums_of_many_series_are_covered_as_promised(phi):
    rng = np.random.default_rng(3)
    done = planted(ar_noise(rng, size=(150, 6, 14), phi=phi))
    futures = sample_paths(done, rows=range(150), paths=500, seed=1)
    low, high = path_intervals(futures.sum(axis=2))
    new = ar_noise(rng, size=(150, 200, 14), phi=phi).sum(axis=2)[:, :, None]
    inside = ((low[:, None] <= new) & (new <= high[:, None])).mean(axis=(0, 1))
    assert inside == pytest.approx(np.array(LEVELS) / 100, abs=0.04)


def test_sums_of_one_series_are_covered_as_promised():
    rng = np.random.default_rng(8)
    shares = []
    for _ in range(60):
        done = planted(ar_noise(rng, size=(1, 12, 14), phi=0.6))
        futures = sample_paths(done, rows=[0], paths=400, seed=1)
        low, high = path_intervals(futures.sum(axis=2))
        new = ar_noise(rng, size=(200, 14), phi=0.6).sum(axis=1)[:, None]
        shares.append(((low <= new) & (new <= high)).mean(axis=0))
    assert np.mean(shares, axis=0) == pytest.approx(np.array(LEVELS) / 100, abs=0.05)


def test_series_that_erred_together_stray_together():
    one = ar_noise(np.random.default_rng(5), size=(1, 12, 10), phi=0.3)
    apart = np.random.default_rng(6).normal(size=(1, 12, 10))
    done = planted(np.concatenate([one, one, -one, apart]))
    totals = sample_paths(done, rows=range(4), paths=1000, seed=2).sum(axis=2)
    together = np.corrcoef(totals)
    assert together[0, 1] > 0.5
    assert together[0, 2] < -0.5


def test_paths_depend_on_the_seed_alone():
    done = planted(np.random.default_rng(0).normal(size=(4, 5, 8)))
    whole = sample_paths(done, rows=range(4), paths=100, seed=1)
    assert np.array_equal(whole, sample_paths(done, rows=range(4), paths=100, seed=1))
    assert np.array_equal(whole[2:], sample_paths(done, rows=[2, 3], paths=100, seed=1))
    assert not np.array_equal(whole, sample_paths(done, rows=range(4), paths=100, seed=2))


def test_what_was_never_negative_stays_so():
    done = planted(np.random.default_rng(0).normal(size=(2, 6, 8)), level=0.5)
    assert sample_paths(done, rows=range(2), paths=500, seed=0).min() == 0.0


def test_without_bounds_there_are_no_paths():
    done = planted(np.full((1, 2, 3), np.nan))
    assert np.isnan(sample_paths(done, rows=[0], paths=100, seed=0)).all()


def test_too_few_paths_are_refused():
    done = planted(np.ones((1, 3, 4)))
    with pytest.raises(InputInvalid, match="paths is 99"):
        sample_paths(done, rows=[0], paths=99, seed=0)


def test_totals_by_month_are_those_of_the_steps(revenue):
    result = forecast(revenue, h=50, seed=0, models={"naive": naive})
    months = forecast_totals(result, seed=0, period="M")
    whole = forecast_totals(result, seed=0)
    assert months["steps"].tolist() == [30, 20]  # 2026-03-02 is the first day ahead
    sums = result.predictions.groupby(result.predictions["ds"].dt.to_period("M"))["y_hat"].sum()
    assert months["y_hat"].tolist() == pytest.approx(sums.tolist())
    assert whole["y_hat"].tolist() == pytest.approx([months["y_hat"].sum()])
    assert (months["lo_95"] <= months["lo_50"]).all()
    assert (months["hi_50"] <= months["hi_95"]).all()


def test_undated_steps_have_no_months(revenue):
    numbered = revenue.assign(ds=np.arange(len(revenue)))
    result = forecast(numbered, h=14, seed=0, models={"naive": naive})
    with pytest.raises(InputInvalid, match="period is 'M'"):
        forecast_totals(result, seed=0, period="M")
