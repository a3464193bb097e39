"""Public holidays of an account's country, from the ``holidays`` package."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

__all__ = ["holiday_frame", "with_holidays"]


def holiday_frame(country: str, *, years: Iterable[int]) -> pd.DataFrame:
    """The public holidays of a country.

    Args:
        country: its English name or ISO 3166 code of two or three letters, in any case.
        years: calendar years.

    Returns:
        One row per day, sorted: ``ds holiday``, names in English where the package has them. For a
        country it does not know the frame is empty and ``frame.attrs["reason"]`` says so.
    """
    import holidays

    code = _country_code(country)
    found = {}
    if code is not None:
        english = (
            "en_US" if "en_US" in holidays.country_holidays(code).supported_languages else None
        )
        found = dict(holidays.country_holidays(code, years=sorted(years), language=english))
    days = sorted(found)
    frame = pd.DataFrame(
        {
            "ds": pd.to_datetime(pd.Series(days, dtype=object)).astype("datetime64[ns]"),
            "holiday": pd.Series([found[day] for day in days], dtype=object),
        }
    )
    if code is None:
        frame.attrs["reason"] = f"the holidays of {country!r} are not known"
    return frame


def with_holidays(frame: pd.DataFrame, *, days: pd.DataFrame) -> pd.DataFrame:
    """The frame with a column ``holiday``: the day's name, or "".

    Args:
        frame: one row per (unique_id, ds).
        days: as from ``holiday_frame``.
    """
    names = days.set_index("ds")["holiday"]
    return frame.assign(holiday=frame["ds"].map(names).astype(object).fillna(""))


def _country_code(country: str) -> str | None:
    from holidays.registry import COUNTRIES

    wanted = _letters(country)
    for module, (_, alpha2, *aliases) in COUNTRIES.items():
        if wanted in {_letters(name) for name in (module, alpha2, *aliases)}:
            return str(alpha2)
    return None


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalpha())
