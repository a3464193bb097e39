"""Revenue over time."""

from __future__ import annotations

import altair as alt
import pandas as pd

from workbench.analytics.figures import money_text
from workbench.charts.daily import (
    day_axis,
    day_tooltip,
    hover,
    money_axis,
    money_tooltip,
    named,
)
from workbench.charts.rows import inline
from workbench.charts.theme import COLORS, HEIGHT, WIDTH, Figure, empty_chart, themed
from workbench.columns import checked

__all__ = ["plot_revenue"]

_TITLE = "Revenue per day"
_ALL, _ATTRIBUTED, _BEFORE = "All revenue", "Attributed to Klaviyo", "Comparison period"
_COLORS = {_ALL: COLORS["grey"], _ATTRIBUTED: COLORS["blue"], _BEFORE: COLORS["orange"]}


def plot_revenue(
    daily: pd.DataFrame, *, currency: str, comparison: pd.DataFrame | None = None
) -> Figure:
    """Revenue per day, the attributed part in front, and the comparison period as a line.

    Args:
        daily: one row per day, sorted: ``ds revenue attributed_revenue``, money in ``currency``.
        currency: ISO 4217 code.
        comparison: one row per day, sorted: ``ds revenue``; its first day is drawn at the first
            day of ``daily``, and so on, as far as ``daily`` reaches.

    Raises:
        ContractBroken: a column is missing.
    """
    table = checked(daily, columns=["ds", "revenue", "attributed_revenue"])
    if table.empty:
        return empty_chart("There is no day in this period.", title=_TITLE)
    drawn = {_ALL: "revenue", _ATTRIBUTED: "attributed_revenue"}
    tooltips = [hover(*_now(currency), shown="revenue", days=len(table))]
    if comparison is not None and not comparison.empty:
        table = _beside(table, comparison=checked(comparison, columns=["ds", "revenue"]))
        drawn[_BEFORE] = then = "comparison_revenue"
        tooltips.append(hover(*_now(currency), *_then(currency), shown=then, days=len(table)))
    layers = _layers(drawn, currency=currency, days=len(table))
    chart = alt.layer(*layers, *tooltips, data=inline(table)).properties(
        title=_TITLE, width=WIDTH, height=HEIGHT, description=_description(table, currency)
    )
    return themed(chart, currency=currency)


def _layers(drawn: dict[str, str], *, currency: str, days: int) -> list[alt.Chart]:
    point = days == 1  # neither a line nor an area shows a single day
    marks = {
        _ALL: alt.Chart().mark_area(point=point),
        _ATTRIBUTED: alt.Chart().mark_area(point=point),
        _BEFORE: alt.Chart().mark_line(strokeWidth=1.5, strokeDash=[4, 2], point=point),
    }
    colors = {name: _COLORS[name] for name in drawn}
    x = day_axis(days=days)
    return [
        named(marks[name].encode(x=x, y=money_axis(field, currency=currency)), name, colors=colors)
        for name, field in drawn.items()
    ]


def _now(currency: str) -> list[alt.Tooltip]:
    return [
        day_tooltip("ds", "Day"),
        money_tooltip("revenue", _ALL, currency=currency),
        money_tooltip("attributed_revenue", _ATTRIBUTED, currency=currency),
    ]


def _then(currency: str) -> list[alt.Tooltip]:
    return [
        day_tooltip("comparison_on", "Compared with"),
        money_tooltip("comparison_revenue", "Revenue then", currency=currency),
    ]


def _beside(daily: pd.DataFrame, *, comparison: pd.DataFrame) -> pd.DataFrame:
    moved = daily["ds"].min() - comparison["ds"].min()
    then = comparison.rename(columns={"ds": "comparison_on", "revenue": "comparison_revenue"})
    return daily.merge(then.assign(ds=then["comparison_on"] + moved), on="ds", how="left")


def _description(daily: pd.DataFrame, currency: str) -> str:
    total = money_text(daily["revenue"].sum(), currency)
    attributed = money_text(daily["attributed_revenue"].sum(), currency)
    return (
        f"{_TITLE} from {daily['ds'].min().date()} to {daily['ds'].max().date()}: {total} in all, "
        f"{attributed} of it attributed to Klaviyo."
    )
