"""What is expected, how sure that is, and how well each model did before."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
import pandas as pd

from workbench.analytics.figures import count_text, money_places, money_text
from workbench.charts.daily import day_axis, day_tooltip, hover, named
from workbench.charts.rows import inline
from workbench.charts.theme import COLORS, HEIGHT, WIDTH, Figure, empty_chart, themed
from workbench.columns import checked
from workbench.errors import InputInvalid

__all__ = ["plot_backtest", "plot_forecast", "plot_plans", "plot_weights"]

_BACKTEST_TITLE = "Forecast error by model"
_WEIGHTS_TITLE = "Share of each model in the forecast"
_PLANS_TITLE = "Forecast with one plan and another"
_ACTUAL, _EXPECTED = "Actual", "Forecast"
# the widest first, so that the narrower ones lie on it
_BANDS = {f"{level} % interval": (f"lo_{level}", f"hi_{level}") for level in (95, 90, 80, 50)}
_COLORS = {
    _ACTUAL: COLORS["ink"],
    _EXPECTED: COLORS["blue"],
    "95 % interval": "#e6f1f8",
    "90 % interval": "#cfe3f1",
    "80 % interval": "#b1d3ea",
    "50 % interval": "#83bade",
}


def plot_forecast(
    history: pd.DataFrame,
    *,
    predictions: pd.DataFrame,
    currency: str | None = None,
    what: str = "Revenue per day",
    steps: int = 120,
) -> Figure:
    """The last steps of one series, and its forecast with its intervals from 50 to 95 %.

    Args:
        history: one row per step, sorted: ``ds y``.
        predictions: of the same series, one row per step: ``ds model y_hat cutoff`` and ``lo_50
            hi_50`` to ``lo_95 hi_95``; no band where its bounds are NaN.
        currency: ISO 4217 code of money; None for a count.
        what: a step of the series, as a title.
        steps: of history shown.

    Raises:
        ContractBroken: a column is missing.
        InputInvalid: the predictions belong to more than one series.
    """
    title = f"{what} and forecast"
    past = checked(history, columns=["ds", "y"]).tail(steps)
    ahead = _one_series(predictions)
    if past.empty or ahead.empty:
        lacking = "No forecast of these days was made before them."
        reason = "There is no history yet." if past.empty else lacking
        return empty_chart(reason, title=title)
    bands = {name: ends for name, ends in _BANDS.items() if ahead[ends[1]].notna().any()}
    table = pd.concat([past, ahead], ignore_index=True)
    chart = alt.layer(
        *_fan(table, bands=bands, unit=_Unit(what, currency)),
        *_cutoff(ahead["cutoff"].iloc[0]),
        *_hovers(bands, unit=_Unit(what, currency), steps=len(table)),
        data=inline(table),
    ).properties(
        title=alt.Title(title, subtitle=f"Model: {ahead['model'].iloc[0]}"),
        width=WIDTH,
        height=HEIGHT,
        description=_description(ahead, unit=_Unit(what, currency)),
    )
    return themed(chart, currency=currency)


def plot_plans(
    planned: pd.DataFrame,
    *,
    changed: pd.DataFrame,
    names: tuple[str, str] = ("As planned", "Changed plan"),
    currency: str | None = None,
    what: str = "Revenue per day",
) -> Figure:
    """Two forecasts of one series on each other: what a plan is worth, as the models see it.

    Args:
        planned: one row per step, sorted: ``ds y_hat lo_80 hi_80``.
        changed: the same steps, forecast with another plan.
        names: of the two.
        currency: ISO 4217 code of money; None for a count.
        what: a step of the series, as a title.

    Raises:
        ContractBroken: a column is missing.
        InputInvalid: the two are not of the same steps.
    """
    columns = ["ds", "y_hat", "lo_80", "hi_80"]
    one, other = checked(planned, columns=columns), checked(changed, columns=columns)
    if one.empty:
        return empty_chart("No forecast has been made yet.", title=_PLANS_TITLE)
    if one["ds"].tolist() != other["ds"].tolist():
        raise InputInvalid("the two forecasts are of other steps", hint="forecast both with one h")
    unit = _Unit(what, currency)
    table = one.merge(other, on="ds", suffixes=("", "_changed"))
    colors = dict(zip(names, (COLORS["blue"], COLORS["orange"]), strict=True))
    x, point = day_axis(days=len(table)), len(table) == 1
    # of the first only: two bands on each other hide both
    band = alt.Chart().mark_area(color=COLORS["pale blue"]).encode(x=x, y=unit.axis("hi_80"))
    layers = [band.encode(y2="lo_80:Q")]
    for name, field in zip(names, ("y_hat", "y_hat_changed"), strict=True):
        line = alt.Chart().mark_line(strokeWidth=2, point=point).encode(x=x, y=unit.axis(field))
        layers.append(named(line, name, colors=colors))
    told = [unit.tooltip("y_hat", names[0]), unit.tooltip("y_hat_changed", names[1])]
    more = float(other["y_hat"].sum() - one["y_hat"].sum())
    chart = alt.layer(
        *layers,
        hover(day_tooltip("ds", "Day"), *told, shown="y_hat", days=len(table)),
        data=inline(table),
    ).properties(
        title=alt.Title(_PLANS_TITLE, subtitle=f"Band: 80 % interval of {names[0]}"),
        width=WIDTH,
        height=HEIGHT,
        description=f"{names[1]} instead of {names[0]}: {unit.text(more)} over all steps.",
    )
    return themed(chart, currency=currency)


def plot_weights(weights: pd.DataFrame) -> Figure:
    """How much each model counts in the forecast of one series, the most first.

    Args:
        weights: one row per model: ``model weight``; a model without weight is left out.

    Raises:
        ContractBroken: a column is missing.
    """
    table = checked(weights, columns=["model", "weight"])
    table = table[table["weight"] > 0].sort_values("weight", ascending=False)
    if table.empty:
        return empty_chart("No model has a share.", title=_WEIGHTS_TITLE)
    y = alt.Y("model:N").title(None).sort(table["model"].tolist())
    x = alt.X("weight:Q").title(None).axis(format=".0%", tickCount=6)
    bars = (
        alt.Chart()
        .mark_bar(color=COLORS["blue"])
        .encode(x=x, y=y, tooltip=[alt.Tooltip("model:N"), alt.Tooltip("weight:Q", format=".1%")])
    )
    share = bars.mark_text(align="left", dx=6, color=COLORS["ink"])
    best = table.iloc[0]
    chart = alt.layer(
        bars, share.encode(text=alt.Text("weight:Q", format=".0%")), data=inline(table)
    ).properties(
        title=_WEIGHTS_TITLE,
        width=WIDTH,
        height=alt.Step(28),
        description=f"{_WEIGHTS_TITLE}: {best['model']} counts most, {best['weight']:.0%}.",
    )
    return themed(chart)


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


@dataclass(frozen=True, slots=True)
class _Unit:
    """What a series measures: its title, and its currency where it is money."""

    what: str
    currency: str | None

    def axis(self, field: str) -> alt.Y:
        title = f"{self.what} ({self.currency})" if self.currency else self.what
        shown = "$,.0f" if self.currency else ",.0f"
        return alt.Y(f"{field}:Q").title(title).axis(format=shown, tickCount=5).stack(False)

    def tooltip(self, field: str, title: str) -> alt.Tooltip:
        shown = f"$,.{money_places(self.currency)}f" if self.currency else ",.1f"
        return alt.Tooltip(f"{field}:Q", title=title, format=shown)

    def text(self, amount: float) -> str:
        return money_text(amount, self.currency) if self.currency else count_text(amount)


def _one_series(predictions: pd.DataFrame) -> pd.DataFrame:
    bounds = [bound for ends in _BANDS.values() for bound in ends]
    rows = checked(predictions, columns=["ds", "model", "y_hat", *bounds, "cutoff"])
    if rows["ds"].duplicated().any():
        raise InputInvalid(
            "the predictions hold more than one series", hint="keep the rows of one unique_id"
        )
    return rows


def _fan(table: pd.DataFrame, *, bands: dict[str, tuple[str, str]], unit: _Unit) -> list[alt.Chart]:
    colors = {name: hue for name, hue in _COLORS.items() if name in bands or name not in _BANDS}

    def drawn(mark: alt.Chart, field: str, name: str) -> alt.Chart:
        placed = mark.encode(x=day_axis(days=len(table)), y=unit.axis(field))
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


def _hovers(bands: dict[str, tuple[str, str]], *, unit: _Unit, steps: int) -> list[alt.Chart]:
    day = day_tooltip("ds", "Day")
    ends = [
        unit.tooltip(bound, f"{name}, {side}")
        for name, band in bands.items()
        for side, bound in zip(("from", "to"), band, strict=True)
    ]
    return [
        hover(day, unit.tooltip("y", _ACTUAL), shown="y", days=steps),
        hover(day, unit.tooltip("y_hat", _EXPECTED), *ends, shown="y_hat", days=steps),
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


def _description(ahead: pd.DataFrame, *, unit: _Unit) -> str:
    first, last = ahead["ds"].min().date(), ahead["ds"].max().date()
    total = unit.text(float(ahead["y_hat"].sum()))
    return f"{unit.what}, forecast by {ahead['model'].iloc[0]}: {total} from {first} to {last}."
