"""Each model behind the one signature."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import InputInvalid
from workbench.forecast import (
    MODELS,
    Said,
    ask,
    checked_series,
    ets,
    future_frame,
    models_for,
    naive,
    named_models,
    panels,
    per_panel,
    per_series,
    prophet,
    seasonal_naive,
)
from workbench.forecast.models.baselines import drift, season_means


def panel_of(series, *, h=14, seasons=(7.0, 365.25), known=None):
    ahead = future_frame(series, h=h, freq="D", known=known)
    (panel,) = panels(checked_series(series, freq="D"), future=ahead, seasons=seasons)
    return panel


def y_hat(model, series, **changes):
    said = ask(model, panel_of(series, **changes), origins=(0,), seed=0)
    assert not said.reasons
    return said.y_hat[0, 0]


def test_seasonal_naive_repeats_the_last_season_by_hand(series):
    history = series([9, 9, 9, 1, 2, 3])
    assert list(y_hat(seasonal_naive, history, h=5, seasons=(3.0,))) == [1, 2, 3, 1, 2]


def test_naive_repeats_the_last_day(series):
    assert list(y_hat(naive, series([5, 8]), h=3)) == [8, 8, 8]
    assert list(y_hat(seasonal_naive, series([5, 8]), h=3, seasons=())) == [8, 8, 8]


def test_drift_goes_on_along_the_line_by_hand(series):
    assert list(y_hat(drift, series([4, 9, 8]), h=3)) == [10, 12, 14]


def test_season_means_are_the_plain_loop(series):
    y = np.random.default_rng(4).uniform(1, 9, 40)
    expected = [(y[40 - 14 + k % 7] + y[40 - 7 + k % 7]) / 2 for k in range(10)]
    assert y_hat(season_means(count=2, season=7), series(y), h=10) == pytest.approx(expected)


def test_a_series_shorter_than_a_season_is_named_and_costs_only_itself(series):
    old, young = series(range(7), uid="old"), series([1, 2], uid="young", start="2025-01-11")
    said = ask(seasonal_naive, panel_of(pd.concat([old, young]), h=2), origins=(3, 0), seed=0)
    assert said.y_hat[0, 1].tolist() == [0, 1]
    assert np.isnan(said.y_hat[1]).all()
    assert said.reasons == {
        (0, 0): "4 steps are known, 7 are needed",
        (1, 0): "0 steps are known, 7 are needed",
        (1, 1): "2 steps are known, 7 are needed",
    }


@pytest.mark.parametrize("model", [seasonal_naive, ets])
def test_a_pure_weekly_pattern_is_continued_exactly(model, series):
    week = [5.0, 6, 7, 8, 9, 20, 12]
    assert y_hat(model, series(week * 8)) == pytest.approx(week * 2, rel=1e-6)


@pytest.mark.parametrize("name", [name for name in models_for("D") if name != "naive"])
def test_every_daily_candidate_finds_a_strong_week(name, revenue):
    said = y_hat(models_for("D")[name], revenue, h=7)
    week = 4000 * np.exp(0.02) * np.array([0.8, 0.7, 0.9, 1.0, 1.1, 1.4, 1.1])
    off = 0.45 if name == "seasonal_naive" else 0.2
    assert said == pytest.approx(week, rel=off)


@settings(derandomize=True, deadline=None, max_examples=6)
@given(
    y=st.lists(st.floats(0, 1000), min_size=35, max_size=60).filter(lambda y: sum(y) > 1),
    scale=st.sampled_from([0.01, 0.5, 100.0]),
)
def test_scaling_y_scales_what_ets_says(y, scale):
    ds = pd.date_range("2025-01-06", periods=len(y)).astype("datetime64[ns]")
    history = pd.DataFrame({"unique_id": "shop", "ds": ds, "y": y})
    plain = y_hat(ets, history)
    scaled = y_hat(ets, history.assign(y=history["y"] * scale))
    assert scaled == pytest.approx(plain * scale, rel=1e-3, abs=1e-3 * scale * max(y))


def test_ets_reads_negative_days_as_they_are(series):
    rng = np.random.default_rng(5)
    assert y_hat(ets, series(rng.normal(-50, 5, 70))) == pytest.approx(np.full(14, -50), abs=10)


@pytest.mark.parametrize(("y", "why"), [([0.0] * 40, "every value is 0"), ([1, 2, 3], "Value")])
def test_ets_says_why_it_cannot_forecast(series, y, why):
    said = ask(ets, panel_of(series(y), h=3), origins=(0,), seed=0)
    assert np.isnan(said.y_hat).all()
    assert why in said.reasons[0, 0]


def test_prophet_is_quiet_repeatable_and_scales(revenue, capfd):
    logger = logging.getLogger("cmdstanpy")
    before = (logger.disabled, logger.level)
    first, again = y_hat(prophet, revenue), y_hat(prophet, revenue)
    in_cents = y_hat(prophet, revenue.assign(y=revenue["y"] * 100))
    assert np.array_equal(first, again)
    assert in_cents == pytest.approx(first * 100, rel=1e-3)
    assert first.max() / first.min() == pytest.approx(2.0, rel=0.25)  # 1.4 / 0.7, the week planted
    assert capfd.readouterr() == ("", "")
    assert (logger.disabled, logger.level) == before


def test_prophet_learns_a_holiday_and_a_regressor(revenue):
    promoted = np.arange(len(revenue)) % 10 == 3
    easter = revenue["ds"] == "2025-04-20"
    lift = 1 + 1.0 * promoted + 4.0 * easter.to_numpy()
    history = revenue.assign(y=revenue["y"] * lift, promotion=promoted.astype(float))
    history["holiday"] = np.where(easter, "Easter", "")
    plain = future_frame(revenue, h=14, freq="D").assign(promotion=0.0, holiday="")
    planned = plain.copy()
    planned.loc[[3, 10], ["promotion", "holiday"]] = [[1.0, ""], [0.0, "Easter"]]
    ratio = y_hat(prophet, history, known=planned) / y_hat(prophet, history, known=plain)
    assert ratio[3] == pytest.approx(2, rel=0.1)
    assert ratio[10] > 3
    assert ratio[[0, 5, 13]].tolist() == pytest.approx([1, 1, 1])


def test_a_new_model_is_one_function(series):
    @per_series
    def last_value(history, *, future, season_length, seed):
        return np.full(len(future), history["y"].iloc[-1])

    @per_panel
    def last_values(past, *, seed):
        return np.repeat(past.y[:, -1:], past.h, axis=1)

    both = pd.concat([series([3, 4], uid="a"), series([5, 6], uid="b")])
    for model in (last_value, last_values):
        said = ask(model, panel_of(both, h=2), origins=(1, 0), seed=0)
        assert said.y_hat.tolist() == [[[3, 3], [4, 4]], [[5, 5], [6, 6]]]


def test_a_model_that_raises_or_says_no_number_is_told_for_whom(series):
    def raises(panel, *, origins, seed):
        raise ValueError("planted")

    def half(panel, *, origins, seed):
        return Said(np.array([[[1.0, 2.0]], [[3.0, np.inf]]]))

    panel = panel_of(pd.concat([series([1, 2], uid="a"), series([1, 2], uid="b")]), h=2)
    said = ask(raises, panel, origins=(0,), seed=0)
    assert np.isnan(said.y_hat).all()
    assert said.reasons == {(0, 0): "ValueError: planted", (1, 0): "ValueError: planted"}
    said = ask(half, panel, origins=(0,), seed=0)
    np.testing.assert_array_equal(said.y_hat[:, 0], [[1, 2], [np.nan, np.nan]])
    assert said.reasons == {(1, 0): "y_hat is not a finite number"}


def test_nothing_falls_below_zero_that_was_not_negative_before_its_origin(series):
    def below(panel, *, origins, seed):
        return Said(np.full((1, len(origins), panel.h), -5.0))

    said = ask(below, panel_of(series([1, -1, 2]), h=1), origins=(2, 1, 0), seed=0)
    assert said.y_hat.ravel().tolist() == [0, -5, -5]


def test_models_are_named():
    assert list(named_models(["ets", "seasonal_naive"])) == ["ets", "seasonal_naive"]
    assert set(MODELS) == {
        "naive", "seasonal_naive", "ets", "arima", "stl_ets", "stl_drift", "prophet",
        "croston", "sba", "tsb", "adida", "imapa",
    }  # fmt: skip
    with pytest.raises(InputInvalid, match="no model is named 'oracle'") as refused:
        named_models(["oracle"])
    assert "seasonal_naive" in refused.value.hint
    with pytest.raises(InputInvalid, match="freq is 'Q'"):
        models_for("Q")
