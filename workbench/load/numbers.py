"""Numbers of some days: key numbers, and revenue by day."""

from __future__ import annotations

import math

import pandas as pd

from workbench.errors import DataMissing
from workbench.load.accounts import Account, within
from workbench.load.cached import read_cached
from workbench.load.missing import reason_without_revenue, require_revenue
from workbench.metrics import evaluated
from workbench.periods import DateRange

__all__ = ["load_daily_revenue", "load_key_numbers", "load_measures"]


def load_measures(account: Account, days: DateRange) -> dict[str, float]:
    """The base measures of the days, by name; NaN where the account maps no metric to them.

    Raises:
        DataMissing: the account has no facts at all; zeros would be made up.
    """
    if account.first_day is None:
        raise DataMissing(
            f"account {account.account_id} has no daily facts: no event of it was synced yet,"
            " or none was aggregated",
            hint="type: workbench run aggregate_daily_metrics, or workbench sync",
        )
    found = read_cached("reads/base_measures", within(account, days))
    return {str(name): float(value) for name, value in found.iloc[0].items()}


def load_key_numbers(account: Account, days: DateRange) -> pd.DataFrame:
    """One row per definition: metric, label, unit, basis, value, reason, definition.

    ``value`` is NaN where ``reason`` says why. Money is in the account's currency.
    """
    measures = load_measures(account, days)
    if math.isnan(measures["revenue"]) and (reason := reason_without_revenue(account)):
        return evaluated(measures, unmapped=reason)
    return evaluated(measures)


def load_daily_revenue(account: Account, days: DateRange) -> pd.DataFrame:
    """One row per account day: ds, revenue, attributed_revenue, orders, holiday.

    Days without an order are rows of 0; days before the account's first are not rows.

    Raises:
        DataMissing: the account's revenue is not known; zeros would be made up.
    """
    found = read_cached("reads/daily_revenue", within(account, days))
    if not found.orders.any():
        require_revenue(account)
    return found
