"""The whole job, as a notebook calls it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.errors import DataMissing, ModelFailed
from workbench.forecast import LEVELS, forecast, models_for, per_series
from workbench.forecast.models.baselines import naive, seasonal_naive
from workbench.forecast.models.regression import regression

FAST = {"naive": naive, "seasonal_naive": seasonal_naive, "regression": regression}
COLUMNS = ["unique_id", "cutoff", "ds", "step", "model", "y_hat"]
BOUNDS = [f"{side}_{level}" for level in LEVELS for side in ("lo", "hi")]


@per_series
def broken(history, *, future, season_length, seed):
    raise ZeroDivisionError("planted")


@per_series
def below_zero(history, *, future, season_length, seed):
    return np.full(len(future), -5.0)


@pytest.fixture(scope="module")
def whole_job():
    """All models on 60 weeks of revenue with a strong week."""
    week = np.tile([0.8, 0.7, 0.9, 1.0, 1.1, 1.4, 1.1], 60)
    y = 4000 * week * np.random.default_rng(11).lognormal(0, 0.2, 420)
    ds = pd.date_range("2025-01-06", periods=420).astype("datetime64[ns]")
    series = pd.DataFrame({"unique_id": "shop", "ds": ds, "y": y})
    return series, forecast(series, h=28, seed=0, country="United States")


def test_every_step_has_one_prediction_with_nested_bounds(whole_job):
    series, result = whole_job
    assert result.notes == ()
    # sixty weeks are too few for it at the earliest origin; everything else could be tested
    assert result.dropped["model"].tolist() == ["pooled_year"]
    said = result.predictions
    assert list(said.columns) == [*COLUMNS, *BOUNDS]
    assert set(said["model"]) == {"combination"}
    assert said["step"].tolist() == list(range(1, 29))
    assert said["ds"].min() == series["ds"].max() + pd.Timedelta(days=1)
    assert set(said["cutoff"]) == {series["ds"].max()}
    order = [*(f"lo_{level}" for level in reversed(LEVELS)), *(f"hi_{level}" for level in LEVELS)]
    assert (said[order].diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    assert (said["lo_95"] >= 0).all()


def test_the_prediction_is_the_weighted_mean_of_the_members(whole_job):
    _, result = whole_job
    assert set(result.members["model"]) == set(models_for("D"))
    weighted = result.members.merge(result.weights, on=["unique_id", "model"])
    mean = (weighted["y_hat"] * weighted["weight"]).groupby(weighted["ds"]).sum()
    np.testing.assert_allclose(mean, result.predictions["y_hat"])
    assert result.weights["weight"].sum() == pytest.approx(1)


def test_the_champion_is_the_best_single_model_of_the_backtest(whole_job):
    _, result = whole_job
    frame = result.panels[0].tested.frame()
    errors = (frame["y_hat"] - frame["y"]).abs().groupby(frame["model"]).mean()
    scores = result.scores.set_index("model")
    assert scores["mae"].drop("combination").to_dict() == pytest.approx(errors.to_dict())
    best = scores["mase"].drop("combination").idxmin()
    assert result.champions.values.tolist() == [["shop", best]]
    assert scores.loc["combination", "mase"] < scores.loc["seasonal_naive", "mase"]


def test_same_inputs_same_outputs_in_any_row_order(revenue):
    call = {"h": 14, "seed": 0, "models": FAST, "origins": 3}
    first = forecast(revenue, **call)
    again = forecast(revenue.sample(frac=1, random_state=1), **call)
    pd.testing.assert_frame_equal(first.predictions, again.predictions)
    pd.testing.assert_frame_equal(first.scores, again.scores)


def test_series_that_end_on_other_days_are_forecast_as_each_alone(revenue, series):
    other = series(np.random.default_rng(2).uniform(-5, 5, 100), uid="returns")
    call = {"h": 7, "seed": 0, "models": FAST, "origins": 3}
    both = forecast(pd.concat([other, revenue]), **call).predictions
    for one in (revenue, other):
        alone = forecast(one, **call).predictions
        mine = both[both["unique_id"] == one["unique_id"].iloc[0]].reset_index(drop=True)
        pd.testing.assert_frame_equal(mine, alone)
    assert (both.loc[both["unique_id"] == "returns", "lo_50"] < 0).any()


def test_a_failing_model_is_named_and_the_rest_goes_on(revenue):
    result = forecast(revenue, h=7, seed=0, models={**FAST, "broken": broken}, origins=2)
    assert result.dropped[["unique_id", "model", "reason"]].values.tolist() == [
        ["shop", "broken", "ZeroDivisionError: planted"]
    ]
    assert set(result.members["model"]) == set(FAST)
    weight = result.weights.set_index("model")["weight"]
    assert weight["broken"] == 0
    assert np.isfinite(result.predictions["y_hat"]).all()


def test_what_was_never_negative_is_not_forecast_below_zero(revenue):
    call = {"h": 7, "seed": 0, "models": {"below": below_zero}, "origins": 3}
    sold = forecast(revenue, **call)
    assert (sold.predictions["y_hat"] == 0).all()
    assert (sold.panels[0].tested.y_hat == 0).all()
    net = forecast(revenue.assign(y=revenue["y"] - 5000), **call)
    assert (net.predictions["y_hat"] == -5).all()


def test_nothing_left_is_an_error(revenue):
    with pytest.raises(ModelFailed, match="every model failed for shop; broken: ZeroDivision"):
        forecast(revenue, h=7, seed=0, models={"broken": broken}, origins=2)


def test_an_unknown_country_is_a_note(revenue):
    result = forecast(revenue, h=7, seed=0, models=FAST, origins=2, country="Atlantis")
    assert result.notes[0] == "the holidays of 'Atlantis' are not known"


def test_steps_without_dates_have_no_holidays(revenue):
    undated = revenue.assign(ds=np.arange(len(revenue)))
    result = forecast(undated, h=7, seed=0, models=FAST, origins=2, country="France")
    assert result.notes[0] == "no holidays of France: the steps have no dates"


@pytest.mark.parametrize(("steps", "who"), [(1, "naive"), (5, "naive"), (20, "seasonal_naive")])
def test_too_short_to_be_tested_is_left_to_one_simple_model_by_name(series, steps, who):
    y = np.arange(1.0, steps + 1)
    result = forecast(series(y), h=14, seed=0)
    expected = y[-1:] if who == "naive" else y[-7:]
    np.testing.assert_allclose(result.predictions["y_hat"], np.resize(expected, 14))
    assert result.champions.values.tolist() == [["shop", who]]
    assert result.notes[0] == (
        f"1 series, such as shop: {who}, because {steps} steps are too few to test"
    )
    assert result.predictions[BOUNDS].isna().all(axis=None)
    assert result.scores.empty


def test_too_short_beside_a_tested_series_is_forecast_by_what_is_good_there(revenue, series):
    end = revenue["ds"].max()
    short = series([3.0] * 5, uid="young", start=str((end - pd.Timedelta(days=4)).date()))
    result = forecast(pd.concat([revenue, short]), h=14, seed=0, models=FAST)
    assert result.champions["unique_id"].tolist() == ["shop", "young"]
    young = result.predictions.query("unique_id == 'young'")["y_hat"]
    np.testing.assert_allclose(young, 3.0)
    assert "such as young: models weighted by their skill on other series" in result.notes[0]


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_a_series_that_never_moves_goes_on_without_doubt(series, value):
    result = forecast(series([value] * 120), h=7, seed=0)
    np.testing.assert_allclose(result.predictions[["y_hat", "lo_95", "hi_95"]], value, atol=1e-6)


def test_refusals_before_anything_is_fitted(revenue):
    with pytest.raises(DataMissing, match="no row for 2025-01-16"):
        forecast(revenue.drop(index=10), h=7, seed=0, models={"broken": broken})
    with pytest.raises(DataMissing, match="y is nan on 2025-01-10"):
        forecast(
            revenue.assign(y=revenue["y"].where(revenue.index != 4)),
            h=7,
            seed=0,
            models={"broken": broken},
        )
