"""Campaigns and flows beside each other."""

from __future__ import annotations

from textwrap import shorten

import altair as alt
import pandas as pd

from workbench.analytics.figures import money_text
from workbench.charts.daily import money_tooltip, named
from workbench.charts.rows import inline
from workbench.charts.theme import COLORS, Figure, empty_chart, themed
from workbench.columns import checked

__all__ = ["plot_messages"]

_RATES = {"open_rate": "Opened", "click_rate": "Clicked"}
_COLORS = {"Opened": COLORS["green"], "Clicked": COLORS["orange"]}
_SHAPES = {"Opened": "circle", "Clicked": "diamond"}
_ROW = 26  # pixels of height a message
_LETTERS = 34  # of a name
_LETTER = 7  # pixels of width, in a wide font of the labels' size


def plot_messages(
    table: pd.DataFrame, *, currency: str, title: str = "Campaigns by revenue", most: int = 15
) -> Figure:
    """The messages that earned most: revenue as bars, open and click rate as dots beside them.

    Args:
        table: one row per message: ``name revenue open_rate click_rate``; money in ``currency``,
            NaN where it is not known; rates as fractions 0 to 1, NaN where nothing was delivered.
        currency: ISO 4217 code.
        title: of the figure.
        most: messages shown.

    Raises:
        ContractBroken: a column is missing.
    """
    wanted = checked(table, columns=["name", "revenue", *_RATES])
    if wanted.empty:
        return empty_chart("No message was sent in this period.", title=title)
    if wanted["revenue"].isna().all():
        return empty_chart("The revenue of messages is not known.", title=title)
    shown = wanted.nlargest(most, "revenue", keep="first")
    shown = shown.assign(label=_labels(shown["name"]))
    left = len(wanted) - len(shown)
    best = shown.iloc[0]
    labels = list(shown["label"])  # every panel has every row, one without a rate too
    rows = alt.Y("label:N").title(None).sort(labels).scale(domain=labels)
    # the picture is measured in one font and read in another, which may be wider
    extent = _LETTER * max(map(len, labels))
    chart = (
        alt.hconcat(
            _revenue_bars(rows, currency=currency, extent=extent),
            _rate_dots(rows),
            data=inline(shown),
            spacing=24,
        )
        .resolve_legend(color="independent")
        .properties(
            title=alt.Title(title, subtitle=f"{left} more not shown" if left else ""),
            description=f"{title}: {best['name']} leads with "
            f"{money_text(best['revenue'], currency)}.",
        )
    )
    return themed(chart, currency=currency)


def _labels(names: pd.Series) -> pd.Series:
    """Short names, told apart: the second message of a name gets " (2)"."""
    short = names.astype(str).map(lambda name: shorten(name, _LETTERS, placeholder=" …"))
    nth = short.groupby(short).cumcount() + 1
    return short.where(nth == 1, short + " (" + nth.astype(str) + ")")


def _revenue_bars(rows: alt.Y, *, currency: str, extent: int) -> alt.LayerChart | alt.FacetChart:
    base = alt.Chart().encode(
        x=alt.X("revenue:Q").title(f"Revenue ({currency})").axis(format="$,.0f", tickCount=4),
        y=rows.axis(labelLimit=260, minExtent=extent, domain=False, ticks=False),
        tooltip=[
            alt.Tooltip("name:N", title="Message"),
            money_tooltip("revenue", "Revenue", currency=currency),
        ],
    )
    amounts = base.mark_text(align="left", dx=4, color=COLORS["ink"], fontSize=11)
    return alt.layer(
        base.mark_bar(color=COLORS["blue"], height=14),
        amounts.encode(text=alt.Text("revenue:Q", format="$,.0f")),
        width=300,
        height=alt.Step(_ROW),
    )


def _rate_dots(rows: alt.Y) -> alt.LayerChart | alt.FacetChart:
    return alt.layer(
        *(_dots(rows, rate=rate, title=title) for rate, title in _RATES.items()),
        width=200,
        height=alt.Step(_ROW),
    )


def _dots(rows: alt.Y, *, rate: str, title: str) -> alt.Chart:
    x = alt.X(f"{rate}:Q").title("Share of recipients").axis(format=".0%", tickCount=4)
    placed = (
        alt.Chart()
        .transform_filter(f"isValid(datum.{rate})")
        .mark_point(filled=True, size=80, opacity=1, shape=_SHAPES[title])
        .encode(
            x=x.scale(zero=True),
            y=rows.axis(labels=False, domain=False, ticks=False, grid=True),
            tooltip=[
                alt.Tooltip("name:N", title="Message"),
                alt.Tooltip(f"{rate}:Q", title=title, format=".2%"),
            ],
        )
    )
    return named(placed, title, colors=_COLORS)
