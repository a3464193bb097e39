"""Headers in every spelling: read where they can be, missing where they cannot, never fatal."""

from __future__ import annotations

import datetime as dt

import pytest

from workbench.klaviyo.answers import Left, left_of, pause_of, served_at_of

DATE = "Mon, 02 Nov 2026 05:00:00 GMT"
INSTANT = dt.datetime(2026, 11, 2, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        (DATE, INSTANT),
        ("Mon, 02 Nov 2026 06:00:00 +0100", INSTANT),
        ("Mon, 02 Nov 2026 05:00:00 -0000", INSTANT),
        ("Mon, 02 Nov 2026 05:00:00", INSTANT),
        ("Mon, 32 Nov 2026 05:00:00 GMT", None),
        ("Mon, 02 Nov 99999 05:00:00 GMT", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_row_24_klaviyos_clock_in_every_spelling(text: str, instant: dt.datetime | None) -> None:
    assert served_at_of({"Date": text}) == instant


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("17", 17.0),
        (" 0 ", 0.0),
        ("Mon, 02 Nov 2026 05:00:30 GMT", 30.0),
        ("Mon, 02 Nov 2026 04:59:00 GMT", 0.0),
        ("1.5", None),
        ("-3", None),
        ("\u0663", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_as_seconds_and_as_a_date_on_klaviyos_clock(
    text: str, seconds: float | None
) -> None:
    assert pause_of({"Date": DATE, "Retry-After": text}) == seconds


def test_a_date_to_come_back_at_means_nothing_without_klaviyos_clock() -> None:
    assert pause_of({"Retry-After": "Mon, 02 Nov 2026 05:00:30 GMT"}) is None


@pytest.mark.parametrize(
    ("limit", "remaining", "reset", "left"),
    [
        ("750", "749", "60", Left(750, 749, 60)),
        ("60, 3;w=1, 60;w=60", "12", "7", Left(60, 12, 7)),
        ("3, 3;w=1, 60;w=60", "2", "1", None),  # of the second, not of the minute
        ("750;w=60", "1", "1", Left(750, 1, 1)),
        ("many", "749", "60", None),
        ("750", "", "60", None),
        ("750", "-1", "60", None),
        ("750", "749", "3600", None),
        ("", "", "", None),
    ],
)
def test_what_is_left_of_the_minute(
    limit: str, remaining: str, reset: str, left: Left | None
) -> None:
    headers = {
        "RateLimit-Limit": limit, "RateLimit-Remaining": remaining, "RateLimit-Reset": reset
    }  # fmt: skip
    assert left_of(headers) == left
