"""ARIMA and STL, which statsmodels fits series by series."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.seasonal import STL

from workbench.forecast import MODELS, Panel, ask, forecast, naive, named_models

H = 7
NAMES = ("arima", "stl_ets", "stl_drift")
every_model = pytest.mark.parametrize("name", NAMES)
WEEK = np.array([0.8, 0.7, 0.9, 1.0, 1.1, 1.4, 1.1])


def panel_of(y, *, seasons=(7.0,), known=None):
    y = np.asarray(y, dtype=float)
    return Panel(
        ids=np.array([f"s{row}" for row in range(len(y))], dtype=object),
        y=y,
        ds=np.datetime64("2025-01-06", "ns") + np.arange(y.shape[1] + H) * np.timedelta64(1, "D"),
        h=H,
        seasons=seasons,
        known=known or {},
        holiday=None,
    )


def weeks(*, t, n=1, seed=1):
    """A strong week with a little noise, and its level reverting slowly."""
    rng = np.random.default_rng(seed)
    level = np.zeros((n, t))
    for step in range(1, t):
        level[:, step] = 0.6 * level[:, step - 1] + rng.normal(0, 0.05, n)
    return 1000 * np.resize(WEEK, t) * np.exp(level)


def said_of(name, panel, *, origins=(0,)):
    return ask(MODELS[name], panel, origins=origins, seed=0)


@every_model
def test_a_strong_week_is_forecast_better_than_by_the_last_day(name):
    y = weeks(t=91 + H, n=2)
    panel = panel_of(y[:, :91])
    said = said_of(name, panel)
    assert not said.reasons
    wrong = np.abs(said.y_hat[:, 0] - y[:, 91:]).mean()
    last = np.abs(ask(naive, panel, origins=(0,), seed=0).y_hat[:, 0] - y[:, 91:]).mean()
    assert wrong < last / 2


def test_an_autoregression_is_found():
    rng = np.random.default_rng(2)
    y = np.zeros((3, 150 + H))
    for step in range(1, y.shape[1]):
        y[:, step] = -0.8 * y[:, step - 1] + rng.normal(0, 1, 3)
    y += 50
    panel = panel_of(y[:, :150], seasons=())
    said = said_of("arima", panel)
    best = 50 + (y[:, 149:150] - 50) * (-0.8) ** np.arange(1, H + 1)
    assert np.abs(said.y_hat[:, 0] - best).mean() < 0.4
    assert np.abs(y[:, 149:150] - best).mean() > 0.8  # what the last value is off


def test_a_known_promotion_is_learnt():
    promotion = (np.arange(100 + H) % 9 == 4).astype(float)
    y = np.random.default_rng(3).lognormal(0, 0.05, 100) * 200 * (1 + promotion[:100])
    said = said_of("arima", panel_of([y], seasons=(), known={"promotion": promotion[None]}))
    ahead = promotion[100:] > 0
    assert ahead.any()
    assert said.y_hat[0, 0][ahead] == pytest.approx(400, rel=0.15)
    assert said.y_hat[0, 0][~ahead] == pytest.approx(200, rel=0.15)


def test_the_line_of_what_stl_leaves_is_the_one_through_its_first_and_last_value():
    y = weeks(t=60)
    z = np.log1p(y[0] / y[0].mean())
    found = STL(z, period=7, robust=True).fit()
    rest = z - found.seasonal
    slope = (rest[-1] - rest[0]) / (len(rest) - 1)
    path = rest[-1] + slope * np.arange(1, H + 1) + np.resize(found.seasonal[-7:], H)
    expected = y[0].mean() * np.expm1(path)
    assert said_of("stl_drift", panel_of(y)).y_hat[0, 0] == pytest.approx(expected, rel=1e-4)


@every_model
def test_what_cannot_be_fitted_says_why(name):
    short = {"arima": "9 steps are known, 20", "stl_ets": "9 steps", "stl_drift": "9 steps"}[name]
    cases = [
        (weeks(t=9), (7.0,), short),
        (np.full((1, 40), 5.0), (7.0,), "every value is the same"),
    ]
    if name != "arima":
        cases.append((weeks(t=40), (), "there is no season"))
    for y, seasons, why in cases:
        said = said_of(name, panel_of(y, seasons=seasons))
        assert np.isnan(said.y_hat).all()
        assert why in said.reasons[0, 0]
        assert said.reasons[0, 0].startswith("ModelFailed")


def test_a_fit_that_does_not_converge_is_no_forecast(monkeypatch):
    monkeypatch.setattr("workbench.forecast.models.arima._STEPS", 1)
    said = said_of("arima", panel_of(weeks(t=60)))
    assert said.reasons[0, 0].startswith("ModelFailed: no form of ARIMA converged")


@every_model
def test_what_lies_behind_an_origin_changes_nothing_said_there(name):
    y = weeks(t=50, seed=4)
    plain = said_of(name, panel_of(y), origins=(H, 0)).y_hat
    changed = y.copy()
    changed[:, -H:] = changed[:, -H:] * 3 - 900
    other = said_of(name, panel_of(changed), origins=(H, 0)).y_hat
    assert np.isfinite(plain).all()
    np.testing.assert_array_equal(other[:, 0], plain[:, 0])
    assert not np.allclose(other[:, 1], plain[:, 1])


@every_model
def test_a_change_of_unit_changes_nothing_else(name):
    y = weeks(t=60, seed=5)
    plain, scaled = (said_of(name, panel_of(y * unit)).y_hat for unit in (1, 1000))
    np.testing.assert_allclose(scaled, plain * 1000, rtol=1e-3)


def test_they_are_combined_when_asked_for_by_name(series):
    names = ["seasonal_naive", "stl_ets", "stl_drift"]
    result = forecast(series(weeks(t=84)[0]), h=H, seed=0, models=named_models(names), origins=2)
    assert set(result.weights["model"]) == set(names)
    assert result.dropped.empty
