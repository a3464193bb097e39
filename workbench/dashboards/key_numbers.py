"""Key numbers as cards: the number, how it moved, and what exactly it counts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd

from workbench.analytics.figures import MISSING, figure_text, moved_text, range_text
from workbench.periods import DateRange

__all__ = ["key_numbers_html"]

_BASES = {
    "event date": "Counted on the day it happened",
    "send date": "Counted on the day the message was sent, whenever its results came",
}


def key_numbers_html(
    numbers: pd.DataFrame, *, currency: str, days: DateRange, compared: DateRange | None
) -> str:
    """A heading that says which days are shown, and one card a number.

    Args:
        numbers: one row per metric: metric label unit basis value reason definition, and before
            change reason_change where there is a comparison; value as ``unit`` says (money in
            major units, a rate 0 to 1), NaN beside its reason.
        currency: ISO 4217 code of the money.
        days: the days the numbers are of.
        compared: the days ``before`` is of, or None.
    """
    count = f"{days.days} day{'s' if days.days > 1 else ''}"
    against = f", compared with {range_text(compared)}" if compared else ""
    groups = "".join(
        f'<div class="wb-basis">{escape(_BASES.get(str(basis), str(basis)))}</div>'
        f'<div class="wb-cards">{_cards(group, currency)}</div>'
        for basis, group in numbers.groupby("basis", sort=False)
    )
    return (
        f'<div class="wb-range" data-first="{days.first}" data-last="{days.last}">'
        f"{count}, {range_text(days)}{against}</div>{groups}"
    )


def _cards(numbers: pd.DataFrame, currency: str) -> str:
    return "".join(_card(row, currency) for row in numbers.to_dict("records"))


def _card(row: Mapping[Any, Any], currency: str) -> str:
    value = float(row["value"])
    missing = math.isnan(value)
    raw = "" if missing else repr(value)
    figure = "not available" if missing else _figure(row, "value", currency)
    below = f'<div class="wb-reason">{_text(row["reason"])}</div>' if missing else ""
    if not missing and "change" in row:
        below = _change(row, currency)
    return (
        f'<div class="wb-card{" wb-missing" if missing else ""}" tabindex="0"'
        f' data-metric="{_text(row["metric"])}" data-value="{raw}">'
        f'<div class="wb-label">{_text(row["label"])}</div>'
        f'<div class="wb-value">{figure}</div>{below}'
        f'<div class="wb-definition" role="tooltip">{_text(row["definition"])} '
        f"Counted by {_text(row['basis'])}.</div></div>"
    )


def _change(row: Mapping[Any, Any], currency: str) -> str:
    shown = moved_text(**{name: row[name] for name in ("value", "before", "change", "unit")})
    if shown == MISSING:
        return f'<div class="wb-change">{_text(row["reason_change"])}</div>'
    arrow, word = {"+": ("▲", "up"), "-": ("▼", "down")}.get(shown[0], ("", "unchanged"))
    amount = f" {shown[1:]}" if arrow else ""
    before = _figure(row, "before", currency)
    return (
        f'<div class="wb-change"><span class="wb-arrow" aria-hidden="true">{arrow}</span> '
        f"{word}{amount}, from {before}</div>"
    )


def _figure(row: Mapping[Any, Any], column: str, currency: str) -> str:
    return escape(figure_text(float(row[column]), unit=row["unit"], currency=currency))


def _text(value: object) -> str:
    return escape(str(value))
