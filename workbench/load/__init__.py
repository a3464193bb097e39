"""Database to frame: what notebooks and dashboards read.

Every ``load_`` function takes the account first; ``sql`` asks what none of them answers. The
database is the one that the settings of this process name, opened at the first call;
``use_database`` puts another in its place.

    account = load_account()
    week = iso_week("2026-W44")
    load_key_numbers(account, week)
"""

from workbench.load.accounts import Account, load_account, load_accounts, load_refreshes
from workbench.load.bridges import load_bridge
from workbench.load.cached import uncached
from workbench.load.current import current_database, use_database
from workbench.load.forecasts import (
    load_forecast,
    load_forecast_coverage,
    load_forecast_performance,
    load_forecast_scores,
)
from workbench.load.messages import load_campaigns, load_flows
from workbench.load.missing import MAP_REVENUE, load_missing_revenue
from workbench.load.numbers import load_daily_revenue, load_key_numbers, load_measures
from workbench.load.orders import load_last_touch_orders
from workbench.load.plans import load_campaign_days
from workbench.load.questions import RowsCut, sql, sql_arrow
from workbench.load.series import (
    DIMENSIONS,
    SERIES_MEASURES,
    Series,
    load_series,
    load_series_of_accounts,
)
from workbench.load.zones import first_day_apart

__all__ = [
    "DIMENSIONS",
    "MAP_REVENUE",
    "SERIES_MEASURES",
    "Account",
    "RowsCut",
    "Series",
    "current_database",
    "first_day_apart",
    "load_account",
    "load_accounts",
    "load_bridge",
    "load_campaign_days",
    "load_campaigns",
    "load_daily_revenue",
    "load_flows",
    "load_forecast",
    "load_forecast_coverage",
    "load_forecast_performance",
    "load_forecast_scores",
    "load_key_numbers",
    "load_last_touch_orders",
    "load_measures",
    "load_missing_revenue",
    "load_refreshes",
    "load_series",
    "load_series_of_accounts",
    "sql",
    "sql_arrow",
    "uncached",
    "use_database",
]
