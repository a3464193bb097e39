"""Whether the revenue of an account is known, and if not, why."""

from __future__ import annotations

import pandas as pd

from workbench.db import read_frame
from workbench.errors import DataMissing
from workbench.load.accounts import Account
from workbench.load.current import current_database

__all__ = ["MAP_REVENUE", "load_missing_revenue", "reason_without_revenue", "require_revenue"]

MAP_REVENUE = "map revenue to one metric in Klaviyo (not to a custom metric), then: workbench sync"


def load_missing_revenue() -> pd.DataFrame:
    """One row per account whose revenue is not known: account_id, reason."""
    return read_frame(current_database(), "reads/missing_revenue")


def reason_without_revenue(account: Account) -> str:
    """Why the account's revenue is not known; empty where it is."""
    missing = load_missing_revenue()
    return "".join(missing.reason[missing.account_id == account.account_id])


def require_revenue(account: Account) -> None:
    """Return only where the account's revenue is known, if it is none.

    Raises:
        DataMissing: it is not, so that a 0 would be made up.
    """
    if reason := reason_without_revenue(account):
        raise DataMissing(
            f"the revenue of account {account.account_id} is not known: {reason}", hint=MAP_REVENUE
        )
