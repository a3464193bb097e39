"""What is expected, how sure that is, and how well each model did before."""

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
from workbench.errors import InputInvalid

__all__ = ["plot_backtest", "plot_forecast"]

_FORECAST_TITLE = "Revenue per day and forecast"
_BACKTEST_TITLE = "Forecast error by model"
_ACTUAL, _EXPECTED = "Actual", "Forecast"
_BANDS = {"95 % interval": ("lo_95", "hi_95"), "80 % interval": ("lo_80", "hi_80")}
_COLORS = {
    _ACTUAL: COLORS["ink"],
    _EXPECTED: COLORS["blue"],
    "80 % interval": COLORS["light blue"],
    "95 % interval": COLORS["pale blue"],
}


def plot_forecast(
    history: pd.DataFrame, *, predictions: pd.DataFrame, currency: str, days: int = 120
) -> Figure:
    """The last days of one series, and the champion's forecast with its 80 and 95 % intervals.

    Args:
        history: one row per day, sorted: ``ds y``, y money in ``currency``.
        predictions: of the same series: ``ds model y_hat lo_80 hi_80 lo_95 hi_95 is_champion
            cutoff``; only the champion's rows are drawn, and no band where its bounds are NaN.
        currency: ISO 4217 code.
        days: of history shown.

    Raises:
        ContractBroken: a column is missing.
        InputInvalid: the champion's rows belong to more than one series.
    """
    past = checked(history, columns=["ds", "y"]).tail(days)
    ahead = _champion_rows(predictions)
    if past.empty or ahead.empty:
        reason = "There is no history yet." if past.empty else "No forecast has been made yet."
        return empty_chart(reason, title=_FORECAST_TITLE)
    bands = {name: ends for name, ends in _BANDS.items() if ahead[ends[1]].notna().any()}
    table = pd.concat([past, ahead], ignore_index=True)
    chart = alt.layer(
        *_fan(table, bands=bands, currency=currency),
        *_cutoff(ahead["cutoff"].iloc[0]),
        *_hovers(bands, currency=currency, days=len(table)),
        data=inline(table),
    ).properties(
        title=alt.Title(_FORECAST_TITLE, subtitle=f"Model: {ahead['model'].iloc[0]}"),
        width=WIDTH,
        height=HEIGHT,
        description=_description(ahead, currency),
    )
    return themed(chart, currency=currency)


def plot_backtest(scores: pd.DataFrame) -> Figure:
    """The error of each model over its backtest, against repeating last week.

    Args:
        scores: one row per (unique_id, model): ``unique_id model mase``; a model whose mase is NaN
            (there is nothing to measure against) is left out.

    Raises:
        ContractBroken: a column is missing.
    """
    table = checked(scores, columns=["unique_id", "model", "mase"]).dropna(subset="mase")
    if table.empty:
        return empty_chart("No model has an error that can be compared.", title=_BACKTEST_TITLE)
    best = table.loc[table["mase"].idxmin()]
    dots = _error_dots()
    one = alt.Chart().mark_rule(color=COLORS["orange"], strokeDash=[4, 3]).encode(x=alt.datum(1.0))
    layers = [one, dots]
    if table["unique_id"].nunique() == 1:  # numbers of several series would lie on each other
        number = dots.mark_text(align="left", dx=10, color=COLORS["ink"])
        layers.append(number.encode(text=alt.Text("mase:Q", format=".2f")))
    chart = alt.layer(*layers, data=inline(table)).properties(
        title=alt.Title(
            _BACKTEST_TITLE,
            subtitle="Further left is better; dashed: the usual change from week to week",
        ),
        width=WIDTH,
        height=alt.Step(36),
        description=f"{_BACKTEST_TITLE}: {best['model']} is best, at {best['mase']:.2f}.",
    )
    return themed(chart)


def _champion_rows(predictions: pd.DataFrame) -> pd.DataFrame:
    bounds = [bound for ends in _BANDS.values() for bound in ends]
    wanted = ["ds", "model", "y_hat", *bounds, "is_champion", "cutoff"]
    rows = checked(predictions, columns=wanted)
    rows = rows[rows["is_champion"].astype(bool)].drop(columns="is_champion")
    if rows["ds"].duplicated().any():
        raise InputInvalid(
            "the predictions hold more than one series", hint="keep the rows of one unique_id"
        )
    return rows


def _fan(
    table: pd.DataFrame, *, bands: dict[str, tuple[str, str]], currency: str
) -> list[alt.Chart]:
    colors = {name: hue for name, hue in _COLORS.items() if name in bands or name not in _BANDS}

    def drawn(mark: alt.Chart, field: str, name: str) -> alt.Chart:
        placed = mark.encode(x=day_axis(days=len(table)), y=money_axis(field, currency=currency))
        return named(placed, name, colors=colors)

    areas = [
        drawn(alt.Chart().mark_area(), high, name).encode(y2=f"{low}:Q")
        for name, (low, high) in bands.items()
    ]
    alone = table[["y", "y_hat"]].count() == 1  # a line does not show a single day
    actual = alt.Chart().mark_line(strokeWidth=1.5, point=bool(alone["y"]))
    expected = alt.Chart().mark_line(strokeWidth=2, point=bool(alone["y_hat"]))
    lines = [drawn(actual, "y", _ACTUAL), drawn(expected, "y_hat", _EXPECTED)]
    return [*areas, *lines]


def _cutoff(cutoff: pd.Timestamp) -> list[alt.Chart]:
    day = alt.Chart(inline(pd.DataFrame({"cutoff": [cutoff]}))).encode(x="cutoff:T")
    text = day.mark_text(align="right", baseline="top", dx=-5, color=COLORS["quiet"], fontSize=11)
    return [
        day.mark_rule(color=COLORS["quiet"], strokeDash=[3, 3]),
        text.encode(y=alt.value(0), text=alt.value("last known day")),
    ]


def _hovers(bands: dict[str, tuple[str, str]], *, currency: str, days: int) -> list[alt.Chart]:
    day = day_tooltip("ds", "Day")
    ends = [
        money_tooltip(bound, f"{name}, {side}", currency=currency)
        for name, band in bands.items()
        for side, bound in zip(("from", "to"), band, strict=True)
    ]
    actual = money_tooltip("y", _ACTUAL, currency=currency)
    expected = money_tooltip("y_hat", _EXPECTED, currency=currency)
    return [
        hover(day, actual, shown="y", days=days),
        hover(day, expected, *ends, shown="y_hat", days=days),
    ]


def _error_dots() -> alt.Chart:
    best_first = alt.Y("model:N").title(None).sort(field="mase", op="min", order="ascending")
    x = alt.X("mase:Q").title("Mean absolute scaled error (MASE)")
    dots: alt.Chart = (
        alt.Chart()
        .mark_circle(size=110, color=COLORS["blue"], opacity=1)
        .encode(
            x=x.scale(zero=True).axis(tickCount=6),
            y=best_first,
            tooltip=[
                alt.Tooltip("unique_id:N", title="Series"),
                alt.Tooltip("model:N", title="Model"),
                alt.Tooltip("mase:Q", title="MASE", format=".3f"),
            ],
        )
    )
    return dots


def _description(ahead: pd.DataFrame, currency: str) -> str:
    total = money_text(ahead["y_hat"].sum(), currency)
    first, last = ahead["ds"].min().date(), ahead["ds"].max().date()
    return f"Forecast of revenue by {ahead['model'].iloc[0]}: {total} from {first} to {last}."
