"""How busy a shop is on each day: week, year, trend, holidays and the days around them."""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.days import HOUR, AccountDays

__all__ = ["black_friday", "daily_intensity", "seconds_of_day"]

WEEKDAY = (1.06, 0.98, 0.96, 1.0, 1.02, 0.92, 1.06)  # Monday to Sunday
GROWTH = 0.12  # a year, compounding
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


def black_friday(year: int) -> dt.date:
    """The day after the fourth Thursday of November.

    >>> black_friday(2026).isoformat()
    '2026-11-27'
    """
    first = dt.date(year, 11, 1)
    return first + dt.timedelta(days=(3 - first.weekday()) % 7 + 22)


def daily_intensity(days: AccountDays) -> npt.NDArray[np.float64]:
    """Expected orders of each day, relative to an average day of the run."""
    dates = [days.date(index) for index in range(days.count)]
    position = np.array([date.timetuple().tm_yday for date in dates]) / 365.25
    level = np.array([WEEKDAY[date.weekday()] for date in dates])
    level *= 1 + 0.12 * np.cos(2 * np.pi * (position - 0.93)) - 0.04 * np.cos(4 * np.pi * position)
    level *= (1 + GROWTH) ** (np.arange(days.count) / 365.25)
    for peak, factor, width in _peaks(dates):
        distance = np.abs(np.array([(date - peak).days for date in dates]))
        level *= 1 + (factor - 1) * np.exp(-distance / width)
    return np.asarray(level / level.mean(), dtype=np.float64)


def seconds_of_day(rng: np.random.Generator, count: int) -> npt.NDArray[np.int64]:
    """Seconds after midnight, spread as a shop's visits are over a day."""
    hours = np.array(_HOURS) / sum(_HOURS)
    hour = rng.choice(24, count, p=hours)
    return (hour * HOUR + rng.integers(0, HOUR, count)).astype(np.int64)


def _peaks(dates: list[dt.date]) -> list[tuple[dt.date, float, float]]:
    years = range(dates[0].year, dates[-1].year + 1)
    fixed = [(dt.date(year, m, d), f, w) for year in years for m, d, f, w in HOLIDAYS]
    return [*fixed, *((black_friday(year), *BLACK_FRIDAY) for year in years)]
