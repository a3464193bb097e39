"""Public holidays by country."""

from __future__ import annotations

import pandas as pd
import pytest

from workbench.forecast import holiday_frame
from workbench.forecast.calendar import with_holidays


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
