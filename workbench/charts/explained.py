"""Why a forecast says what it says, and how well earlier ones did."""

from __future__ import annotations

import altair as alt
import pandas as pd

from workbench.charts.rows import inline
from workbench.charts.theme import COLORS, HEIGHT, WIDTH, Figure, empty_chart, themed
from workbench.columns import checked

__all__ = ["plot_components", "plot_coverage", "plot_errors_ahead"]

_PARTS_TITLE = "What the regression sees in the series"
_ERRORS_TITLE = "Error by how far ahead"
_COVERAGE_TITLE = "How often the intervals held"
_STILL = 1e-6  # of what moves most: less is what rounding leaves
_HUES = {"forecast": COLORS["blue"], "seasonal_naive": COLORS["orange"], "naive": COLORS["grey"]}


def plot_components(parts: pd.DataFrame, *, steps: int = 420) -> Figure:
    """The parts of one series below each other, up to the end of the forecast.

    Args:
        parts: one row per (ds, part): ``unique_id ds part value scale``, as from
            ``forecast.components``.
        steps: the last ones shown.

    Raises:
        ContractBroken: a column is missing.
    """
    table = checked(parts, columns=["unique_id", "ds", "part", "value", "scale"])
    if table.empty:
        return empty_chart("The series has no parts.", title=_PARTS_TITLE)
    shown = sorted(table["ds"].unique())[-steps:]
    table = table[table["ds"].isin(shown)]
    spread = table.groupby("part")["value"].agg(lambda values: values.max() - values.min())
    moving = spread > _STILL * max(1.0, spread.max())
    table = table[table["part"].isin(moving[moving].index)]
    order = [part for part in parts["part"].drop_duplicates() if moving[part]]
    if not order:
        return empty_chart("No part of the series moves.", title=_PARTS_TITLE)
    line = (
        alt.Chart(inline(table))
        .mark_line(strokeWidth=1.2, color=COLORS["blue"])
        .encode(
            x=alt.X("ds:T").title(None).axis(format="%b %Y", grid=False, tickCount=8),
            y=alt.Y("value:Q").title(None).axis(tickCount=3),
        )
        .properties(width=WIDTH - 90, height=64)
    )
    chart = (
        line.facet(
            row=alt.Row("part:N").sort(order).title(None).header(labelAngle=0, labelAlign="left")
        )
        .resolve_scale(y="independent")
        .properties(
            title=alt.Title(_PARTS_TITLE, subtitle=f"Scale: {table['scale'].iloc[0]}"),
            description=f"{_PARTS_TITLE}: {', '.join(order)}.",
        )
    )
    return themed(chart)


def plot_errors_ahead(scores: pd.DataFrame) -> Figure:
    """The error of forecasts of one metric by how far ahead, beside the naive forecast's.

    Args:
        scores: one row per (model, ahead), in the order of ``ahead``: ``model ahead mase``; rows
            without mase are left out.

    Raises:
        ContractBroken: a column is missing.
    """
    table = checked(scores, columns=["model", "ahead", "mase"]).dropna(subset="mase")
    if table.empty:
        return empty_chart("No forecast has an error that can be compared.", title=_ERRORS_TITLE)
    names = [name for name in _HUES if name in set(table["model"])]
    base = alt.Chart(inline(table)).encode(
        x=alt.X("ahead:O").title("Steps ahead").sort(None).axis(labelAngle=0, grid=False),
        y=alt.Y("mase:Q").title("Mean absolute scaled error (MASE)").axis(tickCount=5),
        color=alt.Color("model:N").scale(domain=names, range=[_HUES[name] for name in names]),
        tooltip=["model:N", "ahead:O", alt.Tooltip("mase:Q", format=".2f")],
    )
    best = table[table["model"] == names[0]]["mase"].mean()
    chart = alt.layer(
        base.mark_line(strokeWidth=2), base.mark_circle(size=70, opacity=1)
    ).properties(
        title=_ERRORS_TITLE,
        width=WIDTH,
        height=HEIGHT,
        description=f"{_ERRORS_TITLE}: {names[0]} at {best:.2f} on average.",
    )
    return themed(chart)


def plot_coverage(coverage: pd.DataFrame) -> Figure:
    """How often intervals held, beside how often they should: a dot on its line is right.

    Args:
        coverage: one row per level: ``level coverage``; level in percent, coverage a fraction, NaN
            where it is not known.

    Raises:
        ContractBroken: a column is missing.
    """
    table = checked(coverage, columns=["level", "coverage"]).dropna(subset="coverage")
    if table.empty:
        return empty_chart("No interval could be tested.", title=_COVERAGE_TITLE)
    table = table.assign(
        promised=table["level"] / 100, name=table["level"].astype(int).astype(str) + " % interval"
    )
    base = alt.Chart(inline(table)).encode(y=alt.Y("name:N").title(None).sort(None))
    x = alt.X("coverage:Q").title("Share of values inside").scale(domain=[0, 1]).axis(format=".0%")
    dots = base.mark_circle(size=110, color=COLORS["blue"], opacity=1).encode(
        x=x, tooltip=["name:N", alt.Tooltip("coverage:Q", format=".1%")]
    )
    due = base.mark_tick(color=COLORS["orange"], thickness=3, size=22).encode(x="promised:Q")
    share = dots.mark_text(align="left", dx=10, color=COLORS["ink"]).encode(
        text=alt.Text("coverage:Q", format=".0%")
    )
    off = (table["coverage"] - table["promised"]).abs().max()
    chart = alt.layer(due, dots, share).properties(
        title=alt.Title(_COVERAGE_TITLE, subtitle="Orange: how often they should"),
        width=WIDTH,
        height=alt.Step(34),
        description=f"{_COVERAGE_TITLE}: at most {100 * off:.0f} points off.",
    )
    return themed(chart)
