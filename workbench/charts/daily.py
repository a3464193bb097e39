"""The parts that figures over days share: axes, colours by name, tooltips."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt

from workbench.analytics.figures import money_places
from workbench.charts.theme import WIDTH

__all__ = ["day_axis", "day_tooltip", "hover", "money_axis", "money_tooltip", "named"]


def day_axis(*, days: int) -> alt.X:
    """Days along the bottom, without a title: dates say what they are.

    Args:
        days: in the figure; beyond half a year the year is written instead of the day.
    """
    written = "%-d %b" if days <= 183 else "%b %Y"
    ticks = {"interval": "day", "step": 1} if days <= 10 else 8  # never two on one day
    return alt.X("ds:T").title(None).axis(format=written, grid=False, tickCount=ticks)


def money_axis(field: str, *, currency: str) -> alt.Y:
    """Money per day up the side, without cents."""
    title = f"Revenue per day ({currency})"
    return alt.Y(f"{field}:Q").title(title).axis(format="$,.0f", tickCount=5).stack(False)


def named(mark: alt.Chart, name: str, *, colors: Mapping[str, str]) -> alt.Chart:
    """The mark in the colour of that name, with a legend that lists all names in their order.

    Args:
        mark: one layer of a figure.
        name: a key of ``colors``.
        colors: what each colour stands for; the same mapping in every layer of a figure.
    """
    drawn: alt.Chart = mark.transform_calculate(series=f"'{name}'").encode(
        color=alt.Color("series:N")
        .scale(domain=list(colors), range=list(colors.values()))
        .legend(symbolType="square", symbolStrokeWidth=0, symbolSize=120)
    )
    return drawn


def hover(*tooltip: alt.Tooltip, shown: str, days: int) -> alt.Chart:
    """Invisible columns, one a day, that carry the tooltip: an area would only show its first day.

    The static picture leaves them out.

    Args:
        tooltip: lines of the tooltip.
        shown: a field; days on which it is null have no column.
        days: in the figure, so that the columns touch.
    """
    columns: alt.Chart = (
        alt.Chart(name=f"hover_{shown}")
        .transform_filter(f"isValid(datum.{shown})")
        .mark_rule(opacity=0, strokeWidth=max(2.0, WIDTH / days))
        .encode(x=day_axis(days=days), tooltip=list(tooltip))
    )
    return columns


def day_tooltip(field: str, title: str) -> alt.Tooltip:
    """A day with its weekday."""
    return alt.Tooltip(f"{field}:T", title=title, format="%a %-d %b %Y")


def money_tooltip(field: str, title: str, *, currency: str) -> alt.Tooltip:
    """An amount to the cent."""
    return alt.Tooltip(f"{field}:Q", title=title, format=f"$,.{money_places(currency)}f")
