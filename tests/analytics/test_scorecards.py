"""Scorecards of forecasts, against sums by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.analytics import forecast_scorecard, reached_coverage, scorecard_sentences
from workbench.errors import ContractBroken

NAN = float("nan")
COLUMNS = ["metric", "unit", "grain", "step_from", "model", "n", "mae", "bias", "mase"]
COLUMNS += ["coverage_50", "coverage_80", "coverage_90", "coverage_95"]
PERFORMANCE = pd.DataFrame(
    [
        ("revenue", "USD", "D", 2, "forecast", 30, 6.0, -3.0, 0.6, 0.5, 0.9, 0.9, NAN),
        ("revenue", "USD", "D", 2, "seasonal_naive", 30, 12.0, 1.0, 1.2, NAN, NAN, NAN, NAN),
        ("revenue", "USD", "D", 1, "forecast", 10, 4.0, 4.0, 0.4, 0.1, 0.5, 1.0, NAN),
        ("revenue", "USD", "D", 1, "seasonal_naive", 10, 4.0, 1.0, 0.4, NAN, NAN, NAN, NAN),
        ("orders", "orders", "W", 1, "forecast", 3, 2.0, 0.0, NAN, NAN, NAN, NAN, NAN),
    ],
    columns=COLUMNS,
)


def test_the_forecast_stands_beside_the_naive_one() -> None:
    card = forecast_scorecard(PERFORMANCE)
    assert card.metric.tolist() == ["orders", "revenue", "revenue"]
    assert card.ahead.tolist() == ["1", "1", "2 to 7"]
    assert card.against_naive.tolist()[1:] == [1.0, 0.5]
    assert np.isnan(card.against_naive[0])  # nothing to compare with is not made up
    assert card.bias_rate.tolist() == [0.0, 1.0, -0.5]
    with pytest.raises(ContractBroken, match="no column 'mase'"):
        forecast_scorecard(PERFORMANCE.drop(columns="mase"))


def test_coverage_is_weighed_by_steps() -> None:
    reached = reached_coverage(PERFORMANCE[PERFORMANCE.model == "forecast"].head(2))
    assert reached.level.tolist() == [50, 80, 90, 95]
    assert reached.coverage.tolist()[:3] == pytest.approx([16 / 40, 32 / 40, 37 / 40])
    assert np.isnan(reached.coverage[3])


def test_sentences_say_what_is_known_and_no_more() -> None:
    assert scorecard_sentences(forecast_scorecard(PERFORMANCE)) == [
        "orders (W): 3 steps were compared.",
        "revenue (D): 40 steps were compared; the error was 55.00% of the naive forecast's;"
        " the 80 % interval held 80.00% of them.",
    ]
    (why,) = scorecard_sentences(forecast_scorecard(PERFORMANCE.head(0)))
    assert why.startswith("Nothing can be said yet: ")
