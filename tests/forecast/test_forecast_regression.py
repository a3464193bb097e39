"""The regression: what it finds of planted effects, and what it must not know."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from workbench.forecast import Panel, forecast
from workbench.forecast.explain import components, effects
from workbench.forecast.models.features import shared_design
from workbench.forecast.models.regression import regression, regression_with_lags
from workbench.forecast.models.reverting import reverting_path
from workbench.forecast.models.ridge import equations
from workbench.forecast.planned import planned_columns

H = 14
MODELS = [regression, regression_with_lags]


def made_panel(y, *, known=None, holiday=None, h=H):
    """Daily series from a Monday; y is (n, t)."""
    steps = y.shape[1] + h
    return Panel(
        ids=np.array([f"s{row}" for row in range(len(y))], dtype=object),
        y=y.astype(float),
        ds=(np.datetime64("2024-01-01") + np.arange(steps)).astype("datetime64[ns]"),
        h=h,
        seasons=(7, 365.25),
        known=known or {},
        holiday=holiday,
    )


@pytest.fixture(scope="module")
def shops():
    """Five shops with a week, sends that add 30 %, and noise; one of them began late."""
    rng = np.random.default_rng(3)
    n, t = 5, 420
    week = np.tile([0.0, -0.1, 0.1, 0.0, 0.2, 0.3, -0.2], 70)[: t + H]
    sends = (rng.random((n, t + H)) < 0.2).astype(float)
    level = np.linspace(4, 8, n)[:, None]
    y = np.exp(level + week + np.log(1.3) * sends + rng.normal(0, 0.1, (n, t + H)))
    past = y[:, :t].copy()
    past[4, :200] = np.nan
    sends[4, :200] = 0
    return made_panel(past, known={"sends": sends}), y[:, t:]


@pytest.mark.parametrize("model", MODELS)
def test_what_is_planted_is_forecast_to_the_noise(shops, model):
    panel, ahead = shops
    error = np.abs(np.log(model(panel, origins=(0,), seed=0).y_hat[:, 0] / ahead)).mean()
    floor = 0.1 * np.sqrt(2 / np.pi)
    assert error < 1.15 * floor


@pytest.mark.parametrize("model", MODELS)
def test_nothing_behind_an_origin_changes_what_is_said_there(shops, model):
    panel, _ = shops
    names = np.full(panel.ds.shape, "", dtype=object)
    names[::90] = "Planted Day"
    panel = replace(panel, holiday=names, made={})
    said = model(panel, origins=(60, 30), seed=0).y_hat
    other = panel.y.copy()
    other[:, -30:] = 0.0
    changed = model(panel.with_y(other), origins=(60, 30), seed=0).y_hat
    np.testing.assert_allclose(changed, said)
    alone = model(panel.until(60), origins=(0,), seed=0).y_hat
    np.testing.assert_allclose(alone[:, 0], said[:, 0])


@pytest.mark.parametrize("strengths", [(1.0,), (4.0,), (1.0, 10.0, 100.0)])
def test_the_coefficients_are_those_of_a_plain_loop(shops, strengths):
    panel, _ = shops
    t = panel.y.shape[1]
    names = np.where(np.arange(len(panel.ds)) % 90 == 0, "Planted Day", "").astype(object)
    panel = replace(panel, holiday=names, made={})
    design, planned = shared_design(panel), planned_columns(panel)
    solvers = equations(design, planned, lengths=panel.lengths, t=t, strengths=strengths)
    weight = 0.5 ** ((t - 1 - np.arange(t)) / 500)
    for solver, strength in zip(solvers, strengths, strict=True):
        z = np.where(solver.used, np.nan_to_num(np.log(panel.y)), 0.0)
        beta, gamma = solver.solved(z)
        for row in range(len(z)):
            used = solver.used[row]
            x = np.hstack([design.x[:t], planned.x[row].T[:t]])[used]
            too_short = design.needs > used.sum()
            penalty = np.append(np.where(too_short, 1e9, design.penalty), 1.0)
            penalty[:-1][design.part == "holidays"] *= strength
            products = (x * weight[used, None]).T @ x + np.diag(penalty)
            expected = np.linalg.solve(products, x.T @ (weight[used] * z[row, used]))
            found = np.append(beta[row], gamma[row])
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)
            shared = design.x[:t][used]
            alone = products[:-1, :-1]
            hat = np.einsum("tp,pt->t", shared, np.linalg.solve(alone, shared.T)) * weight[used]
            given = solver.leverage[row if len(solver.leverage) > 1 else 0][used]
            assert (given > hat - 1e-9).all()  # or more, where a plan decides
            assert np.isclose(given, hat).mean() > 0.5
    assert 200 <= solver.used[4].sum() <= 220


def test_an_effect_is_found_within_its_error(shops):
    panel, _ = shops
    found = effects(panel)
    assert found["unique_id"].tolist() == list(panel.ids)
    assert set(found["scale"]) == {"log"}
    away = (found["effect"] - np.log(1.3)).abs() / found["standard_error"]
    assert (away < 3.5).all()
    assert (found["standard_error"] < 0.04).all()
    assert found.loc[4, "standard_error"] > found.loc[:3, "standard_error"].max()


def test_a_column_that_never_changed_has_no_effect(shops):
    panel, _ = shops
    flat = replace(panel, known={"sends": np.ones_like(panel.known["sends"])}, made={})
    found = effects(flat)
    assert found["effect"].isna().all()
    assert (found["steps"] == 0).all()


def test_parts_add_up_to_the_series_and_to_what_is_said(shops):
    panel, _ = shops
    parts = components(panel)
    total = parts.groupby(["unique_id", "ds"])["value"].sum().unstack("unique_id")
    t = panel.y.shape[1]
    np.testing.assert_allclose(np.exp(total.to_numpy()[:t]).T[:4], panel.y[:4])
    said = regression(panel, origins=(0,), seed=0).y_hat[:, 0]
    np.testing.assert_allclose(np.exp(total.to_numpy()[t:]).T, said)
    first = parts[parts["unique_id"] == "s4"]["ds"].min()
    assert first == pd.Timestamp(panel.ds[200])
    assert {"level", "trend", "season of 7", "sends", "remainder"} <= set(parts["part"])


def test_more_sends_in_the_plan_are_more_revenue():
    rng = np.random.default_rng(5)
    ds = pd.date_range("2024-01-01", periods=300).astype("datetime64[ns]")
    sends = (rng.random(300) < 0.3).astype(float)
    y = 1000 * 1.5**sends * rng.lognormal(0, 0.1, 300)
    series = pd.DataFrame({"unique_id": "shop", "ds": ds, "y": y, "sends": sends})
    ahead = pd.date_range("2024-10-27", periods=H).astype("datetime64[ns]")
    said = {
        plan: forecast(
            series,
            h=H,
            seed=0,
            models={"regression": regression},
            origins=2,
            future=pd.DataFrame({"unique_id": "shop", "ds": ahead, "sends": float(plan)}),
        ).predictions["y_hat"]
        for plan in (0, 1)
    }
    assert (said[1] / said[0]).mean() == pytest.approx(1.5, rel=0.08)


def test_a_holiday_seen_once_is_expected_again_and_an_unseen_one_like_others():
    rng = np.random.default_rng(7)
    t = 760
    names = np.full(t + H, "", dtype=object)
    for at, name in ((100, "A"), (200, "B"), (300, "C"), (400, "D"), (765, "A"), (770, "New")):
        names[at] = name
    y = rng.lognormal(0, 0.03, (1, t)) * np.where(names[:t] != "", 2.0, 1.0) * 100
    said = regression(made_panel(y, holiday=names), origins=(0,), seed=0).y_hat[0, 0]
    usual = np.median(said)
    assert said[5] / usual > 1.5
    assert said[10] / usual > 1.3


def test_outliers_do_not_move_the_week():
    rng = np.random.default_rng(9)
    week = np.tile([1.0, 1, 1, 1, 2, 2, 1], 60)
    y = 100 * week * rng.lognormal(0, 0.05, 420)
    wild = y.copy()
    wild[rng.choice(420, 12, replace=False)] *= 20
    clean, dirty = (
        regression(made_panel(one[None]), origins=(0,), seed=0).y_hat[0, 0] for one in (y, wild)
    )
    assert np.abs(np.log(dirty / clean)).max() < 0.15


@pytest.mark.parametrize("model", MODELS)
def test_scale_order_and_company_change_nothing(shops, model):
    panel, _ = shops
    said = model(panel, origins=(28, 0), seed=0).y_hat
    times = model(panel.with_y(panel.y * 1000), origins=(28, 0), seed=0).y_hat
    np.testing.assert_allclose(times, 1000 * said, rtol=1e-6)
    order = np.array([3, 0, 4, 2, 1])
    np.testing.assert_allclose(
        model(panel.rows(order), origins=(28, 0), seed=0).y_hat, said[order], rtol=1e-6
    )
    alone = model(panel.rows(np.array([4])), origins=(28, 0), seed=0).y_hat
    np.testing.assert_allclose(alone[0], said[4], rtol=1e-6)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("value", [0.0, 5.0, -3.0])
def test_a_series_that_never_moves_goes_on(model, value):
    said = model(made_panel(np.full((1, 100), value)), origins=(0,), seed=0).y_hat
    np.testing.assert_allclose(said, value, atol=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_too_short_is_a_reason(model):
    y = np.full((1, 100), np.nan)
    y[0, -13:] = 4.0
    said = model(made_panel(y), origins=(7, 0), seed=0)
    assert np.isnan(said.y_hat).all()
    assert said.reasons[0, 1] == "13 steps are known, 14 are needed"


def test_steps_without_dates_have_seasons_only():
    y = 10 + np.tile([0.0, 3.0, 1.0, 0.0], 30)[None]
    panel = replace(made_panel(y), ds=np.arange(120 + H), seasons=(4,))
    said = regression(panel, origins=(0,), seed=0).y_hat[0, 0]
    np.testing.assert_allclose(said, np.tile(y[0, :4], 4)[:H], rtol=0.02)


def test_a_remainder_goes_on_as_its_autocovariances_say():
    rng = np.random.default_rng(1)
    rest = np.zeros(4000)
    for at in range(1, 4000):
        rest[at] = 0.8 * rest[at - 1] + rng.normal()
    rest[-1] = 3.0
    path = reverting_path(rest[None], h=3, lags=(1,))
    np.testing.assert_allclose(path[0], 3.0 * 0.8 ** np.arange(1, 4), rtol=0.15)
