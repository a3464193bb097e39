"""Weights by skill, against plain loops and what must always hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.forecast import combined, skill_errors, weights

NONE = float("nan")


def test_the_error_of_a_model_is_its_mean_over_origins_and_steps():
    rng = np.random.default_rng(1)
    y, y_hat = rng.normal(0, 1, (2, 3, 4)), rng.normal(0, 1, (2, 5, 3, 4))
    found = skill_errors(y, y_hat=y_hat)
    for row in range(2):
        for model in range(5):
            wrong = [
                abs(y_hat[row, model, k, h] - y[row, k, h]) for k in range(3) for h in range(4)
            ]
            assert found[row, model] == pytest.approx(sum(wrong) / 12)


def test_a_model_is_compared_on_the_origins_where_it_spoke():
    # the first origin is ten times as hard; the third model spoke only at the second one
    y = np.zeros((1, 2, 1))
    y_hat = np.array([[[[10.0], [1.0]], [[20.0], [2.0]], [[NONE], [1.5]], [[NONE], [NONE]]]])
    found = skill_errors(y, y_hat=y_hat)[0]
    # the usual errors are 15 and 1.5, so the third model is as good as usual: 8.25 on both
    assert found[:3] == pytest.approx([5.5, 11, 8.25])
    assert np.isnan(found[3])


def test_what_a_model_got_wrong_lately_moves_its_error():
    y, y_hat = np.zeros((1, 2, 1)), np.ones((1, 3, 2, 1))
    plain = skill_errors(y, y_hat=y_hat)
    moved = skill_errors(y, y_hat=y_hat, recent=np.array([[1.0, 9.0, NONE]]))
    # the usual recent error is 5
    assert moved[0] == pytest.approx(plain[0] * (np.array([0.2, 1.8, 1.0]) + 0.05) ** 0.3)
    flat = skill_errors(y, y_hat=y_hat, recent=np.zeros((1, 3)))
    assert weights(flat) == pytest.approx(weights(plain))


def test_weights_by_hand():
    one = weights(np.array([[1.0, 2.0]]), power=2, shrink=0)
    assert one[0] == pytest.approx([0.8, 0.2])
    # over both series the second model is usually 1.5 times as wrong as the best, the first 1
    two = weights(np.array([[1.0, 2.0], [3.0, 3.0]]), power=2, shrink=0.5)
    pooled = 1 / (1 + 1.5**-2)
    assert two[:, 0] == pytest.approx([(0.8 + pooled) / 2, (0.5 + pooled) / 2])


def test_without_an_error_at_hand_the_skill_on_other_series_decides():
    errors = np.array([[1.0, 2.0, 4.0], [NONE, NONE, NONE]])
    both = weights(errors, power=1, shrink=0.1)
    assert both[1] == pytest.approx(np.array([4, 2, 1]) / 7)
    assert weights(errors[1:]) == pytest.approx(np.full((1, 3), 1 / 3))


def test_a_model_that_was_never_wrong_gets_it_all_and_one_that_failed_nothing():
    found = weights(np.array([[0.0, 1.0, NONE]]), shrink=0)
    assert found[0] == pytest.approx([1, 0, 0])


@settings(derandomize=True, deadline=None)
@given(
    errors=st.lists(
        st.lists(st.one_of(st.integers(0, 10**6), st.just(NONE)), min_size=12, max_size=12),
        min_size=1,
        max_size=5,
    ),
    scale=st.sampled_from([2.0**-10, 2.0**20]),
)
def test_shares_sum_to_one_eight_are_kept_and_the_unit_does_not_matter(errors, scale):
    found = weights(np.array(errors, dtype=float))
    assert found.sum(axis=1) == pytest.approx(1)
    assert (found >= 0).all()
    tested = np.isfinite(np.array(errors))
    assert (found[tested.any(axis=1, keepdims=True) & ~tested] == 0).all()
    assert weights(np.array(errors) * scale) == pytest.approx(found, abs=1e-6)


def test_the_best_eight_are_kept():
    found = weights(np.arange(1.0, 13)[None])
    assert (found[0] > 0).tolist() == [True] * 8 + [False] * 4


def test_the_share_of_a_model_that_says_nothing_goes_to_the_others():
    shares = np.array([[0.5, 0.3, 0.2]])
    said = np.array([[[10.0, 10.0], [20.0, NONE], [NONE, NONE]]])
    assert combined(said, weights=shares)[0] == pytest.approx([11 / 0.8, 10])
    assert np.isnan(combined(said[:, 2:], weights=shares[:, 2:])).all()
