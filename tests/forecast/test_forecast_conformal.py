"""Intervals that keep their promise, and say so where they cannot."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.forecast import LEVELS, conformal_bounds, conformal_coverage
from workbench.forecast.conformal import conformal_reasons, sizes_and_scores

cases = given(
    seed=st.integers(0, 999), n=st.integers(1, 5), k=st.integers(2, 8), h=st.integers(5, 30)
)
few = settings(derandomize=True, deadline=None, max_examples=30)


def heavy_errors(seed, n, k, h):
    rng = np.random.default_rng(seed)
    return rng.standard_t(2, size=(n, k, h)), rng.uniform(0.5, 2, n)


def inside(errors, *, new, scale):
    """(levels) share of new errors (n, h) inside the bounds."""
    below, above = conformal_bounds(errors, scale=scale)
    hit = (-below <= new[:, :, None]) & (new[:, :, None] <= above)
    return hit.mean(axis=(0, 1))


def test_one_series_with_one_step_is_the_order_statistic_by_hand():
    # nine errors of one size: every score is 1 or -1, so is every quantile; the size is 3
    errors = np.tile([3.0, -3.0, 3.0], 3)[None, :, None]
    below, above = conformal_bounds(errors, scale=np.array([1.0]), levels=(50, 80))
    assert above[0, 0] == pytest.approx([3.0, 3.0])
    assert below[0, 0] == pytest.approx([3.0, 3.0])
    lost = conformal_bounds(errors, scale=np.array([1.0]), levels=(95,))[1]
    assert np.isnan(lost).all()
    told = conformal_reasons(errors, reach=lost, levels=(95,))
    assert told == ["no interval of 95 %: 9 tested steps are too few"]


def test_an_unlucky_side_gets_the_longer_reach():
    rng = np.random.default_rng(4)
    errors = rng.exponential(size=(30, 6, 10)) - 0.7  # a long tail above
    below, above = conformal_bounds(errors, scale=np.ones(30))
    assert (above[:, :, 2:] > below[:, :, 2:]).all()


def test_bounds_grow_where_errors_grew():
    errors = np.random.default_rng(0).normal(size=(1, 12, 28)) * np.linspace(1, 5, 28)
    _, above = conformal_bounds(errors, scale=np.ones(1))
    assert above[0, 26, 1] > 2.5 * above[0, 3, 1]


def test_exact_forecasts_have_no_width():
    below, above = conformal_bounds(np.zeros((2, 6, 14)), scale=np.array([3.0, 0.0]))
    assert (below == 0).all()
    assert (above == 0).all()


@few
@cases
def test_intervals_are_nested_and_hold_the_forecast(seed, n, k, h):
    errors, scale = heavy_errors(seed, n, k, h)
    for reach in conformal_bounds(errors, scale=scale):
        known = np.where(np.isfinite(reach), reach, np.inf)
        assert (known >= 0).all()
        assert (known[:, :, :-1] <= known[:, :, 1:]).all()


@few
@cases
def test_bounds_scale_and_permute_with_the_series(seed, n, k, h):
    errors, scale = heavy_errors(seed, n, k, h)
    below, above = conformal_bounds(errors, scale=scale)
    unit = np.random.default_rng(seed).uniform(0.1, 1000, n)
    scaled = conformal_bounds(errors * unit[:, None, None], scale=scale * unit)
    assert scaled[0] == pytest.approx(below * unit[:, None, None], nan_ok=True)
    mirrored = conformal_bounds(-errors, scale=scale)
    assert mirrored[0] == pytest.approx(above, nan_ok=True)
    turned = conformal_bounds(errors[::-1], scale=scale[::-1])
    assert turned[1][::-1] == pytest.approx(above, nan_ok=True)


@few
@cases
def test_a_missing_bound_has_its_reason(seed, n, k, h):
    errors, scale = heavy_errors(seed, n, k, h)
    rng = np.random.default_rng(seed)
    errors[rng.random((n, k)) < 0.5] = np.nan  # whole origins, as for short series
    scale[rng.random(n) < 0.3] = np.nan
    below, above = conformal_bounds(errors, scale=scale)
    missing = ~np.isfinite(below + above).all(axis=(1, 2))
    told = conformal_reasons(errors, reach=above)
    assert [bool(reason) for reason in told] == missing.tolist()


def test_reasons_name_what_is_lost():
    errors = np.full((2, 3, 20), np.nan)
    reach = conformal_bounds(errors, scale=np.ones(2))[0]
    assert conformal_reasons(errors, reach=reach)[0] == (
        "no interval of 50 %, 80 %, 90 %, 95 %: no series was long enough to be tested"
    )
    errors[0] = np.random.default_rng(0).normal(size=(3, 20))
    reach = conformal_bounds(errors, scale=np.array([1.0, np.nan]))[0]
    assert conformal_reasons(errors, reach=reach) == [
        "",
        "no interval of 50 %, 80 %, 90 %, 95 %: too short to be tested, or to tell how it moves",
    ]


def test_an_untested_series_learns_from_the_panel():
    rng = np.random.default_rng(5)
    scale = np.array([1.0, 2.0, 5.0, 10.0])
    errors = rng.normal(size=(4, 8, 14)) * scale[:, None, None]
    errors[3] = np.nan
    _, above = conformal_bounds(errors, scale=scale)
    # normal errors of size 10: 80 % within 1.28 of it
    assert above[3, :, 1].mean() == pytest.approx(12.8, rel=0.2)


@pytest.mark.parametrize("k", [3, 6, 12])
def test_new_noise_of_many_series_is_covered_as_promised(k):
    rng = np.random.default_rng(42)
    scale = rng.uniform(1, 100, 200)
    grows = scale[:, None, None] * np.linspace(1, 3, 14)
    errors = rng.laplace(size=(200, k, 14)) * grows
    new = rng.laplace(size=(200, 14)) * grows[:, 0]
    # 2,800 steps; their binomial spread is .8 points at 80 %, the bounds have one of their own
    got = inside(errors, new=new, scale=scale)
    assert got == pytest.approx(np.array(LEVELS) / 100, abs=0.025)


def test_new_noise_of_one_series_is_covered_as_promised():
    rng = np.random.default_rng(7)
    grows = np.linspace(1, 3, 28)
    got = [
        inside(
            rng.laplace(size=(1, 6, 28)) * grows, new=rng.laplace(size=(1, 28)) * grows, scale=one
        )
        for one in np.ones((60, 1))
    ]
    assert np.mean(got, axis=0) == pytest.approx(np.array(LEVELS) / 100, abs=0.03)


def test_coverage_is_judged_by_earlier_origins_whose_steps_had_happened():
    errors = np.ones((1, 4, 20))
    errors[0, 3] = 10.0  # bounds of the others, all 1, miss this one
    coverage = conformal_coverage(errors, origins=(80, 60, 40, 20), scale=np.ones(1))
    assert coverage[0, 1] == pytest.approx(2 / 3)
    # half a horizon apart the last origin may not look at the one before it
    errors[0, 2] = 10.0
    coverage = conformal_coverage(errors, origins=(50, 40, 30, 20), scale=np.ones(1))
    assert coverage[0, 1] == pytest.approx(0.0)


def test_coverage_of_steady_noise_is_nominal():
    noise = np.random.default_rng(1).normal(size=(8, 20, 28))
    coverage = conformal_coverage(noise, origins=range(28 * 20, 0, -28), scale=np.ones(8))
    assert coverage.mean(axis=0) == pytest.approx(np.array(LEVELS) / 100, abs=0.04)


def test_coverage_falls_when_errors_grew():
    errors = np.random.default_rng(2).normal(size=(50, 6, 14))
    errors[:, 4:] *= 3
    coverage = conformal_coverage(errors, origins=range(84, 0, -14), scale=np.ones(50))
    assert coverage[:, 1].mean() < 0.7


def test_the_score_of_an_origin_knows_nothing_of_it():
    errors, scale = heavy_errors(3, 4, 5, 9)
    _, before = sizes_and_scores(errors, scale=scale)
    errors[:, 2] *= 1000
    _, after = sizes_and_scores(errors, scale=scale)
    assert after[:, 2] == pytest.approx(1000 * before[:, 2])


def test_one_origin_cannot_be_judged():
    coverage = conformal_coverage(np.ones((1, 1, 20)), origins=(20,), scale=np.ones(1))
    assert np.isnan(coverage).all()
