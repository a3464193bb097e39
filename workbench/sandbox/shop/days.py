"""Account days as columns: many instants to days, and back, without a loop."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.periods import DateRange, day_start

__all__ = ["DAY", "HOUR", "NEVER", "AccountDays", "utc_text"]

HOUR = 3_600
DAY = 24 * HOUR
NEVER = 1 << 40  # a UTC second that no calendar reaches


@dataclass(frozen=True, slots=True)
class AccountDays:
    """A run of account days of one time zone.

    Attributes:
        first: the first of them.
        starts: UTC second at which each begins, and one more for the end of the last.
    """

    first: dt.date
    starts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, days: DateRange, timezone: str) -> AccountDays:
        """The days of a range."""
        dates = DateRange(days.first, days.last + dt.timedelta(days=1))
        starts = [int(day_start(date, timezone).timestamp()) for date in dates]
        return cls(days.first, np.array(starts, dtype=np.int64))

    @property
    def count(self) -> int:
        """How many days."""
        return len(self.starts) - 1

    def date(self, index: int) -> dt.date:
        """The date of the day at a position."""
        return self.first + dt.timedelta(days=int(index))

    def index(self, at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Position of the day each instant falls on; -1 before the first, ``count`` after."""
        return np.searchsorted(self.starts, at, side="right").astype(np.int64) - 1

    def wall(
        self, index: npt.NDArray[np.int64], seconds: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """The instant so many seconds into each day, cut off at the end of a short one."""
        end = self.starts[index + 1] - 1
        return np.asarray(np.minimum(self.starts[index] + seconds, end), dtype=np.int64)


def utc_text(at: npt.NDArray[np.int64], *, mark: str = "T") -> list[str]:
    """Instants as ``2022-11-08T01:23:45+00:00``.

    Args:
        at: UTC seconds.
        mark: what stands between day and time.
    """
    days, day = np.unique(at // DAY, return_inverse=True)
    dates = np.datetime_as_string(days.astype("datetime64[D]")).astype("U10")
    letters = np.empty((len(at), 25), dtype=np.uint32)
    letters[:] = np.frombuffer(f"0000-00-00{mark}00:00:00+00:00".encode("utf-32-le"), np.uint32)
    letters[:, :10] = dates.view(np.uint32).reshape(-1, 10)[day]
    second = at % DAY
    for column, part in ((11, second // HOUR), (14, second // 60 % 60), (17, second % 60)):
        letters[:, column] += (part // 10).astype(np.uint32)
        letters[:, column + 1] += (part % 10).astype(np.uint32)
    return list(letters.view("U25").ravel().tolist())
