"""The campaign plan: what was sent on which day, and what is to be."""

from __future__ import annotations

import pandas as pd

from workbench.db import read_frame
from workbench.load.accounts import Account, within
from workbench.load.current import current_database
from workbench.periods import DateRange

__all__ = ["load_campaign_days"]


def load_campaign_days(account: Account, days: DateRange) -> pd.DataFrame:
    """One row per account day, those without a campaign included: ds, campaigns.

    Days ahead count what is scheduled now; most accounts schedule only a few days ahead, so later
    days look emptier than they will be.
    """
    wanted = within(account, days) | {"timezone": account.timezone}
    found = read_frame(current_database(), "reads/campaign_days", wanted).set_index("ds")
    every = pd.date_range(days.first, days.last, name="ds").astype("datetime64[ns]")
    counts = found["campaigns"].reindex(every, fill_value=0).astype("int64")
    return counts.reset_index()
