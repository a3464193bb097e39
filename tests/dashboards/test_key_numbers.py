import datetime as dt
import math
import re

import pandas as pd
import pytest

from workbench.analytics import key_number_changes
from workbench.dashboards.key_numbers import key_numbers_html
from workbench.periods import DateRange

DAYS = DateRange(dt.date(2026, 10, 5), dt.date(2026, 11, 1))


@pytest.fixture
def numbers() -> pd.DataFrame:
    return pd.DataFrame(
        [
            ("revenue", "Revenue", "money", "event date", 1234.5, "", "Value of all orders."),
            ("orders", "Orders", "count", "event date", 20, "", "How many."),
            ("open_rate", "Open rate", "rate", "send date", math.nan, "nothing sent", "Share."),
        ],
        columns=["metric", "label", "unit", "basis", "value", "reason", "definition"],
    )


def html(numbers: pd.DataFrame, compared: DateRange | None = None) -> str:
    return key_numbers_html(numbers, currency="USD", days=DAYS, compared=compared)


def card(page: str, metric: str) -> str:
    cards = re.findall(r'<div class="wb-card.*?tooltip.*?</div></div>', page)
    return next(found for found in cards if f'data-metric="{metric}"' in found)


def test_a_card_holds_the_number_its_raw_value_and_its_definition(numbers: pd.DataFrame) -> None:
    revenue = card(html(numbers), "revenue")
    assert "$1,234.50" in revenue
    assert 'data-value="1234.5"' in revenue
    assert "Value of all orders. Counted by event date." in revenue


def test_a_missing_number_shows_its_reason_and_no_zero(numbers: pd.DataFrame) -> None:
    rate = card(html(numbers), "open_rate")
    assert "not available" in rate
    assert "nothing sent" in rate
    assert 'data-value=""' in rate
    assert not re.search(r"\d", re.sub(r"<[^>]*>", "", rate))


def test_changes_are_told_in_words(numbers: pd.DataFrame) -> None:
    before = numbers.assign(value=[1000.0, 20, math.nan])
    page = html(key_number_changes(numbers, before), DAYS.before())
    assert "up 23.4%, from $1,000.00" in card(page, "revenue")
    assert "unchanged, from 20" in card(page, "orders")
    assert "wb-change" not in card(page, "open_rate")
    assert "compared with 7 September to 4 October 2026" in page


def test_a_change_that_cannot_be_computed_says_why(numbers: pd.DataFrame) -> None:
    page = html(key_number_changes(numbers, numbers.assign(value=[0.0, 30, 0.2])), DAYS.before())
    assert "was 0 before" in card(page, "revenue")
    assert "down 33.3%, from 30" in card(page, "orders")


def test_without_comparison_no_card_speaks_of_change(numbers: pd.DataFrame) -> None:
    page = html(numbers)
    assert "wb-change" not in page
    assert "28 days, 5 October to 1 November 2026<" in page


def test_cards_stand_together_by_the_day_they_count_on(numbers: pd.DataFrame) -> None:
    first, second = html(numbers).split("Counted on the day the message was sent")
    assert '"orders"' in first
    assert '"open_rate"' in second


def test_text_of_an_account_is_never_markup(numbers: pd.DataFrame) -> None:
    numbers["label"] = "<script>alert(1)</script>"
    assert "<script>" not in html(numbers)
