"""The three sentences of a week: each branch, with the figures that went in."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from workbench.analytics import key_number_changes, weekly_sentences

CAMPAIGNS = pd.DataFrame(
    {
        "name": ["Zebra", "Autumn edit", "Ant"],
        "revenue": [900.0, 1500.5, 1500.5],
        "conversions": [9, 14, 15],
    }
)
AHEAD = pd.DataFrame(
    {
        "ds": pd.date_range("2026-11-02", periods=10),
        "y_hat": [100.0, 110, 120, 250, 140, 150, 160, 9999, 9999, 9999],
        "lo_80": [10.0, 11, 12, 200, 14, 15, 16, 0, 0, 0],
        "hi_80": [190.0, 200, 210, 300.25, 230, 240, 250, 0, 0, 0],
    }
)
KNOWN = {"revenue": 5000.0, "orders": 40.0, "attributed_share": 0.25}


def numbers(**values: float) -> pd.DataFrame:
    said = KNOWN | values
    reasons = ["not mapped" if math.isnan(value) else "" for value in said.values()]
    return pd.DataFrame({"metric": list(said), "value": said.values(), "reason": reasons})


def sentences(
    now: pd.DataFrame | None = None,
    *,
    before: float = 4000.0,
    year: float = 8000.0,
    campaigns: pd.DataFrame = CAMPAIGNS,
    predictions: pd.DataFrame = AHEAD,
    currency: str = "USD",
) -> list[str]:
    now = numbers() if now is None else now
    return weekly_sentences(
        key_number_changes(now, numbers(revenue=before)),
        year_changes=key_number_changes(now, numbers(revenue=year)),
        campaigns=campaigns,
        predictions=predictions,
        currency=currency,
    )


def test_a_full_week() -> None:
    assert sentences() == [
        "40 orders brought $5,000.00, 25.0% above the week before"
        " and 37.5% below the same week a year earlier.",
        "Klaviyo credits 25.00% of revenue to messages; the campaign that earned most is “Ant”"
        " with $1,500.50 from 15 orders so far.",
        "For 2 November to 8 November 2026 the forecast expects $1,030.00 of revenue; the best day"
        " is Thursday 5 November 2026 with $250.00 (four times in five $200.00 to $300.25).",
    ]


@pytest.mark.parametrize(
    ("before", "year", "text"),
    [
        (5000.0, 5002.0, "the same as the week before and the same as the same week"),
        (0.0, math.nan, "not comparable (was 0 before) with the week before"),
        (0.0, math.nan, "not comparable (before: not mapped) with the same week a year earlier"),
        (10000.0, 2500.0, "50.0% below the week before and 100.0% above the same week"),
    ],
)
def test_how_revenue_moved(before: float, year: float, text: str) -> None:
    assert text in sentences(before=before, year=year)[0]


def test_revenue_that_is_not_known_is_not_told() -> None:
    first, second, _ = sentences(
        numbers(revenue=math.nan, orders=math.nan, attributed_share=math.nan)
    )
    assert first == "Revenue is not known: not mapped."
    assert second.startswith("The share of messages in revenue is not known (not mapped);")


def test_a_week_without_campaigns() -> None:
    second = sentences(campaigns=CAMPAIGNS.head(0))[1]
    assert second.endswith("; no campaign was received in the week.")


def test_campaigns_that_earned_nothing_yet() -> None:
    second = sentences(campaigns=CAMPAIGNS.assign(revenue=0.0, conversions=0))[1]
    assert second.endswith("; no campaign of the week has earned an order so far.")


def test_campaigns_whose_revenue_is_not_known_are_not_ranked() -> None:
    second = sentences(campaigns=CAMPAIGNS.assign(revenue=float("nan"), conversions=float("nan")))
    assert second[1].startswith("Klaviyo credits")
    assert "campaign" not in second[1]


@pytest.mark.parametrize("days", [0, 6])
def test_a_forecast_that_ends_within_the_week_is_not_summed(days: int) -> None:
    third = sentences(predictions=AHEAD.head(days))[2]
    assert third == "No forecast made before the week ended reaches the next one."


def test_the_order_of_predictions_does_not_matter() -> None:
    assert sentences(predictions=AHEAD.iloc[::-1]) == sentences()


def test_money_is_told_in_the_account_s_currency() -> None:
    assert "¥5,000," in sentences(currency="JPY")[0]
