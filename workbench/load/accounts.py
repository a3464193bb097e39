"""The accounts that were synced."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from workbench.db import read_frame
from workbench.errors import AccountMissing
from workbench.load.current import current_database
from workbench.periods import DateRange, account_day

__all__ = ["Account", "load_account", "load_accounts", "load_refreshes", "within"]


@dataclass(frozen=True, slots=True)
class Account:
    """An account as analysis sees it.

    Attributes:
        as_of: Klaviyo's clock at the last finished sync, UTC.
        first_day: first account day with data; None before the first refresh.
        last_day: last account day that was over at ``as_of``.
    """

    account_id: str
    name: str
    timezone: str
    currency: str
    country: str | None
    is_simulated: bool
    as_of: dt.datetime
    first_day: dt.date | None
    last_day: dt.date


def load_accounts() -> pd.DataFrame:
    """One row per account, the one synced last first.

    Returns:
        account_id, name, timezone, currency, country, is_simulated, as_of, first_day.
    """
    return read_frame(current_database(), "reads/accounts")


def load_account(account_id: str = "") -> Account:
    """One account.

    Args:
        account_id: its id; empty for the one synced last.

    Raises:
        AccountMissing: there is none, or its first sync has not finished.
    """
    accounts = load_accounts()
    if account_id:
        accounts = accounts[accounts.account_id == account_id]
    if accounts.empty:
        wanted = f"account {account_id} is not" if account_id else "no account is"
        raise AccountMissing(
            f"{wanted} in the database",
            hint="set KLAVIYO_API_KEY and type: workbench sync (or: workbench demo)",
        )
    found = accounts.iloc[0]
    if pd.isna(found.as_of):
        raise AccountMissing(
            f"no sync of account {found.account_id} has finished yet", hint="type: workbench sync"
        )
    as_of = found.as_of.to_pydatetime()
    return Account(
        account_id=found.account_id,
        name=found["name"],
        timezone=found.timezone,
        currency=found.currency,
        country=found.country,
        is_simulated=bool(found.is_simulated),
        as_of=as_of,
        first_day=None if pd.isna(found.first_day) else found.first_day.date(),
        last_day=account_day(as_of, found.timezone) - dt.timedelta(days=1),
    )


def load_refreshes(account: Account, *, most: int = 10) -> pd.DataFrame:
    """One row per refresh of the account's facts, newest first, with the rows it wrote."""
    wanted = {"account_id": account.account_id, "most": most}
    return read_frame(current_database(), "reads/refreshes", wanted)


def within(account: Account, days: DateRange) -> dict[str, object]:
    """The parameters that most reads have: the account, its currency, the days with both ends."""
    return {
        "account_id": account.account_id,
        "currency": account.currency,
        "first": days.first,
        "last": days.last,
    }
