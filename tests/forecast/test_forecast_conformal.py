"""Intervals that keep their promise, and say so where they cannot."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.forecast import conformal_coverage, conformal_intervals, conformal_widths

KEYS = {"unique_id": "shop", "model": "m"}


def errors_of(errors: np.ndarray) -> pd.DataFrame:
    """A backtest with those errors: one row of the array per origin, one column per step."""
    origins, h = errors.shape
    return pd.DataFrame(
        {
            **KEYS,
            "cutoff": np.repeat(pd.date_range("2025-01-01", periods=origins), h),
            "step": np.tile(np.arange(1, h + 1), origins),
            "y": errors.ravel(),
            "y_hat": 0.0,
        }
    )


def test_one_step_is_the_order_statistic_by_hand():
    # nine errors 1..9: rank ceil(10 * 0.8) = 8; 95 % would need rank 10 of 9
    widths = conformal_widths(errors_of(np.arange(1.0, 10)[:, None]))
    assert widths["width_80"].tolist() == pytest.approx([8.0])
    assert widths["width_95"].isna().all()


def test_widths_grow_where_errors_grew():
    rng = np.random.default_rng(0)
    errors = rng.normal(size=(12, 28)) * np.linspace(1, 5, 28)
    widths = conformal_widths(errors_of(errors)).set_index("step")["width_80"]
    assert widths[26] > 2.5 * widths[3]


def test_exact_forecasts_have_no_width():
    widths = conformal_widths(errors_of(np.zeros((6, 14))))
    assert (widths[["width_80", "width_95"]] == 0).all(axis=None)


@settings(derandomize=True, deadline=None, max_examples=30)
@given(seed=st.integers(0, 999), origins=st.integers(2, 8), h=st.integers(10, 30))
def test_intervals_are_nested_and_respect_the_floor(seed, origins, h):
    errors = np.random.default_rng(seed).standard_t(2, size=(origins, h))
    widths = conformal_widths(errors_of(errors))
    ahead = pd.DataFrame({**KEYS, "step": range(1, h + 1), "y_hat": 1.0})
    wide = conformal_intervals(ahead, widths=widths, floor=pd.Series({"shop": 0.0}))
    assert (wide["lo_95"] <= wide["lo_80"]).all()
    assert (wide["lo_80"] <= wide["y_hat"]).all()
    assert (wide["y_hat"] <= wide["hi_80"]).all()
    assert (wide["hi_80"] <= wide["hi_95"]).all()
    assert (wide["lo_95"] >= 0).all()
    free = conformal_intervals(ahead, widths=widths, floor=pd.Series({"shop": -np.inf}))
    assert (free["hi_95"] - free["y_hat"]).to_numpy() == pytest.approx(
        (free["y_hat"] - free["lo_95"]).to_numpy()
    )


def test_new_noise_is_covered_as_promised():
    rng = np.random.default_rng(42)
    inside = {80: [], 95: []}
    for _ in range(40):
        scale = np.linspace(1, 3, 28)
        widths = conformal_widths(errors_of(rng.laplace(size=(6, 28)) * scale))
        new = np.abs(rng.laplace(size=28) * scale)
        for level, hits in inside.items():
            hits.extend(new <= widths[f"width_{level}"])
    assert np.mean(inside[80]) == pytest.approx(0.80, abs=0.03)
    assert np.mean(inside[95]) == pytest.approx(0.95, abs=0.02)


def test_coverage_is_judged_on_the_origin_left_out():
    errors = np.full((3, 20), 1.0)
    errors[2] = 10.0  # the widths of the other two origins, all 1, miss this one
    coverage = conformal_coverage(errors_of(errors))
    assert coverage["coverage_80"].tolist() == pytest.approx([2 / 3])
    noise = np.random.default_rng(1).normal(size=(20, 28))
    fair = conformal_coverage(errors_of(noise)).iloc[0]
    assert fair["coverage_80"] == pytest.approx(0.80, abs=0.03)
    assert fair["coverage_95"] == pytest.approx(0.95, abs=0.02)


def test_one_origin_cannot_be_judged():
    coverage = conformal_coverage(errors_of(np.ones((1, 20))))
    assert coverage[["coverage_80", "coverage_95"]].isna().all(axis=None)
