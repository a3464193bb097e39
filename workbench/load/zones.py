"""Whether the server and this program mean the same by an account's time zone."""

from __future__ import annotations

import datetime as dt

from workbench.db import read_frame
from workbench.load.accounts import Account
from workbench.load.current import current_database
from workbench.periods import day_start

__all__ = ["first_day_apart"]

_AHEAD = dt.timedelta(days=366)  # as far as forecasts and plans look


def first_day_apart(account: Account) -> dt.date | None:
    """The first of the account's days that begins at another instant in the server than here.

    Each has rules of time zones of its own, which may be of different years; and where the time
    zone is an abbreviation (CET), the server takes it for an offset that knows no summer. Its days
    and those of the next year are looked at.

    Returns:
        None where all are the same, or the account has no days yet.

    Raises:
        InputInvalid: this program does not know the time zone.
    """
    if account.first_day is None:
        return None
    wanted = {
        "timezone": account.timezone,
        "first": account.first_day,
        "last": account.last_day + _AHEAD,
    }
    found = read_frame(current_database(), "reads/day_starts", wanted)
    for day, starts_at in zip(found.day, found.starts_at, strict=True):
        if day_start(day.date(), account.timezone) != starts_at:
            return day.date()  # type: ignore[no-any-return]
    return None
