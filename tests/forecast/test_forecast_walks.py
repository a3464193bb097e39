"""Which series move like a random walk, and what that changes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import chi2, linregress

from workbench.forecast import Panel, backtest, forecast_panel, models_for, naive
from workbench.forecast.models.baselines import seasonal_naive
from workbench.forecast.walks import naive_parts, random_walks

T, H = 300, 14


def panel_of(y, *, seasons=(7.0,)):
    y = np.asarray(y, dtype=float)
    return Panel(
        ids=np.array([f"s{row:03d}" for row in range(len(y))], dtype=object),
        y=y,
        ds=np.arange(y.shape[1] + H),
        h=H,
        seasons=seasons,
        known={},
        holiday=None,
    )


def steps(seed, *, n=100, t=T):
    return np.random.default_rng(seed).normal(0, 5, (n, t))


def is_walk(y, season):
    """The three questions, in plain words."""
    y = y[np.isfinite(y)]
    change = np.diff(y)
    n = len(change)
    if len(y) < 50 or change.std() == 0:
        return False
    aimless = abs(change.mean()) < 2 * change.std(ddof=1) / np.sqrt(n)
    fit = linregress(y[:-1], change)
    gap, total, lags = change - change.mean(), 0.0, (1, 2, 3, season - 1, season, season + 1)
    for lag in lags:
        total += ((gap[lag:] * gap[:-lag]).sum() / (gap**2).sum()) ** 2 / (n - lag)
    memory = chi2.sf(n * (n + 2) * total, len(lags))
    return bool(aimless and fit.slope / fit.stderr > -2.86 and memory > 0.05)


def test_the_answers_are_those_of_the_plain_loop():
    kinds = [np.cumsum(steps(1, n=30), axis=1), lfilter([1], [1, -0.9], steps(2, n=30), axis=1)]
    kinds += [np.cumsum(steps(3, n=30) + 0.7, axis=1), np.cumsum(steps(4, n=30), axis=1)]
    y = np.concatenate(kinds)
    y[::5, :100] = np.nan
    y[::7, :260] = np.nan  # forty are too few
    found = random_walks(panel_of(y))
    assert found.tolist() == [is_walk(one, 7) for one in y]
    assert 20 < found.sum() < 60


@pytest.mark.parametrize(
    ("kind", "least", "most"),
    [("walk", 0.75, 0.95), ("drift", 0, 0.1), ("reverts", 0, 0.1), ("week", 0, 0), ("noise", 0, 0)],
)
def test_a_walk_is_told_from_what_resembles_one(kind, least, most):
    noise, walk = steps(5), np.cumsum(steps(6), axis=1)
    y = {
        "walk": walk,
        "drift": walk + 1.5 * np.arange(T),
        "reverts": lfilter([1], [1, -0.85], noise, axis=1),
        "week": walk + 10 * np.resize([0, 1, 0, 2, 0, 3, 1], T),
        "noise": noise,
    }[kind]
    assert least <= random_walks(panel_of(y)).mean() <= most


def test_unit_and_level_do_not_matter_and_what_never_moves_is_no_walk():
    walk = np.cumsum(steps(7), axis=1)
    plain = random_walks(panel_of(walk))
    assert (random_walks(panel_of(walk * 1000 - 5e5)) == plain).all()
    assert not random_walks(panel_of([np.full(T, 4.0), np.zeros(T)])).any()
    assert not random_walks(panel_of([[3.0], [5.0]])).any()


def made(walks, *, models=None):
    models = models or {"naive": naive, "seasonal_naive": seasonal_naive}
    return backtest(panel_of(walks), models=models, origins=(42, 28, 14), seed=0)


def test_only_where_nothing_was_surely_gained_does_the_weight_go_back():
    walks = np.cumsum(steps(8), axis=1)
    tested = made(walks[random_walks(panel_of(walks))])
    n = len(tested.y)
    assert (naive_parts(tested, past=tested.y_hat[:, 1]) > 0).mean() > 0.9
    assert (naive_parts(tested, past=tested.y) == 0).mean() > 0.9  # it knew what came
    assert naive_parts(tested, past=tested.y)[:n].max() <= 0.7


def test_what_is_no_walk_or_has_no_naive_forecast_keeps_its_weights():
    week = np.cumsum(steps(9), axis=1) + 20 * np.resize([0, 1, 0, 2, 0, 3, 1], T)
    tested = made(week)
    assert not naive_parts(tested, past=tested.y_hat[:, 0]).any()
    tested = made(np.cumsum(steps(9), axis=1), models={"seasonal_naive": seasonal_naive})
    assert not naive_parts(tested, past=tested.y_hat[:, 0]).any()


def test_weights_prediction_and_past_of_a_walk_are_moved_alike(monkeypatch):
    panel = panel_of(1000 + np.cumsum(steps(10, n=8), axis=1))
    call = {"models": models_for("D"), "origins": (42, 28, 14), "seed": 0}
    mine = forecast_panel(panel, **call)
    monkeypatch.setattr("workbench.forecast.walks._PART", 0.0)
    plain = forecast_panel(panel, **call)
    part = naive_parts(plain.tested, past=plain.past)
    assert not part.any()
    monkeypatch.undo()
    part = naive_parts(plain.tested, past=plain.past)
    assert 0 < (part > 0).sum() < 8
    at = mine.tested.models.index("naive")
    assert mine.weights.sum(axis=1) == pytest.approx(1)
    assert mine.weights[:, at] == pytest.approx((1 - part) * plain.weights[:, at] + part)
    ahead = (1 - part[:, None]) * plain.y_hat + part[:, None] * panel.y[:, -1:]
    np.testing.assert_allclose(mine.y_hat, ahead)
    naive_past = mine.tested.y_hat[:, at]
    moved = (1 - part[:, None, None]) * plain.past + part[:, None, None] * naive_past
    np.testing.assert_allclose(mine.past, moved)
