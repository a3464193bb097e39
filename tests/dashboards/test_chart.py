from pathlib import Path

import pandas as pd
import pytest

from workbench.charts import plot_revenue
from workbench.dashboards.bundle import bundle_name, vega_bundle
from workbench.dashboards.chart import ChartView


def daily(revenue: list[float]) -> pd.DataFrame:
    days = pd.date_range("2026-10-30", periods=len(revenue), freq="D")
    return pd.DataFrame({"ds": days, "revenue": revenue, "attributed_revenue": 0.0, "orders": 1})


@pytest.fixture
def view() -> ChartView:
    return ChartView(label="Revenue by day")


def test_the_browser_gets_the_data_of_the_chart(view: ChartView) -> None:
    view.show(plot_revenue(daily([1.25, 2.5]), currency="USD"))
    (rows,) = view.spec["datasets"].values()
    assert [row["revenue"] for row in rows] == [1.25, 2.5]
    assert "title" not in view.spec
    assert "$3.75" in view.label
    assert view.svg == ""


def test_where_vega_is_not_served_each_chart_comes_as_a_picture(view: ChartView) -> None:
    view.show(plot_revenue(daily([1.25, 2.5]), currency="USD"))
    view.wants_svg = True
    first = view.svg
    assert first.startswith("<svg")
    view.show(plot_revenue(daily([100.0, 900.0]), currency="USD"))
    assert view.svg.startswith("<svg")
    assert view.svg != first


def test_the_script_is_made_once_a_version(tmp_path: Path, vega_script: Path) -> None:
    kept = tmp_path / "static" / bundle_name()
    kept.parent.mkdir()
    kept.write_text("made before")
    assert vega_bundle(tmp_path).read_text() == "made before"
    assert vega_script.name == bundle_name()
    assert vega_script.read_text().rstrip().endswith("as default};")
    assert [path.name for path in vega_script.parent.iterdir()] == [bundle_name()]
