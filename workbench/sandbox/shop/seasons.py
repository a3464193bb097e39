"""How busy a shop is on each day: week, year, trend, holidays and the days around them.

Every part is a factor and they are multiplied, so that the log of a day's orders is their sum.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.days import HOUR, AccountDays

__all__ = [
    "GROWTH",
    "HARMONICS",
    "WEEKDAY",
    "Season",
    "black_friday",
    "daily_intensity",
    "part_of_day",
    "season",
    "second_of_day",
]

WEEKDAY = (1.06, 0.98, 0.96, 1.0, 1.02, 0.92, 1.06)  # Monday to Sunday
GROWTH = 0.12  # a year, compounding
# log of the yearly factor, from the first of January: (times a year, of the cosine, of the sine)
HARMONICS = ((1, 0.109, -0.051), (2, -0.04, 0.0))
YEAR = 365.25
# (month, day, factor at the peak, days the peak takes to fall to a third)
HOLIDAYS = (
    (2, 14, 1.5, 3.0),
    (5, 10, 1.35, 3.0),
    (7, 4, 0.8, 1.0),
    (12, 12, 1.7, 6.0),
    (12, 25, 0.35, 1.0),
)
BLACK_FRIDAY = (3.2, 1.6)  # factor at the peak, days
_HOURS = (4, 2, 1, 1, 1, 2, 4, 8, 12, 16, 19, 21, 23, 22, 20, 19, 19, 21, 24, 27, 28, 25, 17, 9)
_BY_HOUR = np.concatenate(([0.0], np.cumsum(_HOURS) / sum(_HOURS)))  # passed at each full hour
_FULL_HOURS = np.arange(25) * float(HOUR)

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Season:
    """The factors of each day of a run; their product is 1 on average.

    Attributes:
        trend: growth, scaled so that the product comes out at 1.
        week: by the day of the week.
        year: by the day of the year.
        holidays: peaks and dips, and the days around them.
    """

    trend: _Floats
    week: _Floats
    year: _Floats
    holidays: _Floats

    @property
    def intensity(self) -> _Floats:
        """Their product."""
        return self.trend * self.week * self.year * self.holidays


def season(days: AccountDays) -> Season:
    """The factors of a run of account days."""
    dates = [days.date(index) for index in range(days.count)]
    week = np.array([WEEKDAY[date.weekday()] for date in dates])
    angle = 2 * np.pi * np.array([date.timetuple().tm_yday for date in dates]) / YEAR
    year = np.exp(
        sum(
            cos * np.cos(times * angle) + sin * np.sin(times * angle)
            for times, cos, sin in HARMONICS
        )
    )
    holidays = np.ones(days.count)
    for peak, factor, width in _peaks(dates):
        distance = np.abs(np.array([(date - peak).days for date in dates]))
        holidays *= 1 + (factor - 1) * np.exp(-distance / width)
    trend = (1 + GROWTH) ** (np.arange(days.count) / YEAR)
    return Season(trend / (trend * week * year * holidays).mean(), week, year, holidays)


def black_friday(year: int) -> dt.date:
    """The day after the fourth Thursday of November.

    >>> black_friday(2026).isoformat()
    '2026-11-27'
    """
    first = dt.date(year, 11, 1)
    return first + dt.timedelta(days=(3 - first.weekday()) % 7 + 22)


def daily_intensity(days: AccountDays) -> _Floats:
    """Expected orders of each day, relative to an average day of the run; incidents left out."""
    return season(days).intensity


def second_of_day(part: _Floats) -> npt.NDArray[np.int64]:
    """Seconds after midnight by which a part of a day's visits is over.

    >>> second_of_day(np.array([0.0, 1.0])).tolist()
    [0, 86399]
    """
    seconds = np.asarray(np.interp(part, _BY_HOUR, _FULL_HOURS))
    return np.asarray(np.minimum(seconds, _FULL_HOURS[-1] - 1), dtype=np.int64)


def part_of_day(seconds: npt.NDArray[np.int64]) -> _Floats:
    """The part of a day's visits that is over so many seconds after midnight."""
    return np.asarray(np.interp(seconds, _FULL_HOURS, _BY_HOUR), dtype=np.float64)


def _peaks(dates: list[dt.date]) -> list[tuple[dt.date, float, float]]:
    years = range(dates[0].year, dates[-1].year + 1)
    fixed = [(dt.date(year, m, d), f, w) for year in years for m, d, f, w in HOLIDAYS]
    return [*fixed, *((black_friday(year), *BLACK_FRIDAY) for year in years)]
