"""Rolling origins, scores and champions, against plain loops and numbers by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.errors import InputInvalid
from workbench.forecast import (
    backtest,
    backtest_scores,
    champion,
    checked_series,
    future_frame,
    mase,
    panels,
    per_series,
    rolling_origins,
    seasonal_naive,
    smape,
)

ORIGINS = rolling_origins(h=5, origins=3, step=4)


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


TWO = {"mean": mean_of_all, "naive": seasonal_naive}


def outcome(series, *, models, known=None):
    ahead = future_frame(series, h=5, freq="D", known=known)
    (panel,) = panels(checked_series(series, freq="D"), future=ahead, seasons=(7,))
    return backtest(panel, models=models, origins=ORIGINS, seed=0)


@pytest.fixture
def two(series):
    rng = np.random.default_rng(3)
    a = series(rng.uniform(10, 20, 63), uid="a")
    b = series(rng.uniform(0, 5, 50), uid="b", start="2025-01-19")
    return pd.concat([a, b], ignore_index=True)


def test_backtest_is_the_plain_loop(two):
    found = outcome(two, models=TWO)
    expected, ahead = [], []
    for uid in ("a", "b"):
        rows = two[two["unique_id"] == uid]
        y, ds = rows["y"].to_list(), rows["ds"].to_list()
        for model in ("mean", "naive"):
            for origin in (2, 1, 0):
                n = len(y) - 5 - origin * 4
                for k in range(5):
                    said = sum(y[:n]) / n if model == "mean" else y[n - 7 + k]
                    expected.append((uid, model, ds[n - 1], ds[n + k], k + 1, y[n + k], said))
            ahead.append([sum(y) / len(y)] * 5 if model == "mean" else y[-7:-2])
    columns = ["unique_id", "model", "cutoff", "ds", "step", "y", "y_hat"]
    pd.testing.assert_frame_equal(
        found.frame(), pd.DataFrame(expected, columns=columns), check_dtype=False
    )
    np.testing.assert_allclose(found.ahead.reshape(4, 5), ahead)
    assert found.dropped.empty


def test_a_model_sees_the_known_columns_and_not_y(series):
    days = series(np.arange(45.0))
    promoted = days.assign(promotion=days["y"])
    known = promoted[["unique_id", "ds", "promotion"]]
    found = outcome(promoted.head(40), models={"truth": truth}, known=known)
    rows = found.frame()
    assert len(rows) == 15
    assert (rows["y"] == rows["y_hat"]).all()
    assert found.ahead.ravel().tolist() == [40, 41, 42, 43, 44]


def test_failing_models_are_dropped_and_named_per_series(series):
    old = series(np.arange(80.0), uid="old")
    young = series(np.arange(64.0), uid="young", start="2025-01-22")
    models = {"naive": seasonal_naive, "early": fails_early, "infinite": infinite}
    found = outcome(pd.concat([old, young]), models=models)
    dropped = found.dropped.set_index(["unique_id", "model"])
    assert dropped["reason"].to_dict() == {
        ("old", "infinite"): "y_hat is not a finite number",
        ("young", "early"): "ValueError: too young",
        ("young", "infinite"): "y_hat is not a finite number",
    }
    assert set(dropped["cutoff"]) == {old["ds"].iloc[-14]}
    kept = found.frame().groupby("unique_id")["model"].unique().map(sorted)
    assert kept.to_dict() == {"old": ["early", "naive"], "young": ["naive"]}


def test_the_plan_is_checked(series):
    assert ORIGINS == (13, 9, 5)
    with pytest.raises(InputInvalid, match="step is 0"):
        rolling_origins(h=5, origins=3, step=0)
    with pytest.raises(InputInvalid, match="no model"):
        outcome(series(range(30)), models={})


@pytest.mark.parametrize(("steps", "origins"), [(27, 3), (26, 2), (19, 1), (18, 0), (3, 0)])
def test_an_origin_with_less_than_two_seasons_before_it_tests_nothing(series, steps, origins):
    found = outcome(series(range(steps)), models={"naive": seasonal_naive})
    assert len(found.frame()) == origins * 5
    assert found.dropped["reason"].tolist() == (
        ["3 steps are known, 7 are needed"] if steps == 3 else []
    )


def test_mase_and_smape_by_hand():
    # season of 2: |5-4| and |7-8| average 1, |12-10| and |8-10| average 2
    assert mase([12, 8], y_hat=[10, 10], train=[4, 8, 5, 7], season_length=2) == 2.0
    assert np.isnan(mase([1], y_hat=[2], train=[3, 3, 3], season_length=1))
    # 2 * 50 / 150, 0 and 2
    assert smape([100, 0, 7], y_hat=[50, 0, 0]) == pytest.approx((2 / 3 + 0 + 2) / 3)


def test_scores_are_the_plain_loops(two):
    found = outcome(two, models=TWO)
    scores = backtest_scores(found).set_index(["unique_id", "model"])
    assert len(scores) == 4
    for (uid, model), rows in found.frame().groupby(["unique_id", "model"]):
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


def test_the_combination_is_scored_beside_the_models_and_is_no_champion(two):
    found = outcome(two, models=TWO)
    scores = backtest_scores(found, combination=found.y)
    perfect = scores[scores["model"] == "combination"]
    assert perfect[["mae", "rmse", "mase", "bias", "smape"]].to_numpy().tolist() == [[0.0] * 5] * 2
    assert set(champion(scores)["model"]) <= set(TWO)


def test_the_planted_better_model_is_champion(series):
    rng = np.random.default_rng(8)
    noise = pd.concat(
        [
            series(50 + rng.normal(0, 5, 70), uid="level"),
            series(np.tile(rng.uniform(0, 99, 7), 10) + rng.normal(0, 1, 70), uid="weekly"),
        ]
    )
    scores = backtest_scores(outcome(noise, models=TWO))
    for by in ("mae", "rmse", "mase", "smape"):
        best = champion(scores, by=by).set_index("unique_id")["model"].to_dict()
        assert best == {"level": "mean", "weekly": "naive"}
    with pytest.raises(InputInvalid, match="by is 'bias'"):
        champion(scores, by="bias")


def test_where_mase_is_undefined_mae_decides(series):
    scores = backtest_scores(outcome(series([1.0, 2, 3, 4, 5, 6, 7] * 6), models=TWO))
    assert scores["mase"].isna().all()
    assert champion(scores)["model"].tolist() == ["naive"]
