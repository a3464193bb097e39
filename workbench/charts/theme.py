"""How every figure looks: colours, type, money, and the figure that has nothing to show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import altair as alt

from workbench.analytics.figures import currency_sign

__all__ = [
    "COLORS",
    "HEIGHT",
    "THEME",
    "WIDTH",
    "Figure",
    "empty_chart",
    "themed",
]

WIDTH, HEIGHT = 720, 260  # pixels of the plotting area; with its axes about 800 wide

# Okabe & Ito (2008): told apart with every common form of colour blindness, and in grey print.
COLORS: Mapping[str, str] = {
    "ink": "#2b2f36",
    "quiet": "#6b7280",
    "grid": "#e8eaed",
    "grey": "#c3ccd6",
    "blue": "#0072b2",
    "light blue": "#a5cbe3",
    "pale blue": "#d9eaf5",
    "orange": "#d55e00",
    "green": "#009e73",
}

THEME: Mapping[str, Any] = {
    "background": "#ffffff",
    "font": "system-ui, Segoe UI, Roboto, Helvetica, Arial, sans-serif",
    "padding": 8,
    "title": {
        "anchor": "start",
        "color": COLORS["ink"],
        "fontSize": 15,
        "fontWeight": 600,
        "subtitleColor": COLORS["quiet"],
        "subtitleFontSize": 12,
        "offset": 12,
    },
    "view": {"stroke": None},
    "axis": {
        "domainColor": COLORS["quiet"],
        "gridColor": COLORS["grid"],
        "labelColor": COLORS["ink"],
        "labelFontSize": 11,
        "tickColor": COLORS["quiet"],
        "titleColor": COLORS["quiet"],
        "titleFontSize": 12,
        "titleFontWeight": 400,
        "titlePadding": 8,
    },
    "legend": {
        "orient": "top",
        "title": None,
        "labelColor": COLORS["ink"],
        "labelFontSize": 12,
        "labelLimit": 240,
        "columnPadding": 18,
        "offset": 6,
    },
}

Figure: TypeAlias = alt.Chart | alt.LayerChart | alt.FacetChart | alt.HConcatChart


def themed(chart: Figure, *, currency: str | None = None) -> Figure:
    """The chart with this theme; d3 formats that begin with $ then write the currency.

    Args:
        chart: any altair chart.
        currency: ISO 4217 code; written as its symbol, or as the code where it has none of its own.
    """
    config = {**THEME, "locale": _locale(currency)} if currency else dict(THEME)
    styled: Figure = chart.configure(**config)
    return styled


def empty_chart(reason: str, *, title: str, width: int = WIDTH) -> Figure:
    """A chart that says why there is nothing to see.

    Args:
        reason: one sentence for the reader.
        title: of the chart that could not be drawn.
        width: pixels.
    """
    chart = (
        alt.Chart(alt.InlineData(values=[{"reason": reason}]), title=title)
        .mark_text(color=COLORS["quiet"], fontSize=13, limit=width)
        .encode(text="reason:N")
        .properties(width=width, height=80, description=f"{title}: {reason}")
    )
    return themed(chart)


def _locale(currency: str) -> dict[str, Any]:
    signs = [currency_sign(currency), ""]
    return {"number": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": signs}}
