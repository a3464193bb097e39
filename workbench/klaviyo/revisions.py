"""How long Klaviyo serves a revision of its API, and when to say that it will end."""

from __future__ import annotations

import datetime as dt

__all__ = ["retirement_on", "retirement_warning"]

_SERVED_YEARS = 2
_WARNED_DAYS = 180


def retirement_on(revision: str) -> dt.date:
    """The day on which Klaviyo stops to serve a revision: two years after its release.

    >>> retirement_on("2026-07-15").isoformat()
    '2028-07-15'
    """
    released = dt.date.fromisoformat(revision.removesuffix(".pre"))
    # a 29th of February has no second birthday
    day = min(released.day, 28) if released.month == 2 else released.day
    return dt.date(released.year + _SERVED_YEARS, released.month, day)


def retirement_warning(revision: str, *, now: dt.datetime) -> str | None:
    """A sentence for who reads the summary of a sync, in the last half year of a revision.

    Args:
        revision: the pinned one.
        now: Klaviyo's clock.

    >>> retirement_warning("2026-07-15", now=dt.datetime(2028, 7, 5, tzinfo=dt.UTC))
    'Klaviyo stops to serve revision 2026-07-15 on 2028-07-15, in 10 days: update the workbench'
    """
    retires_on = retirement_on(revision)
    days = (retires_on - now.date()).days
    if days > _WARNED_DAYS:
        return None
    when = f"on {retires_on}, in {days} days" if days > 0 else f"since {retires_on}"
    verb = "stops to serve" if days > 0 else "need not serve"
    return f"Klaviyo {verb} revision {revision} {when}: update the workbench"
