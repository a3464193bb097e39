"""Campaigns and flows, each with what followed its messages."""

from __future__ import annotations

import pandas as pd

from workbench.load.accounts import Account, within
from workbench.load.cached import read_cached
from workbench.periods import DateRange

__all__ = ["load_campaigns", "load_flows"]


def load_campaigns(account: Account, days: DateRange) -> pd.DataFrame:
    """One row per campaign message received in the days, newest first, on send-date basis.

    Returns:
        message_id, name, channel, subject, sent_on, recipients, delivered, bounced, unique_opens,
        unique_human_opens, unique_clicks, unsubscribes, conversions, revenue, open_rate,
        human_open_rate, click_rate, unsubscribe_rate, revenue_per_recipient. Rates are NaN where
        nothing was delivered, open rates also where the channel has no opens (SMS); conversions
        and revenue where the account's revenue is not known.
    """
    return _with_rates(read_cached("reads/campaigns", within(account, days)))


def load_flows(account: Account, days: DateRange) -> pd.DataFrame:
    """One row per flow that sent in the days, most revenue first, on send-date basis.

    Returns:
        flow_id, name, status, messages, then counts and rates as in ``load_campaigns``.
    """
    return _with_rates(read_cached("reads/flows", within(account, days)))


def _with_rates(table: pd.DataFrame) -> pd.DataFrame:
    delivered = table.delivered.where(table.delivered > 0)
    channel = table.get("channel", pd.Series("email", index=table.index))
    has_opens = channel != "sms"
    return table.assign(
        open_rate=(table.unique_opens / delivered).where(has_opens),
        human_open_rate=(table.unique_human_opens / delivered).where(has_opens),
        click_rate=table.unique_clicks / delivered,
        unsubscribe_rate=table.unsubscribes / delivered,
        revenue_per_recipient=table.revenue / delivered,
    )
