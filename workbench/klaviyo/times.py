"""Instants in every spelling that Klaviyo uses."""

from __future__ import annotations

import datetime as dt

__all__ = ["instant"]


def instant(text: str) -> dt.datetime:
    """The instant that a text names, in UTC; one without a zone is UTC already.

    >>> instant("2026-06-20 00:00:00+0200").isoformat()
    '2026-06-19T22:00:00+00:00'

    Raises:
        ValueError: it names none.
    """
    found = dt.datetime.fromisoformat(text.strip())
    if found.tzinfo is None:
        return found.replace(tzinfo=dt.UTC)
    try:
        return found.astimezone(dt.UTC)
    except OverflowError:
        raise ValueError(f"{text!r} lies outside of the calendar") from None
