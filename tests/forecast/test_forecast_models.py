"""Each model behind the one signature."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import InputInvalid
from workbench.forecast import MODELS, ets, future_frame, named_models, per_series, prophet
from workbench.forecast import seasonal_naive as naive

CALL = {"season_length": 7, "seed": 0}


def y_hat(model, history, *, h=14, **changes):
    said = model(history, future=future_frame(history, h=h), **{**CALL, **changes})
    assert (said["reason"] == "").all(), said["reason"].iloc[0]
    return said["y_hat"].to_numpy()


def test_seasonal_naive_repeats_the_last_season_by_hand(series):
    history = series([9, 9, 9, 1, 2, 3])
    assert list(y_hat(naive, history, h=5, season_length=3)) == [1, 2, 3, 1, 2]


def test_plain_naive_repeats_the_last_day(series):
    assert list(y_hat(naive, series([5, 8]), h=3, season_length=1)) == [8, 8, 8]


def test_a_series_shorter_than_a_season_is_named_and_costs_only_itself(series):
    both = pd.concat([series([1, 2], uid="young"), series(range(7), uid="old")])
    said = naive(both, future=future_frame(both, h=2), **CALL).set_index("unique_id")
    assert said.loc["old", "y_hat"].tolist() == [0, 1]
    assert said.loc["young", "y_hat"].isna().all()
    assert said.loc["young", "reason"].str.contains("2 days, season_length is 7").all()


@pytest.mark.parametrize("model", [naive, ets])
def test_a_pure_weekly_pattern_is_continued_exactly(model, series):
    week = [5.0, 6, 7, 8, 9, 20, 12]
    assert y_hat(model, series(week * 8)) == pytest.approx(week * 2, rel=1e-6)


@settings(derandomize=True, deadline=None, max_examples=6)
@given(
    y=st.lists(st.floats(0, 1000), min_size=35, max_size=60).filter(lambda y: sum(y) > 1),
    scale=st.sampled_from([0.01, 0.5, 100.0]),
)
def test_scaling_y_scales_y_hat(y, scale):
    ds = pd.date_range("2025-01-06", periods=len(y)).astype("datetime64[ns]")
    history = pd.DataFrame({"unique_id": "shop", "ds": ds, "y": y})
    for model in (naive, ets):
        plain = y_hat(model, history)
        scaled = y_hat(model, history.assign(y=history["y"] * scale))
        assert scaled == pytest.approx(plain * scale, rel=1e-3, abs=1e-3 * scale * max(y))


def test_ets_reads_negative_days_as_they_are(series):
    rng = np.random.default_rng(5)
    said = y_hat(ets, series(rng.normal(-50, 5, 70)))
    assert said == pytest.approx(np.full(14, -50), abs=10)


def test_ets_says_why_it_cannot_forecast(series):
    for history, why in [(series([0] * 40), "every value is 0"), (series([1, 2, 3]), "ValueError")]:
        said = ets(history, future=future_frame(history, h=3), **CALL)
        assert said["y_hat"].isna().all()
        assert said["reason"].str.contains(why).all()


def test_prophet_is_quiet_repeatable_and_scales(revenue, capfd):
    logger = logging.getLogger("cmdstanpy")
    before = (logger.disabled, logger.level)
    first, again = y_hat(prophet, revenue), y_hat(prophet, revenue)
    in_cents = y_hat(prophet, revenue.assign(y=revenue["y"] * 100))
    assert np.array_equal(first, again)
    assert in_cents == pytest.approx(first * 100, rel=1e-3)
    assert first.max() / first.min() == pytest.approx(2.0, rel=0.25)  # 1.4 / 0.7, the week planted
    assert capfd.readouterr() == ("", "")
    assert logger.disabled == before[0]


def test_prophet_learns_a_holiday_and_a_regressor(revenue):
    promoted = np.arange(len(revenue)) % 10 == 3
    easter = revenue["ds"] == "2025-04-20"
    lift = 1 + 1.0 * promoted + 4.0 * easter.to_numpy()
    history = revenue.assign(y=revenue["y"] * lift, promotion=promoted.astype(float))
    history["holiday"] = np.where(easter, "Easter", "")
    future = future_frame(revenue, h=14).assign(promotion=0.0, holiday="")
    future.loc[[3, 10], ["promotion", "holiday"]] = [[1.0, ""], [0.0, "Easter"]]
    plain = future.assign(promotion=0.0, holiday="")
    ratio = (
        prophet(history, future=future, **CALL)["y_hat"]
        / prophet(history, future=plain, **CALL)["y_hat"]
    )
    assert ratio[3] == pytest.approx(2, rel=0.1)
    assert ratio[10] > 3
    assert ratio[[0, 5, 13]].tolist() == pytest.approx([1, 1, 1])


def test_a_new_model_is_one_function(series):
    @per_series
    def last_value(history, *, future, season_length, seed):
        return np.full(len(future), history["y"].iloc[-1])

    assert list(y_hat(last_value, series([3, 4]), h=2)) == [4, 4]


def test_models_are_named():
    assert list(named_models(["ets", "seasonal_naive"])) == ["ets", "seasonal_naive"]
    assert set(MODELS) == {"seasonal_naive", "ets", "prophet"}
    with pytest.raises(InputInvalid, match="no model is named 'oracle'") as refused:
        named_models(["oracle"])
    assert "seasonal_naive" in refused.value.hint
