"""Numbers and days as people read them: the same on a dashboard, in a report, in a message.

A number that is not there (NaN, None, infinite) reads "n/a", never 0; its reason is told beside it.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import TypeGuard

from workbench.periods import DateRange

__all__ = [
    "change_text",
    "count_text",
    "currency_sign",
    "day_text",
    "difference_text",
    "figure_text",
    "money_places",
    "money_text",
    "moved_text",
    "range_text",
    "rate_text",
]

MISSING = "n/a"

# Written before the amount where the sign names one currency only; other codes are spelt out.
_SIGNS = {
    "AUD": "A$",
    "BRL": "R$",
    "CAD": "CA$",
    "CNY": "CN¥",
    "EUR": "€",
    "GBP": "£",
    "INR": "₹",
    "JPY": "¥",
    "KRW": "₩",
    "MXN": "MX$",
    "NZD": "NZ$",
    "USD": "$",
}

# Digits after the point where they are not two (ISO 4217, table A.1, "minor unit").
_MINOR_UNITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
    **dict.fromkeys(("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


def currency_sign(currency: str) -> str:
    """What stands before an amount: the currency's sign, or its code and a space.

    >>> currency_sign("EUR"), currency_sign("CHF")
    ('€', 'CHF ')
    """
    return _SIGNS.get(currency, f"{currency} ")


def money_places(currency: str) -> int:
    """Digits after the point in amounts of a currency.

    Source: ISO 4217:2015, minor units.
    """
    return _MINOR_UNITS.get(currency, 2)


def money_text(amount: float | None, currency: str) -> str:
    r"""An amount with its currency, in that currency's minor units.

    Args:
        amount: in major units (dollars, not cents).
        currency: ISO 4217 code.

    >>> money_text(1234.5, "USD"), money_text(-3, "SEK"), money_text(1234, "JPY")
    ('$1,234.50', '-SEK\xa03.00', '¥1,234')
    """
    if not _is_number(amount):
        return MISSING
    sign = _SIGNS.get(currency, f"{currency}\N{NO-BREAK SPACE}")
    digits = _grouped(amount, _MINOR_UNITS.get(currency, 2))
    return f"-{sign}{digits[1:]}" if digits.startswith("-") else f"{sign}{digits}"


def count_text(count: float | None) -> str:
    """A whole number with thousands apart.

    >>> count_text(18532)
    '18,532'
    """
    return _grouped(count, 0) if _is_number(count) else MISSING


def rate_text(rate: float | None) -> str:
    """A fraction as a percentage.

    Args:
        rate: 0 to 1; 0.0123 is 1.23 %.

    >>> rate_text(0.4213)
    '42.13%'
    """
    return f"{_grouped(rate * 100, 2)}%" if _is_number(rate) else MISSING


def change_text(change: float | None) -> str:
    """A relative change as a signed percentage.

    Args:
        change: a fraction of the earlier value; 0.5 is half as much again.

    >>> change_text(0.1234), change_text(-0.5), change_text(-0.0001)
    ('+12.3%', '-50.0%', '0.0%')
    """
    if not _is_number(change):
        return MISSING
    digits = _grouped(change * 100, 1)
    return f"{digits}%" if digits.startswith("-") or digits == "0.0" else f"+{digits}%"


def difference_text(difference: float | None) -> str:
    """A change of a rate in percentage points: a percentage of a percentage misleads.

    Args:
        difference: of two fractions; 0.012 is 1.2 points.

    >>> difference_text(0.012), difference_text(-0.0693)
    ('+1.20 pp', '-6.93 pp')
    """
    if not _is_number(difference):
        return MISSING
    digits = _grouped(difference * 100, 2)
    return f"{digits} pp" if digits.startswith("-") or digits == "0.00" else f"+{digits} pp"


def moved_text(*, value: float, before: float, change: float, unit: str) -> str:
    """How a key number moved: a rate in points, everything else in per cent.

    Args:
        value: the number now.
        before: the number it is compared with.
        change: relative to before, as ``key_number_changes`` has it.
        unit: "money", "count" or "rate".

    >>> moved_text(value=0.2, before=0.25, change=-0.2, unit="rate")
    '-5.00 pp'
    """
    return difference_text(value - before) if unit == "rate" else change_text(change)


def figure_text(value: float | None, *, unit: str, currency: str) -> str:
    """A key number in the words of its unit.

    Args:
        value: money in major units, a count, or a fraction 0 to 1.
        unit: "money", "count" or "rate".
        currency: ISO 4217 code, read for money only.

    >>> figure_text(0.5, unit="rate", currency="USD")
    '50.00%'
    """
    if unit == "money":
        return money_text(value, currency)
    return {"count": count_text, "rate": rate_text}[unit](value)


def day_text(day: dt.date) -> str:
    """A day in full.

    >>> day_text(dt.date(2026, 11, 1))
    'Sunday 1 November 2026'
    """
    return f"{day:%A} {_short(day)} {day.year}"


def range_text(days: DateRange) -> str:
    """The first and last day of a range, the year once where it is the same.

    >>> range_text(DateRange(dt.date(2026, 10, 5), dt.date(2026, 11, 1)))
    '5 October to 1 November 2026'
    >>> range_text(DateRange(dt.date(2026, 11, 1), dt.date(2026, 11, 1)))
    '1 November 2026'
    """
    end = f"{_short(days.last)} {days.last.year}"
    if days.days == 1:
        return end
    year = "" if days.first.year == days.last.year else f" {days.first.year}"
    return f"{_short(days.first)}{year} to {end}"


def _short(day: dt.date) -> str:
    return f"{day.day} {day:%B}"


def _is_number(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def _grouped(value: float, digits: int) -> str:
    text = f"{value:,.{digits}f}"
    # what rounds to zero has no sign
    return text.lstrip("-") if not text.strip("-0.,") else text
