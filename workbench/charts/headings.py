"""What a page says about itself: whose data, which days, how fresh, whether simulated."""

from __future__ import annotations

import datetime as dt
from html import escape

from workbench.analytics.figures import day_text, range_text
from workbench.periods import DateRange

__all__ = ["SIMULATED", "heading_html", "simulated_html"]

SIMULATED = "A sandbox, not a Klaviyo account: generated, or replayed from a file of orders."


def heading_html(
    name: str, *, days: DateRange, last_day: dt.date, timezone: str, is_simulated: bool
) -> str:
    """Name, days and freshness of a report, and a banner where its data is simulated.

    Args:
        name: of the account.
        days: the days reported on.
        last_day: the last day that the data covers whole.
        timezone: in which days are counted.
        is_simulated: whether the account is a sandbox.
    """
    freshness = f"data up to {day_text(last_day)}, days of {timezone}"
    return (
        f"{simulated_html() if is_simulated else ''}"
        f'<p class="wb-heading"><strong>{escape(name)}</strong>, {escape(range_text(days))}'
        f"<br>{escape(freshness)}</p>"
    )


def simulated_html() -> str:
    """The banner over everything that shows a sandbox's data."""
    return (
        '<div class="wb-banner" role="note" style="padding:.5em .9em;border-left:5px solid #b7791f;'
        f'background:#fdf6e3"><strong>Simulated data.</strong> {escape(SIMULATED)}</div>'
    )
