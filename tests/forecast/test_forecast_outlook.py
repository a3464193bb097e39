"""The whole job, as a notebook calls it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.errors import DataMissing, ModelFailed, ShortHistory
from workbench.forecast import MODELS, forecast, named_models, per_series

FAST = named_models(["seasonal_naive", "ets"])
COLUMNS = ["unique_id", "ds", "step", "model", "y_hat", "lo_80", "hi_80", "lo_95", "hi_95"]
COLUMNS += ["is_champion", "cutoff"]


@per_series
def broken(history, *, future, season_length, seed):
    raise ZeroDivisionError("planted")


@per_series
def below_zero(history, *, future, season_length, seed):
    return np.full(len(future), -5.0)


@pytest.fixture(scope="module")
def whole_job():
    """All three models on 60 weeks of revenue whose holidays sell five times as much."""
    week = np.tile([0.8, 0.7, 0.9, 1.0, 1.1, 1.4, 1.1], 60)
    y = 4000 * week * np.random.default_rng(11).lognormal(0, 0.2, 420)
    ds = pd.date_range("2025-01-06", periods=420).astype("datetime64[ns]")
    series = pd.DataFrame({"unique_id": "shop", "ds": ds, "y": y})
    return series, forecast(series, h=28, seed=0, country="United States", origins=3)


def test_every_model_forecasts_every_day_and_one_is_champion(whole_job):
    series, result = whole_job
    assert result.dropped.empty
    assert result.notes == ()
    said = result.predictions
    assert list(said.columns) == COLUMNS
    assert said.groupby("model").size().to_dict() == dict.fromkeys(sorted(MODELS), 28)
    assert said["ds"].min() == series["ds"].max() + pd.Timedelta(days=1)
    best = result.champions["model"].item()
    assert set(said.loc[said["is_champion"], "model"]) == {best}
    assert best == result.scores.sort_values("mase")["model"].iloc[0] != "seasonal_naive"
    assert (said["lo_95"] >= 0).all()
    assert (said["lo_95"] <= said["lo_80"]).all()
    assert (said["hi_80"] <= said["hi_95"]).all()
    assert said["hi_95"].notna().all()


def test_the_scores_are_those_of_the_backtest_shown(whole_job):
    _, result = whole_job
    errors = (result.backtest["y_hat"] - result.backtest["y"]).abs()
    by_model = errors.groupby(result.backtest["model"]).mean()
    assert result.scores.set_index("model")["mae"].to_dict() == pytest.approx(by_model.to_dict())
    assert result.backtest["cutoff"].nunique() == 3


def test_same_inputs_same_outputs_in_any_row_order(revenue):
    call = {"h": 14, "seed": 0, "models": FAST, "origins": 2, "step": 7}
    first = forecast(revenue, **call)
    again = forecast(revenue.sample(frac=1, random_state=1), **call)
    pd.testing.assert_frame_equal(first.predictions, again.predictions)
    pd.testing.assert_frame_equal(first.scores, again.scores)


def test_several_series_at_once_are_as_each_alone(revenue, series):
    other = series(np.random.default_rng(2).uniform(-5, 5, 100), uid="returns")
    call = {"h": 7, "seed": 0, "models": FAST, "origins": 3, "step": 7}
    both = forecast(pd.concat([other, revenue]), **call).predictions
    for one in (revenue, other):
        alone = forecast(one, **call).predictions
        mine = both[both["unique_id"] == one["unique_id"].iloc[0]].reset_index(drop=True)
        pd.testing.assert_frame_equal(mine, alone)
    assert (both.loc[both["unique_id"] == "returns", "lo_95"] < 0).any()


def test_a_failing_model_is_named_and_the_rest_goes_on(revenue):
    result = forecast(revenue, h=7, seed=0, models={**FAST, "broken": broken}, origins=2)
    assert result.dropped[["unique_id", "model", "reason"]].values.tolist() == [
        ["shop", "broken", "ZeroDivisionError: planted"]
    ]
    assert set(result.predictions["model"]) == set(result.scores["model"]) == set(FAST)


def test_what_was_never_negative_is_not_forecast_below_zero(revenue):
    call = {"h": 7, "seed": 0, "models": {"below": below_zero}, "origins": 3, "step": 7}
    sold = forecast(revenue, **call)
    assert (sold.predictions["y_hat"] == 0).all()
    assert (sold.backtest["y_hat"] == 0).all()
    net = forecast(revenue.assign(y=revenue["y"] - 5000), **call)
    assert (net.predictions["y_hat"] == -5).all()


def test_nothing_left_is_an_error(revenue):
    with pytest.raises(ModelFailed, match="every model failed; broken on shop: ZeroDivision"):
        forecast(revenue, h=7, seed=0, models={"broken": broken}, origins=2)


def test_an_unknown_country_is_a_note(revenue):
    result = forecast(revenue, h=7, seed=0, models=FAST, origins=2, country="Atlantis")
    assert result.notes == ("the holidays of 'Atlantis' are not known",)


def test_a_revenue_without_a_sale_forecasts_nothing_at_all(series):
    result = forecast(series([0.0] * 60), h=7, seed=0, models=FAST, origins=3, step=7)
    assert result.dropped["model"].tolist() == ["ets"]
    assert (result.predictions[["y_hat", "lo_95", "hi_95"]] == 0).all(axis=None)


def test_refusals_before_anything_is_fitted(revenue):
    with pytest.raises(ShortHistory, match="shop has 100 days"):
        forecast(revenue.head(100), h=56, seed=0, models={"broken": broken})
    with pytest.raises(DataMissing, match="no row for 2025-01-16"):
        forecast(revenue.drop(index=10), h=7, seed=0, models={"broken": broken})
