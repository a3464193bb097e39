"""The families of models against plain loops, and against statsmodels where it has the same."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from workbench.forecast import Panel, ask
from workbench.forecast.models.autoregression import autoregression_path
from workbench.forecast.models.pooled import pooled_ridge
from workbench.forecast.models.profiles import deseasoned
from workbench.forecast.models.remainder import on_remainder
from workbench.forecast.models.smoothing import (
    _TRENDS,
    damped_path,
    drift_path,
    last_path,
    ses_path,
    theta_path,
)
from workbench.forecast.scales import on_roots

ORIGINS = (20, 7, 0)
H = 6


@pytest.fixture
def z():
    """Three series, one of which begins later."""
    rng = np.random.default_rng(5)
    z = 50 + np.cumsum(rng.normal(0.2, 1, (3, 90)), axis=1) + rng.normal(0, 2, (3, 90))
    z[1, :30] = np.nan
    return z


def panel_of(y, *, h=H):
    return Panel(
        ids=np.array([f"s{row}" for row in range(len(y))], dtype=object),
        y=y,
        ds=np.arange(y.shape[1] + h),
        h=h,
        seasons=(),
        known={},
        holiday=None,
    )


def parts(z):
    """Each series up to each origin, without what came before it began."""
    for row in range(len(z)):
        for at, back in enumerate(ORIGINS):
            one = z[row, : z.shape[1] - back]
            yield row, at, one[np.isfinite(one)]


def smoothed(y, alpha):
    level, wrong = y[0], 0.0
    for value in y[1:]:
        wrong += abs(value - level)
        level += alpha * (value - level)
    return wrong, level


def best_level(y):
    grid = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 1.0)
    (_, level), alpha = min((smoothed(y, alpha), alpha) for alpha in grid)
    return level, alpha


def test_ses_is_the_plain_loop(z):
    said = ses_path(z, origins=ORIGINS, h=H)
    for row, at, y in parts(z):
        assert said[row, at] == pytest.approx(best_level(y)[0])


def test_theta_is_the_plain_loop(z):
    said = theta_path(z, origins=ORIGINS, h=H)
    for row, at, y in parts(z):
        level, alpha = best_level(y)
        slope = np.polyfit(np.arange(len(y)), y, 1)[0]
        lag = (1 - (1 - alpha) ** len(y)) / alpha
        assert said[row, at] == pytest.approx(level + slope / 2 * (np.arange(H) + lag))


def damped(y, alpha, beta, phi):
    """What statsmodels says with these parameters, beginning on the first value without trend."""
    model = ExponentialSmoothing(
        y, trend="add", damped_trend=True, initialization_method="known",
        initial_level=y[0], initial_trend=0.0,
    )  # fmt: skip
    with model.fix_params(
        {"smoothing_level": alpha, "smoothing_trend": beta, "damping_trend": phi}
    ):
        fit = model.fit(optimized=False)
    return np.abs(fit.resid).sum(), fit.forecast(H)


def test_the_damped_trend_is_that_of_statsmodels(z):
    said = damped_path(z, origins=ORIGINS, h=H)
    for row, at, y in parts(z):
        # statsmodels takes no trend above the level, though its share is one of the level's own
        tried = [
            damped(y, alpha, beta / alpha, phi)
            for alpha, beta, phi in _TRENDS
            if beta / alpha <= alpha
        ]
        assert said[row, at] == pytest.approx(min(tried, key=lambda found: found[0])[1])


def test_the_last_value_and_the_line_are_the_plain_loops(z):
    last, line = (path(z, origins=ORIGINS, h=H) for path in (last_path, drift_path))
    for row, at, y in parts(z):
        assert (last[row, at] == y[-1]).all()
        slope = (y[-1] - y[0]) / (len(y) - 1)
        assert line[row, at] == pytest.approx(y[-1] + slope * np.arange(1, H + 1))


@pytest.mark.parametrize("lags", [(1, 2, 3), (1, 7, 8)])
def test_an_autoregression_is_the_plain_regression(z, lags, monkeypatch):
    monkeypatch.setattr("workbench.forecast.models.autoregression._RIDGE", 0.0)
    said = autoregression_path(z, origins=ORIGINS, h=H, lags=lags)
    for row, at, y in parts(z):
        steps = range(max(lags), len(y))
        rows = np.array([[1.0, *(y[t - lag] for lag in lags)] for t in steps])
        beta = np.linalg.lstsq(rows, y[max(lags) :], rcond=None)[0]
        path = list(y)
        for _ in range(H):
            path.append(beta @ [1.0, *(path[-lag] for lag in lags)])
        assert said[row, at] == pytest.approx(path[-H:], rel=1e-5)


def test_the_ridge_pulls_an_autoregression_towards_the_last_value(z, monkeypatch):
    monkeypatch.setattr("workbench.forecast.models.autoregression._RIDGE", 1e9)
    trendless = z - np.linspace(0, 18, 90)
    said = autoregression_path(trendless, origins=(0,), h=1)
    change = np.array([np.diff(y[np.isfinite(y)])[2:].mean() for y in trendless])
    assert said[:, 0, 0] == pytest.approx(trendless[:, -1] + change, abs=1e-3)


def test_an_autoregression_that_explodes_is_held(z):
    grows = 1.3 ** np.arange(60.0)[None]
    said = autoregression_path(grows, origins=(0,), h=50)
    assert said.max() <= 2 * grows.max()


@pytest.mark.parametrize(("season", "smooth"), [(7.0, 0), (7.0, 1), (52.18, 1)])
def test_a_profile_is_the_plain_loop(season, smooth):
    rng = np.random.default_rng(2)
    y = rng.normal(0, 1, (2, 200)) + np.sin(2 * np.pi * np.arange(200) / season)
    found = deseasoned(y, season=season, discount=0.8, smooth=smooth)
    said = found.ahead(origins=ORIGINS, h=60)
    count = int(season)
    entry = [int(np.floor(t / (season / count) + 1e-9)) for t in range(260)]
    for at, back in enumerate(ORIGINS):
        end = 200 - back
        totals, weights = np.zeros((2, count)), np.zeros(count)
        for t in range(end):
            if t + 1 < end and entry[t + 1] == entry[t]:
                continue  # of two steps in one entry the last counts
            phase, begin = entry[t] % count, max(0, t + 1 - round(season))
            usual = y[:, begin : max(t + 1, round(season))].mean(axis=1)
            totals[:, phase] = 0.8 * totals[:, phase] + y[:, t] - usual
            weights[phase] = 0.8 * weights[phase] + 1
        profile = totals / weights
        near = np.mean([np.roll(profile, by, axis=1) for by in range(-smooth, smooth + 1)], axis=0)
        for step in range(60):
            assert said[:, at, step] == pytest.approx(near[:, entry[end + step] % count]), step


def test_a_season_that_repeats_is_taken_away_whole():
    week = np.array([5.0, 1, 2, 9, 4, 4, 3])
    found = deseasoned(np.tile(week, 9)[None], season=7.0, discount=0.9)
    assert found.z[0, -21:] == pytest.approx(np.full(21, week.mean()))
    model = on_remainder(last_path, season=7.0, power=1)
    said = ask(model, panel_of(np.tile(week, 9)[None], h=7), origins=(3, 0), seed=0)
    assert said.y_hat[0] == pytest.approx(np.array([np.roll(week, 3), week]))


def test_the_pooled_ridge_is_the_plain_regression(z):
    width, centre, stride = 8, 4, 2
    model = pooled_ridge(width=width, centre=centre, stride=stride, power=1)
    said = ask(model, panel_of(z), origins=ORIGINS, seed=0).y_hat
    for at, back in enumerate(ORIGINS):
        end, rows, targets = z.shape[1] - back, [], []
        for row in range(3):
            for begin in range(0, end - width - H + 1, stride):
                window = z[row, begin : begin + width + H]
                if np.isfinite(window).all():
                    level = window[width - centre : width].mean()
                    rows.append(window[:width] - level)
                    targets.append(window[width:] - level)
        x, y = np.array(rows), np.array(targets)
        products = x.T @ x
        products += 0.02 * np.trace(products) / width * np.eye(width)
        beta = np.linalg.solve(products, x.T @ y)
        for row in range(3):
            level = z[row, end - centre : end].mean()
            expected = level + (z[row, end - width : end] - level) @ beta
            assert said[row, at] == pytest.approx(expected, rel=1e-6)


def test_a_pool_without_one_whole_window_says_nothing():
    said = ask(pooled_ridge(width=8, centre=4), panel_of(np.ones((2, 10))), origins=(0,), seed=0)
    assert np.isnan(said.y_hat).all()
    assert set(said.reasons) == {(0, 0), (1, 0)}


def test_roots_are_taken_only_of_what_was_never_negative_before_the_origin():
    y = np.array([[4.0, 9, 16, 25], [4, -9, 16, 25], [4, 9, 16, -25]])

    def path(part, origins):
        return np.stack([part.y[:, [-1 - back]] for back in origins], axis=1) + 1

    said = on_roots(panel_of(y, h=1), origins=(3, 2, 0), path=path)[:, :, 0]
    assert said == pytest.approx(np.array([[9.0, 16, 36], [9, -8, 26], [9, 16, -24]]))
