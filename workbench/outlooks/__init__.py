"""Forecasts of many series in one go, registered, and held against what happened.

``make_outlooks`` forecasts metrics of accounts, over as many workers as there are;
``score_outlooks`` looks what became of forecasts made earlier, and raises an alert where they have
become worse.
"""

from workbench.outlooks.make import Asked, Outlook, make_outlooks
from workbench.outlooks.score import Scored, score_outlooks

__all__ = ["Asked", "Outlook", "Scored", "make_outlooks", "score_outlooks"]
