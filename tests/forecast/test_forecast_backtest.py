"""Rolling origins, scores and champions, against plain loops and numbers by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.errors import InputInvalid, ShortHistory
from workbench.forecast import (
    backtest,
    backtest_scores,
    champion,
    mase,
    per_series,
    seasonal_naive,
    smape,
)

PLAN = {"h": 5, "origins": 3, "step": 4, "season_length": 7, "seed": 0}


@per_series
def mean_of_all(history, *, future, season_length, seed):
    return np.full(len(future), history["y"].mean())


@per_series
def truth(history, *, future, season_length, seed):
    return future["promotion"].to_numpy() + 0.0


@per_series
def fails_early(history, *, future, season_length, seed):
    if len(history) < 60:
        raise ValueError("too young")
    return np.zeros(len(future))


@per_series
def infinite(history, *, future, season_length, seed):
    return np.full(len(future), np.inf)


@pytest.fixture
def two(series):
    rng = np.random.default_rng(3)
    a = series(rng.uniform(10, 20, 63), uid="a")
    b = series(rng.uniform(0, 5, 50), uid="b", start="2025-02-01")
    return pd.concat([a, b], ignore_index=True)


def test_backtest_is_the_plain_loop(two):
    found = backtest(two, models={"mean": mean_of_all, "naive": seasonal_naive}, **PLAN)
    expected = []
    for uid in ("a", "b"):
        y, ds = (
            two.loc[two["unique_id"] == uid, "y"].to_list(),
            two.loc[two["unique_id"] == uid, "ds"].to_list(),
        )
        for model in ("mean", "naive"):
            for origin in (2, 1, 0):
                n = len(y) - 5 - origin * 4
                for k in range(5):
                    said = sum(y[:n]) / n if model == "mean" else y[n - 7 + k]
                    expected.append((uid, model, ds[n - 1], ds[n + k], k + 1, y[n + k], said))
    columns = ["unique_id", "model", "cutoff", "ds", "step", "y", "y_hat"]
    pd.testing.assert_frame_equal(
        found.predictions, pd.DataFrame(expected, columns=columns), check_dtype=False
    )
    assert found.dropped.empty


def test_a_model_sees_the_known_columns_and_not_y(series):
    days = series(np.arange(40.0))
    found = backtest(days.assign(promotion=days["y"]), models={"truth": truth}, **PLAN)
    assert (found.predictions["y"] == found.predictions["y_hat"]).all()


def test_failing_models_are_dropped_and_named_per_series(series):
    both = pd.concat([series(np.arange(80.0), uid="old"), series(np.arange(64.0), uid="young")])
    models = {"naive": seasonal_naive, "early": fails_early, "infinite": infinite}
    found = backtest(both, models=models, **PLAN)
    kept = found.predictions.groupby("unique_id")["model"].unique().map(sorted)
    assert kept.to_dict() == {"old": ["early", "naive"], "young": ["naive"]}
    reasons = found.dropped.set_index(["unique_id", "model"])["reason"].to_dict()
    assert reasons == {
        ("old", "infinite"): "y_hat is not a finite number",
        ("young", "early"): "ValueError: too young",
        ("young", "infinite"): "y_hat is not a finite number",
    }


def test_the_plan_is_checked(series):
    with pytest.raises(ShortHistory, match=r"shop has 26 days; 3 origins 4 days apart .* need 27"):
        backtest(series(range(26)), models={"naive": seasonal_naive}, **PLAN)
    assert len(backtest(series(range(27)), models={"n": seasonal_naive}, **PLAN).predictions) == 15
    with pytest.raises(InputInvalid, match="step is 0"):
        backtest(series(range(30)), models={"n": seasonal_naive}, **{**PLAN, "step": 0})
    with pytest.raises(InputInvalid, match="no model"):
        backtest(series(range(30)), models={}, **PLAN)


def test_mase_and_smape_by_hand():
    # season of 2: |5-4| and |7-8| average 1, |12-10| and |8-10| average 2
    assert mase([12, 8], y_hat=[10, 10], train=[4, 8, 5, 7], season_length=2) == 2.0
    assert np.isnan(mase([1], y_hat=[2], train=[3, 3, 3], season_length=1))
    # 2 * 50 / 150, 0 and 2
    assert smape([100, 0, 7], y_hat=[50, 0, 0]) == pytest.approx((2 / 3 + 0 + 2) / 3)


def test_scores_are_the_plain_loops(two):
    found = backtest(two, models={"mean": mean_of_all, "naive": seasonal_naive}, **PLAN).predictions
    scores = backtest_scores(found, series=two, season_length=7).set_index(["unique_id", "model"])
    for (uid, model), rows in found.groupby(["unique_id", "model"]):
        errors, scaled, relative = [], [], []
        for row in rows.itertuples():
            seen = two[(two["unique_id"] == uid) & (two["ds"] <= row.cutoff)]["y"].to_list()
            naive = [abs(seen[i] - seen[i - 7]) for i in range(7, len(seen))]
            errors.append(row.y_hat - row.y)
            scaled.append(abs(row.y_hat - row.y) / (sum(naive) / len(naive)))
            relative.append(2 * abs(row.y_hat - row.y) / (abs(row.y) + abs(row.y_hat)))
        n = len(errors)
        got = scores.loc[(uid, model)]
        assert got["n"] == n == 15
        assert got["mae"] == pytest.approx(sum(map(abs, errors)) / n)
        assert got["rmse"] == pytest.approx((sum(e * e for e in errors) / n) ** 0.5)
        assert got["bias"] == pytest.approx(sum(errors) / n)
        assert got["mase"] == pytest.approx(sum(scaled) / n)
        assert got["smape"] == pytest.approx(sum(relative) / n)


def test_the_planted_better_model_is_champion(series):
    rng = np.random.default_rng(8)
    noise = pd.concat(
        [
            series(50 + rng.normal(0, 5, 70), uid="level"),
            series(np.tile(rng.uniform(0, 99, 7), 10) + rng.normal(0, 1, 70), uid="weekly"),
        ]
    )
    found = backtest(noise, models={"mean": mean_of_all, "naive": seasonal_naive}, **PLAN)
    scores = backtest_scores(found.predictions, series=noise, season_length=7)
    for by in ("mae", "rmse", "mase", "smape"):
        best = champion(scores, by=by).set_index("unique_id")["model"].to_dict()
        assert best == {"level": "mean", "weekly": "naive"}
    with pytest.raises(InputInvalid, match="by is 'bias'"):
        champion(scores, by="bias")


def test_where_mase_is_undefined_mae_decides(series):
    weekly = series([1.0, 2, 3, 4, 5, 6, 7] * 6)
    found = backtest(weekly, models={"mean": mean_of_all, "naive": seasonal_naive}, **PLAN)
    scores = backtest_scores(found.predictions, series=weekly, season_length=7)
    assert scores["mase"].isna().all()
    assert champion(scores)["model"].tolist() == ["naive"]
