"""A line the size of a word."""

from __future__ import annotations

import altair as alt
import pandas as pd

from workbench.charts.rows import inline
from workbench.charts.theme import COLORS, Figure, empty_chart, themed
from workbench.columns import checked

__all__ = ["plot_sparkline"]

_WIDTH, _HEIGHT = 120, 28


def plot_sparkline(series: pd.DataFrame) -> Figure:
    """The course of one series beside its number in a table or tile; the last day is marked.

    Args:
        series: one row per day, sorted: ``ds y``.

    Raises:
        ContractBroken: a column is missing.
    """
    table = checked(series, columns=["ds", "y"])
    if table.empty:
        return empty_chart("no data", title="", width=_WIDTH)
    base = alt.Chart().encode(
        x=alt.X("ds:T").axis(None), y=alt.Y("y:Q").axis(None).scale(zero=False)
    )
    last = inline(table.tail(1))
    chart = alt.layer(
        base.mark_line(color=COLORS["quiet"], strokeWidth=1.25),
        base.properties(data=last).mark_circle(color=COLORS["blue"], size=22, opacity=1),
        data=inline(table),
    ).properties(
        width=_WIDTH,
        height=_HEIGHT,
        description=f"From {table['y'].iloc[0]:,.6g} to {table['y'].iloc[-1]:,.6g} "
        f"over {len(table)} days.",
    )
    return themed(chart)
