"""Recursions are what their definition says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from workbench.forecast.models.recursion import recursion


@pytest.mark.parametrize("b", [[0.3], [1.0, -1.9, 0.9]])
@pytest.mark.parametrize("a", [[1.0], [1.0, -0.7], [1.0, -1.2, 0.3]])
@pytest.mark.parametrize("shape", [(3, 40), (1, 2), (2, 1), (0, 5), (2, 0), (2, 5, 3)])
def test_each_step_follows_from_those_before_it(
    b: Sequence[float], a: Sequence[float], shape: tuple[int, ...]
) -> None:
    x = np.random.default_rng(1).normal(size=shape)
    before = x.copy()
    y = np.zeros(shape)
    for t in range(shape[1]):
        y[:, t] = sum(share * x[:, t - lag] for lag, share in enumerate(b) if lag <= t)
        for lag, share in enumerate(a[1:], start=1):
            if lag <= t:
                y[:, t] -= share * y[:, t - lag]
    assert recursion(b, a, x) == pytest.approx(y, rel=1e-12, abs=1e-12)
    assert (x == before).all(), "the rows stay as they are"
