"""The server and this program must mean the same days by an account's time zone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from workbench.load import first_day_apart

from .conftest import Book


@pytest.mark.parametrize(
    ("timezone", "expected"),
    [
        ("America/New_York", None),
        ("Asia/Kolkata", None),
        ("Europe/Brussels", None),
        # summer time begins on 2027-03-28 at two in the morning; the server knows none of CET
        ("CET", dt.date(2027, 3, 29)),
        ("EET", dt.date(2027, 3, 29)),
    ],
)
def test_the_first_day_that_differs_is_named(
    new_book: Callable[..., Book], timezone: str, expected: dt.date | None
) -> None:
    book = new_book(timezone=timezone)
    assert first_day_apart(book.account) is None  # there are no days yet
    book.event("viewed", "2026-11-08 15:00+00")
    book.refresh()
    assert first_day_apart(book.account) == expected


def test_days_that_are_past_are_looked_at_first(new_embedded_book: Callable[..., Book]) -> None:
    book = new_embedded_book(timezone="CET")
    book.event("viewed", "2026-07-01 12:00+00")
    book.refresh()
    assert first_day_apart(book.account) == dt.date(2026, 7, 1)
