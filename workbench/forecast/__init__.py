"""Forecasts of daily series: models, rolling-origin backtests, champions, calibrated intervals.

Pure: long frames in (``unique_id ds y`` and columns known in advance), long frames out. A model is
one function behind the signature of ``model.Model``; ``forecast`` does the whole job.
"""

from workbench.forecast.baselines import seasonal_naive
from workbench.forecast.calendar import holiday_frame
from workbench.forecast.conformal import conformal_coverage, conformal_intervals, conformal_widths
from workbench.forecast.frames import future_frame
from workbench.forecast.model import Model, per_series
from workbench.forecast.origins import Backtest, backtest
from workbench.forecast.outlook import ForecastResult, forecast
from workbench.forecast.prophet_model import prophet
from workbench.forecast.registry import MODELS, named_models
from workbench.forecast.scores import backtest_scores, champion, mase, smape
from workbench.forecast.smoothing import ets

__all__ = [
    "MODELS",
    "Backtest",
    "ForecastResult",
    "Model",
    "backtest",
    "backtest_scores",
    "champion",
    "conformal_coverage",
    "conformal_intervals",
    "conformal_widths",
    "ets",
    "forecast",
    "future_frame",
    "holiday_frame",
    "mase",
    "named_models",
    "per_series",
    "prophet",
    "seasonal_naive",
    "smape",
]
