"""Each figure: a valid specification with the data unchanged, and a picture that stands alone."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import altair as alt
import numpy as np
import pandas as pd
import pytest

from workbench.charts import (
    THEME,
    empty_chart,
    plot_backtest,
    plot_components,
    plot_coverage,
    plot_errors_ahead,
    plot_forecast,
    plot_messages,
    plot_plans,
    plot_revenue,
    plot_sparkline,
    plot_weights,
    static_svg,
    svg_html,
)
from workbench.errors import ContractBroken, InputInvalid

DAYS = pd.date_range("2026-09-01", periods=30).astype("datetime64[ns]")
DAILY = pd.DataFrame(
    {
        "ds": DAYS,
        "revenue": np.linspace(1000, 3900, 30).round(2),
        "attributed_revenue": np.linspace(300, 900, 30).round(2),
    }
)
BEFORE = DAILY.assign(ds=DAYS - pd.Timedelta(days=30), revenue=DAILY["revenue"] / 2).head(28)
HISTORY = DAILY.rename(columns={"revenue": "y"})[["ds", "y"]]
AHEAD = DAYS[:14] + pd.Timedelta(days=30)
PREDICTIONS = pd.DataFrame(
    {
        "ds": AHEAD,
        "model": "combination",
        "y_hat": 4000.0,
        **{f"lo_{level}": 4000.0 - 20 * level for level in (50, 80, 90, 95)},
        **{f"hi_{level}": 4000.0 + 20 * level for level in (50, 80, 90, 95)},
        "cutoff": DAYS[-1],
    }
)
PLANS = {
    "planned": PREDICTIONS,
    "changed": PREDICTIONS.assign(y_hat=PREDICTIONS["y_hat"] + 250),
    "names": ("With campaigns", "Without"),
}
WEIGHTS = pd.DataFrame(
    {"model": ["theta", "naive", "ets", "unused"], "weight": [0.3, 0.1, 0.6, 0.0]}
)
SCORES = pd.DataFrame(
    {"unique_id": "shop", "model": ["ets", "prophet", "new"], "mase": [0.9, 1.2, np.nan]}
)
PARTS = pd.concat(
    pd.DataFrame({"unique_id": "a", "ds": DAYS, "part": part, "value": value, "scale": "log"})
    for part, value in {
        "level": 8.0, "trend": np.linspace(0, 1, 30), "week": np.tile([0, 1, 2], 10)
    }.items()
)  # fmt: skip
AHEAD_SCORES = pd.DataFrame(
    {
        "model": ["forecast", "seasonal_naive", "forecast", "seasonal_naive"],
        "ahead": ["1", "1", "2 to 7", "2 to 7"],
        "mase": [0.7, 1.0, 0.9, 1.1],
    }
)
COVERAGE = pd.DataFrame({"level": [50, 80, 95], "coverage": [0.48, 0.83, np.nan]})
MESSAGES = pd.DataFrame(
    {
        "name": ["Newsletter", 'Sale <50 %> & "more"', "Newsletter", "Undelivered"],
        "revenue": [500.0, 1500.25, 100.0, 50.0],
        "open_rate": [0.41, 0.35, 0.3, np.nan],
        "click_rate": [0.02, 0.05, 0.01, np.nan],
    }
)
CHARTS = {
    "revenue": lambda: plot_revenue(DAILY, currency="EUR", comparison=BEFORE),
    "forecast": lambda: plot_forecast(HISTORY, predictions=PREDICTIONS, currency="USD"),
    "counted": lambda: plot_forecast(HISTORY, predictions=PREDICTIONS, what="Orders per week"),
    "plans": lambda: plot_plans(**PLANS, currency="USD"),
    "weights": lambda: plot_weights(WEIGHTS),
    "parts": lambda: plot_components(PARTS),
    "errors": lambda: plot_errors_ahead(AHEAD_SCORES),
    "coverage": lambda: plot_coverage(COVERAGE),
    "backtest": lambda: plot_backtest(SCORES),
    "messages": lambda: plot_messages(MESSAGES, currency="GBP"),
    "sparkline": lambda: plot_sparkline(HISTORY),
    "empty": lambda: empty_chart("Nothing was sold.", title="Orders"),
}
WORDS = {
    "revenue": ["Revenue per day", "Attributed to Klaviyo", "Comparison period", "€4,000", "1 Sep"],
    "forecast": [
        "Model: combination",
        "Actual",
        "Forecast",
        *(f"{level} % interval" for level in (50, 80, 90, 95)),
        "$4,000",
    ],
    "counted": ["Orders per week and forecast", "Orders per week", "4,000"],
    "plans": ["Forecast with one plan and another", "With campaigns", "Without", "$4,000"],
    "parts": ["What the regression sees in the series", "Scale: log", "trend", "week"],
    "errors": ["Error by how far ahead", "forecast", "seasonal_naive", "2 to 7"],
    "coverage": ["How often the intervals held", "80 % interval", "83%"],
    "weights": ["Share of each model in the forecast", "ets", "60%", "10%"],
    "backtest": ["Forecast error by model", "ets", "0.90", "1.20"],
    "messages": ["Campaigns by revenue", "Newsletter (2)", "Undelivered", "£1,500", "Opened"],
    "sparkline": [],
    "empty": ["Orders", "Nothing was sold."],
}


def rows(chart: alt.TopLevelMixin) -> list[dict]:
    """The largest data set of the specification."""
    return max(chart.to_dict()["datasets"].values(), key=len)


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in ET.fromstring(svg).iter() if node.tag.endswith("text")]


@pytest.mark.parametrize("name", CHARTS)
def test_the_picture_is_whole_alone_and_repeatable(name):
    svg = static_svg(CHARTS[name]())
    assert static_svg(CHARTS[name]()) == svg
    written = texts(svg)
    for word in WORDS[name]:
        assert word in written, f"{word!r} not among {written}"
    outside = re.sub(r'xmlns(:\w+)?="[^"]+"', "", svg)
    assert "http" not in outside
    assert set(re.findall(r"url\(([^)]*)\)", outside)) <= {
        f"#{name}" for name in re.findall(r'id="([^"]+)"', outside)
    }
    assert len(svg) < 100_000


@pytest.mark.parametrize("name", CHARTS)
def test_the_specification_is_valid_and_themed(name):
    spec = CHARTS[name]().to_dict(validate=True)
    assert spec["config"]["font"] == THEME["font"]
    assert spec["description"]


def test_no_global_state_is_changed():
    before = (alt.theme.active, alt.data_transformers.active, alt.renderers.active)
    for chart in CHARTS.values():
        chart().to_dict()
    assert (alt.theme.active, alt.data_transformers.active, alt.renderers.active) == before


def test_revenue_goes_in_unchanged_and_the_comparison_is_moved_by_days():
    table = pd.DataFrame(rows(CHARTS["revenue"]()))
    assert table["ds"].tolist() == [day.isoformat() for day in DAYS]
    assert table["revenue"].tolist() == DAILY["revenue"].tolist()
    assert table["attributed_revenue"].tolist() == DAILY["attributed_revenue"].tolist()
    assert table["comparison_revenue"].tolist()[:28] == BEFORE["revenue"].tolist()
    assert table["comparison_revenue"].isna().tolist() == [False] * 28 + [True] * 2
    assert table["comparison_on"][0] == "2026-08-02T00:00:00"


def test_more_days_than_altair_allows_by_default():
    days = pd.date_range("2005-01-01", periods=6000)
    long = pd.DataFrame({"ds": days, "revenue": 1.0, "attributed_revenue": 0.5})
    assert len(rows(plot_revenue(long, currency="EUR"))) == 6000


def test_a_single_day_is_visible():
    alone = static_svg(plot_revenue(DAILY.head(1), currency="EUR"))
    assert alone.count('class="mark-symbol role-mark') == 2
    assert texts(alone).count("1 Sep") == 1


@pytest.mark.parametrize(
    ("currency", "written"), [("USD", "$4,000"), ("JPY", "¥4,000"), ("CHF", "CHF 4,000")]
)
def test_money_is_written_in_its_currency(currency, written):
    assert written in texts(static_svg(plot_revenue(DAILY, currency=currency)))


def test_a_forecast_is_drawn_from_its_cutoff():
    table = pd.DataFrame(rows(CHARTS["forecast"]()))
    ahead = table[table["y_hat"].notna()]
    assert ahead["model"].unique().tolist() == ["combination"]
    assert ahead["ds"].tolist() == [day.isoformat() for day in AHEAD]
    assert ahead["lo_95"].tolist() == [2100.0] * 14
    assert table["y"].dropna().tolist() == HISTORY["y"].tolist()
    fewer = plot_forecast(HISTORY, predictions=PREDICTIONS, currency="USD", steps=10)
    assert pd.DataFrame(rows(fewer))["y"].count() == 10


def test_two_plans_are_drawn_on_the_same_days():
    table = pd.DataFrame(rows(CHARTS["plans"]()))
    assert table["ds"].tolist() == [day.isoformat() for day in AHEAD]
    assert (table["y_hat_changed"] - table["y_hat"]).tolist() == [250.0] * 14
    said = CHARTS["plans"]().to_dict()["description"]
    assert said == "Without instead of With campaigns: $3,500.00 over all steps."
    with pytest.raises(InputInvalid, match="of other steps"):
        plot_plans(PREDICTIONS, changed=PREDICTIONS.head(3))


def test_a_part_that_does_not_move_is_not_drawn_and_an_unknown_coverage_neither():
    assert "level" not in texts(static_svg(CHARTS["parts"]()))
    assert set(pd.DataFrame(rows(CHARTS["parts"]()))["part"]) == {"trend", "week"}
    assert "95 % interval" not in texts(static_svg(CHARTS["coverage"]()))


def test_models_are_shown_by_their_share_and_those_without_are_not():
    shown = pd.DataFrame(rows(CHARTS["weights"]()))
    assert shown["model"].tolist() == ["ets", "theta", "naive"]


def test_a_band_that_could_not_be_computed_is_not_drawn():
    unknown = PREDICTIONS.assign(lo_95=np.nan, hi_95=np.nan)
    written = texts(static_svg(plot_forecast(HISTORY, predictions=unknown, currency="USD")))
    assert "80 % interval" in written
    assert "95 % interval" not in written


def test_several_series_in_one_forecast_are_refused():
    both = pd.concat([PREDICTIONS, PREDICTIONS])
    with pytest.raises(InputInvalid, match="more than one series"):
        plot_forecast(HISTORY, predictions=both, currency="USD")


def test_messages_are_sorted_and_rows_without_a_rate_keep_their_place():
    chart = plot_messages(MESSAGES, currency="GBP", most=3)
    assert [row["revenue"] for row in rows(chart)] == [1500.25, 500.0, 100.0]
    assert "1 more not shown" in texts(static_svg(chart))
    all_rows = plot_messages(MESSAGES, currency="GBP").to_dict()
    domains = {
        tuple(layer["encoding"]["y"]["scale"]["domain"])
        for panel in all_rows["hconcat"]
        for layer in panel["layer"]
    }
    assert len(domains) == 1
    assert domains.pop()[-1] == "Undelivered"


@pytest.mark.parametrize(
    ("chart", "reason"),
    [
        (plot_revenue(DAILY.head(0), currency="USD"), "There is no day in this period."),
        (
            plot_forecast(HISTORY, predictions=PREDICTIONS.head(0), currency="USD"),
            "No forecast of these days was made before them.",
        ),
        (
            plot_forecast(HISTORY.head(0), predictions=PREDICTIONS, currency="USD"),
            "There is no history yet.",
        ),
        (
            plot_plans(PREDICTIONS.head(0), changed=PREDICTIONS.head(0)),
            "No forecast has been made yet.",
        ),
        (plot_weights(WEIGHTS.tail(1)), "No model has a share."),
        (plot_components(PARTS.head(0)), "The series has no parts."),
        (plot_components(PARTS.head(30)), "No part of the series moves."),
        (plot_errors_ahead(AHEAD_SCORES.head(0)), "No forecast has an error that can be compared."),
        (plot_coverage(COVERAGE.tail(1)), "No interval could be tested."),
        (plot_backtest(SCORES.tail(1)), "No model has an error that can be compared."),
        (plot_messages(MESSAGES.head(0), currency="USD"), "No message was sent in this period."),
        (
            plot_messages(MESSAGES.assign(revenue=float("nan")), currency="USD"),
            "The revenue of messages is not known.",
        ),
        (plot_sparkline(HISTORY.head(0)), "no data"),
    ],
)
def test_an_empty_frame_says_why(chart, reason):
    assert reason in texts(static_svg(chart))
    assert reason in svg_html(chart)


@pytest.mark.parametrize(
    ("plot", "column"),
    [
        (lambda f: plot_revenue(f, currency="USD"), "ds"),
        (lambda f: plot_forecast(f, predictions=PREDICTIONS, currency="USD"), "ds"),
        (plot_backtest, "unique_id"),
        (lambda f: plot_messages(f, currency="USD"), "name"),
        (plot_sparkline, "ds"),
    ],
)
def test_a_missing_column_is_named(plot, column):
    with pytest.raises(ContractBroken, match=f"has no column '{column}'"):
        plot(pd.DataFrame({"other": [1]}))


def test_the_picture_can_be_drawn_at_another_size():
    chart = plot_revenue(DAILY, currency="EUR")
    width = lambda svg: float(ET.fromstring(svg).get("width"))  # noqa: E731
    assert width(static_svg(chart, width=400)) == pytest.approx(
        width(static_svg(chart)) - 320, abs=12
    )
    panels = plot_messages(MESSAGES, currency="GBP")
    assert width(static_svg(panels, width=300)) < width(static_svg(panels)) - 150


def test_html_says_what_the_picture_shows():
    figure = svg_html(plot_messages(MESSAGES, currency="GBP"))
    root = ET.fromstring(figure)
    svg = root[0]
    said = 'Campaigns by revenue: Sale <50 %> & "more" leads with £1,500.25.'
    assert root.tag == "figure"
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == said
    assert svg[0].text == said


def test_two_pictures_on_one_page_share_no_id():
    clipped = alt.Chart(alt.InlineData(values=[{"x": 1}, {"x": 2}])).mark_line(clip=True)
    across, up = clipped.encode(x="x:Q"), clipped.encode(y="x:Q")
    svgs = [static_svg(chart) for chart in (across, up, across)]
    ids = [re.findall(r'\bid="([^"]+)"', svg) for svg in svgs]
    assert ids[0]
    assert not set(ids[0]) & set(ids[1])
    assert svgs[0] == svgs[2]
    assert all(f"url(#{name})" in svgs[0] for name in ids[0])
