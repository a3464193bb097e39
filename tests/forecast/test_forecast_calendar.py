"""Public holidays by country."""

from __future__ import annotations

import pandas as pd
import pytest

from workbench.forecast import holiday_frame
from workbench.forecast.calendar import shopping_frame, special_days, with_holidays


@pytest.mark.parametrize("country", ["United States", "us", "USA", "united states"])
def test_thanksgiving_of_2025(country):
    days = holiday_frame(country, years=[2025]).set_index("ds")["holiday"]
    assert days[pd.Timestamp("2025-11-27")] == "Thanksgiving Day"
    assert days.index.is_monotonic_increasing
    assert days.index.is_unique


def test_names_are_english_where_the_package_has_them():
    days = holiday_frame("Germany", years=[2025, 2026])
    assert days.attrs == {}
    assert set(days.loc[days["ds"].dt.month == 10, "holiday"]) == {"German Unity Day"}


def test_an_unknown_country_is_empty_with_a_reason():
    days = holiday_frame("Atlantis", years=[2025])
    assert days.empty
    assert list(days.columns) == ["ds", "holiday"]
    assert "'Atlantis'" in days.attrs["reason"]


def test_the_column_names_the_day_or_nothing(series):
    week = series(range(7), start="2025-11-24")
    named = with_holidays(week, days=holiday_frame("US", years=[2025]))
    assert named["holiday"].tolist() == ["", "", "", "Thanksgiving Day", "", "", ""]
    bare = with_holidays(week, days=holiday_frame("Atlantis", years=[2025]))
    assert bare["holiday"].tolist() == [""] * 7


def test_shopping_days_move_with_the_calendar():
    days = shopping_frame("US", years=[2024, 2025]).set_index("holiday")["ds"]
    assert days["Black Friday"].astype(str).tolist() == ["2024-11-29", "2025-11-28"]
    assert days["Mother's Day"].astype(str).tolist() == ["2024-05-12", "2025-05-11"]
    assert days["Easter Sunday"].astype(str).tolist() == ["2024-03-31", "2025-04-20"]
    british = shopping_frame("United Kingdom", years=[2025]).set_index("holiday")["ds"]
    assert str(british["Mother's Day"].date()) == "2025-03-30"


def test_two_names_of_one_day_are_joined():
    days = special_days("Germany", years=[2025]).set_index("ds")["holiday"]
    assert days.index.is_unique
    assert days[pd.Timestamp("2025-12-24")] == "Christmas Eve"
    assert special_days("Atlantis", years=[2025]).attrs["reason"].startswith("the holidays of")


@pytest.mark.parametrize(
    ("freq", "start", "expected"),
    [
        ("W", "2025-11-24", "Thanksgiving Day; Black Friday"),
        ("MS", "2025-11-01", "Veterans Day; Thanksgiving Day; Black Friday"),
        ("h", "2025-11-28", "Black Friday"),
    ],
)
def test_a_longer_or_shorter_step_has_the_names_of_its_days(freq, start, expected):
    steps = pd.date_range(start, periods=3, freq="7D" if freq == "W" else freq)
    frame = pd.DataFrame({"unique_id": "shop", "ds": steps.astype("datetime64[ns]")})
    named = with_holidays(frame, days=special_days("US", years=[2025, 2026]), freq=freq)
    assert named["holiday"].iloc[0] == expected
