import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analytics.figures import (
    change_text,
    count_text,
    day_text,
    figure_text,
    money_text,
    range_text,
    rate_text,
)
from workbench.periods import DateRange

amounts = st.floats(min_value=-1e9, max_value=1e9)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (0, "USD", "$0.00"),
        (8911407.904, "GBP", "£8,911,407.90"),
        (-12.5, "EUR", "-€12.50"),
        (1999.6, "JPY", "¥2,000"),
        (1.2345, "KWD", "KWD\N{NO-BREAK SPACE}1.234"),
        (-0.004, "USD", "$0.00"),
    ],
)
def test_money(amount: float, currency: str, text: str) -> None:
    assert money_text(amount, currency) == text


@pytest.mark.parametrize("missing", [None, math.nan, math.inf, -math.inf])
def test_what_is_missing_reads_the_same_everywhere(missing: float | None) -> None:
    texts = {
        money_text(missing, "USD"),
        count_text(missing),
        rate_text(missing),
        change_text(missing),
    }
    assert texts == {"n/a"}


@given(amounts)
def test_money_reads_back(amount: float) -> None:
    text = money_text(amount, "USD")
    assert float(text.replace("$", "").replace(",", "")) == pytest.approx(amount, abs=0.00501)


@given(amounts)
def test_zero_has_no_sign(value: float) -> None:
    for text in (money_text(value, "USD"), count_text(value), rate_text(value), change_text(value)):
        digits = text.strip("+-$%").replace(",", "")
        assert float(digits) != 0 or text[0] not in "+-"


@given(st.floats(min_value=-1, max_value=1e6))
def test_a_change_shows_its_direction(change: float) -> None:
    shown = change_text(change)
    rounded = round(change * 100, 1)
    assert shown.startswith("+") == (rounded > 0)
    assert shown.startswith("-") == (rounded < 0)


def test_rate_is_a_fraction_shown_in_percent() -> None:
    assert rate_text(0.00123) == "0.12%"
    assert rate_text(1) == "100.00%"


def test_figure_follows_its_unit() -> None:
    texts = [figure_text(0.5, unit=unit, currency="USD") for unit in ("money", "count", "rate")]
    assert texts == ["$0.50", "0", "50.00%"]
    with pytest.raises(KeyError, match="percent"):
        figure_text(0.5, unit="percent", currency="USD")


def test_days() -> None:
    new_year = DateRange(dt.date(2025, 12, 30), dt.date(2026, 1, 5))
    assert day_text(dt.date(2026, 11, 1)) == "Sunday 1 November 2026"
    assert range_text(new_year) == "30 December 2025 to 5 January 2026"
