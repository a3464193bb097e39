"""Figures: one Vega-Lite specification each, interactive in a browser, static in a report.

Pure: frames in, altair charts out. No function changes altair's global state. An empty frame gives
a chart that says why it is empty.
"""

from workbench.charts.explained import plot_components, plot_coverage, plot_errors_ahead
from workbench.charts.forecasts import plot_backtest, plot_forecast, plot_plans, plot_weights
from workbench.charts.headings import heading_html, simulated_html
from workbench.charts.messages import plot_messages
from workbench.charts.revenue import plot_revenue
from workbench.charts.sparkline import plot_sparkline
from workbench.charts.static import static_svg, svg_html
from workbench.charts.tables import (
    CAMPAIGN_COLUMNS,
    FLOW_COLUMNS,
    MODEL_COLUMNS,
    REFRESH_COLUMNS,
    SCORE_COLUMNS,
    Column,
    key_numbers_table,
    table_html,
)
from workbench.charts.theme import COLORS, THEME, empty_chart, themed

__all__ = [
    "CAMPAIGN_COLUMNS",
    "COLORS",
    "FLOW_COLUMNS",
    "MODEL_COLUMNS",
    "REFRESH_COLUMNS",
    "SCORE_COLUMNS",
    "THEME",
    "Column",
    "empty_chart",
    "heading_html",
    "key_numbers_table",
    "plot_backtest",
    "plot_components",
    "plot_coverage",
    "plot_errors_ahead",
    "plot_forecast",
    "plot_messages",
    "plot_plans",
    "plot_revenue",
    "plot_sparkline",
    "plot_weights",
    "simulated_html",
    "static_svg",
    "svg_html",
    "table_html",
    "themed",
]
