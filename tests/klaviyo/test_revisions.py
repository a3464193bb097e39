"""The end of a revision is told half a year ahead, on Klaviyo's clock."""

from __future__ import annotations

import datetime as dt

import pytest

from workbench.klaviyo.revisions import retirement_on, retirement_warning


@pytest.mark.parametrize(
    ("revision", "retires"),
    [("2026-07-15", "2028-07-15"), ("2024-02-29", "2026-02-28"), ("2026-10-15.pre", "2028-10-15")],
)
def test_a_revision_lives_two_years(revision: str, retires: str) -> None:
    assert retirement_on(revision).isoformat() == retires


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("2028-01-16", None),
        ("2028-01-17", "stops to serve revision 2026-07-15 on 2028-07-15, in 180 days"),
        ("2028-07-14", "in 1 days: update the workbench"),
        ("2028-07-15", "need not serve revision 2026-07-15 since 2028-07-15"),
    ],
)
def test_its_end_is_told_180_days_before(now: str, told: str | None) -> None:
    instant = dt.datetime.fromisoformat(now).replace(tzinfo=dt.UTC)
    warning = retirement_warning("2026-07-15", now=instant)
    assert warning is None if told is None else told in str(warning)
