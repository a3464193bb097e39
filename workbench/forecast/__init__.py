"""Forecasts: models, rolling-origin backtests, combination by skill, calibrated intervals.

Pure: long frames in (``unique_id ds y`` and columns known in advance), long frames out. A model is
one function behind the signature of ``model.Model``; ``forecast`` does the whole job.
"""

from workbench.forecast.calendar import holiday_frame
from workbench.forecast.combine import combined, skill_errors, weights
from workbench.forecast.conformal import LEVELS, conformal_bounds, conformal_coverage
from workbench.forecast.explain import components, effects
from workbench.forecast.frames import checked_series, future_frame, seasons_of
from workbench.forecast.hierarchy import reconcile
from workbench.forecast.model import Model, Said, ask, per_panel, per_series
from workbench.forecast.models.baselines import naive, seasonal_naive
from workbench.forecast.models.ets import ets
from workbench.forecast.models.prophet_model import prophet
from workbench.forecast.origins import Backtest, backtest, rolling_origins
from workbench.forecast.outlook import forecast
from workbench.forecast.panel import Panel, panels
from workbench.forecast.panel_forecast import forecast_panel
from workbench.forecast.paths import forecast_totals, path_intervals, sample_paths
from workbench.forecast.registry import MODELS, models_for, named_models
from workbench.forecast.result import ForecastResult
from workbench.forecast.scores import backtest_scores, champion, mase, smape

__all__ = [
    "LEVELS",
    "MODELS",
    "Backtest",
    "ForecastResult",
    "Model",
    "Panel",
    "Said",
    "ask",
    "backtest",
    "backtest_scores",
    "champion",
    "checked_series",
    "combined",
    "components",
    "conformal_bounds",
    "conformal_coverage",
    "effects",
    "ets",
    "forecast",
    "forecast_panel",
    "forecast_totals",
    "future_frame",
    "holiday_frame",
    "mase",
    "models_for",
    "naive",
    "named_models",
    "panels",
    "path_intervals",
    "per_panel",
    "per_series",
    "prophet",
    "reconcile",
    "rolling_origins",
    "sample_paths",
    "seasonal_naive",
    "seasons_of",
    "skill_errors",
    "smape",
    "weights",
]
