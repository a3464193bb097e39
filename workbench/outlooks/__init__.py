"""Forecasts of many series in one go, registered, and held against what happened.

``make_outlooks`` forecasts metrics of accounts, over as many workers as there are, and
``forecast_series`` series at hand, registering nothing; ``score_outlooks`` looks what became of
forecasts made earlier, and raises an alert where they have become worse.
"""

from workbench.outlooks.make import Outlook, make_outlooks
from workbench.outlooks.pieces import Asked, Forecasts, forecast_series
from workbench.outlooks.score import Scored, score_outlooks

__all__ = [
    "Asked",
    "Forecasts",
    "Outlook",
    "Scored",
    "forecast_series",
    "make_outlooks",
    "score_outlooks",
]
