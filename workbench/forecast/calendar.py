"""Days that are unlike others: public holidays of a country, and those that shops live by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import pandas as pd

__all__ = ["holiday_frame", "shopping_frame", "special_days", "with_holidays"]


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
            "ds": _instants(days),
            "holiday": pd.Series([found[day] for day in days], dtype=object),
        }
    )
    if code is None:
        frame.attrs["reason"] = f"the holidays of {country!r} are not known"
    return frame


def shopping_frame(country: str, *, years: Iterable[int]) -> pd.DataFrame:
    """Days on which shops sell more or less though nobody has the day off.

    Args:
        country: its English name or ISO 3166 code; only Mother's Day differs by it.
        years: calendar years.

    Returns:
        One row per day, sorted: ``ds holiday``.
    """
    is_british = _country_code(country) == "GB"
    found: dict[dt.date, str] = {}
    for year in years:
        easter = _easter(year)
        mothers = easter - dt.timedelta(days=21) if is_british else _weekday(year, 5, 6, 2)
        black_friday = _weekday(year, 11, 3, 4) + dt.timedelta(days=1)
        found |= {
            dt.date(year, 2, 14): "Valentine's Day",
            mothers: "Mother's Day",
            easter: "Easter Sunday",
            _weekday(year, 6, 6, 3): "Father's Day",
            dt.date(year, 10, 31): "Halloween",
            black_friday: "Black Friday",
            black_friday + dt.timedelta(days=3): "Cyber Monday",
            dt.date(year, 12, 24): "Christmas Eve",
            dt.date(year, 12, 31): "New Year's Eve",
        }
    days = sorted(found)
    return pd.DataFrame({"ds": _instants(days), "holiday": [found[day] for day in days]})


def special_days(country: str, *, years: Iterable[int]) -> pd.DataFrame:
    """Public holidays and shopping days together; two on one day are joined by "; ".

    Returns:
        As ``holiday_frame``, its reason included.
    """
    years = sorted(years)
    public = holiday_frame(country, years=years)
    both = pd.concat([public, shopping_frame(country, years=years)])
    days = both.drop_duplicates().groupby("ds", sort=True)["holiday"].agg("; ".join).reset_index()
    days.attrs = dict(public.attrs)
    return days


def with_holidays(frame: pd.DataFrame, *, days: pd.DataFrame, freq: str = "D") -> pd.DataFrame:
    """The frame with a column ``holiday``: the names of a step's days, or "".

    Args:
        frame: one row per (unique_id, ds).
        days: as from ``holiday_frame``.
        freq: of the steps; an hour has the name of its day, a week or month those of all its days.
    """
    begins = {"h": frame["ds"].dt.normalize(), "D": frame["ds"]}.get(freq)
    if begins is not None:
        names = days.set_index("ds")["holiday"]
        return frame.assign(holiday=begins.map(names).astype(object).fillna(""))
    starts = pd.DataFrame({"step": frame["ds"].drop_duplicates().sort_values()})
    placed = pd.merge_asof(days, starts, left_on="ds", right_on="step")
    length = pd.Timedelta(days=7 if freq == "W" else 31)
    inside = placed[placed["ds"] - placed["step"] < length]
    names = inside.groupby("step")["holiday"].agg("; ".join)
    return frame.assign(holiday=frame["ds"].map(names).astype(object).fillna(""))


def _weekday(year: int, month: int, weekday: int, number: int) -> dt.date:
    """The second Sunday of May is ``(year, 5, 6, 2)``."""
    first = dt.date(year, month, 1)
    return first + dt.timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _easter(year: int) -> dt.date:
    """Western Easter Sunday.

    Source: Meeus (1991), Astronomical Algorithms, chapter 8.
    """
    century, rest = divmod(year, 100)
    golden = year % 19
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - century // 4 - correction + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return dt.date(year, month, day + 1)


def _instants(days: list[dt.date]) -> pd.Series:
    return pd.to_datetime(pd.Series(days, dtype=object)).astype("datetime64[ns]")


def _country_code(country: str) -> str | None:
    from holidays.registry import COUNTRIES

    wanted = _letters(country)
    for module, (_, alpha2, *aliases) in COUNTRIES.items():
        if wanted in {_letters(name) for name in (module, alpha2, *aliases)}:
            return str(alpha2)
    return None


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalpha())
