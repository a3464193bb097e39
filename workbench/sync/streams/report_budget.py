"""The daily budget of report endpoints: how many calls were made, kept across restarts.

Klaviyo allows 225 calls a day on each report endpoint. A sync makes at most 200, so that people and
other programs of the account still find some; the day is Klaviyo's, in UTC.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from workbench.db import Database, statement
from workbench.errors import QuotaExhausted
from workbench.klaviyo.limits import REPORT

__all__ = ["Budget"]

_KEPT_FOR_PEOPLE = 25


@dataclass(frozen=True, slots=True)
class Budget:
    """The budget of one endpoint of one account.

    Attributes:
        endpoint: its path.
        allowed: calls that Klaviyo allows the account on a day.
    """

    database: Database
    account_id: str
    endpoint: str
    allowed: int = REPORT.daily or 0

    def take(self, at: dt.datetime) -> None:
        """Take one call; it counts from here on, also if it is never sent.

        Args:
            at: Klaviyo's clock.

        Raises:
            QuotaExhausted: there is none left, or Klaviyo said so before.
        """
        most = self.allowed - _KEPT_FOR_PEOPLE
        with self.database.connection() as connection:
            taken = connection.execute(
                statement("writes/sync/take_report_call"), self._key(at) | {"most": most}
            ).fetchone()
        if taken is None:
            raise self._used_up(at)

    def refused(self, at: dt.datetime, *, until: dt.datetime) -> QuotaExhausted:
        """Note that Klaviyo said the quota is used up; returns the error that says so.

        Args:
            at: Klaviyo's clock.
            until: when it may be asked again.
        """
        with self.database.connection() as connection:
            connection.execute(
                statement("writes/sync/refuse_report_calls"), self._key(at) | {"until": until}
            )
        return self._used_up(at)

    def _key(self, at: dt.datetime) -> dict[str, object]:
        return {
            "account_id": self.account_id,
            "endpoint": self.endpoint,
            "at": at,
            "allowed": self.allowed,
        }

    def _used_up(self, at: dt.datetime) -> QuotaExhausted:
        with self.database.connection() as connection:
            row = connection.execute(
                statement("reads/sync/report_reopens"), self._key(at)
            ).fetchone()
        if row and row[0]:
            reopens, why = row[0], "Klaviyo said that its quota of the day is used up"
        else:
            tomorrow = at.astimezone(dt.UTC).date() + dt.timedelta(days=1)
            reopens = dt.datetime.combine(tomorrow, dt.time(), dt.UTC)
            why = f"the calls of the day are made, {_KEPT_FOR_PEOPLE} are left to people"
        return QuotaExhausted(
            f"{self.endpoint}: {why}; it goes on at {reopens:%Y-%m-%d %H:%M} UTC",
            hint="sync again after that; what was read so far is kept",
            retry_at=reopens,
            endpoint=self.endpoint,
        )
