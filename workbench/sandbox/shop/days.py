"""Account days as columns: many instants to days, and back, without a loop."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.periods import DateRange, day_start

__all__ = ["DAY", "HOUR", "AccountDays", "utc_text"]

HOUR = 3_600
DAY = 24 * HOUR


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
    stamps = np.datetime_as_string(at.astype("datetime64[s]"))
    return [f"{stamp[:10]}{mark}{stamp[11:]}+00:00" for stamp in stamps.tolist()]
