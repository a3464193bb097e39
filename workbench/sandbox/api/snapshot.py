"""An account as the API sees it at one simulated instant: what shows, and what changed last."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from workbench.sandbox.api.visibility import Visibility
from workbench.sandbox.shop.build import Shop
from workbench.sandbox.shop.days import HOUR
from workbench.sandbox.shop.messages import Campaign

__all__ = ["Snapshot"]

_Ints = npt.NDArray[np.int64]
_STEP = 1 << 20  # events looked at, at once


class Snapshot:
    """What an account shows at an instant; made anew whenever the simulated clock moves.

    Args:
        shop: the account.
        now: UTC second.
    """

    def __init__(self, shop: Shop, *, now: int) -> None:
        self.shop = shop
        self.now = now

    @cached_property
    def visible(self) -> Visibility:
        """Which events show now."""
        return Visibility(self.shop, now=self.now)

    @cached_property
    def owner(self) -> npt.NDArray[np.int32]:
        """The profile that the events of each profile belong to now; -1 once it was deleted."""
        return self.shop.people.fates.owner(self.now)

    @cached_property
    def profiles(self) -> _Ints:
        """Rows of the profiles that exist now: created, and neither merged away nor deleted."""
        rows = np.arange(len(self.shop.people))
        return np.flatnonzero((self.shop.people.created <= self.now) & (self.owner == rows))

    def members(self, group: int) -> tuple[npt.NDArray[np.int32], _Ints]:
        """Who is in a group now, and since when (UTC second), in the order of joining."""
        spells = self.shop.memberships
        rows = spells.of(group)
        joined_at = spells.joined_at[rows]
        inside = (joined_at <= self.now) & (spells.left_at[rows] > self.now)
        return spells.profile[rows][inside], joined_at[inside]

    def groups_of(self, profile: int) -> list[int]:
        """Rows of the groups that a profile is in now."""
        spells = self.shop.memberships
        rows = np.flatnonzero(spells.profile == profile)
        inside = (spells.joined_at[rows] <= self.now) & (spells.left_at[rows] > self.now)
        return [int(row) for row in spells.group[rows[inside]]]

    @cached_property
    def last_event_at(self) -> _Ints:
        """When each profile's latest visible event up to now happened; 0 without one."""
        events, visible = self.shop.events, self.visible
        owner = np.append(self.owner, np.int32(-1))  # the last answers for events without a profile
        last = np.zeros(len(owner), dtype=np.int64)
        happened = int(np.searchsorted(events.at, self.now, side="right"))
        for start in range(0, happened, _STEP):
            rows = slice(start, min(start + _STEP, happened))
            shown = np.flatnonzero(visible.of(rows)) + start
            last[owner[events.profile[shown]]] = events.at[shown]  # in time order: the last stays
        return last[:-1]

    @cached_property
    def updated(self) -> _Ints:
        """When each profile changed last."""
        people = self.shop.people
        updated = np.maximum(people.created, self.last_event_at)
        merged = np.flatnonzero(people.merged_at <= self.now)
        np.maximum.at(updated, people.merged_into[merged], people.merged_at[merged])
        is_redacted = people.redacted_at <= self.now
        return np.where(is_redacted, np.maximum(updated, people.redacted_at), updated)

    def campaign_status(self, campaign: Campaign) -> str:
        """Scheduled until its time to send has come, its outcome from then on."""
        if campaign.send_at is not None and campaign.send_at > self.now:
            return "Scheduled"
        return campaign.outcome

    def campaign_updated(self, campaign: Campaign) -> int:
        """When a campaign changed last, UTC second."""
        sent = campaign.send_at is not None and campaign.send_at <= self.now
        settled = (campaign.send_at or 0) + HOUR // 2 if sent else campaign.created_at + HOUR
        return min(settled, self.now)
