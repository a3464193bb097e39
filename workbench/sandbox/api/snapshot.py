"""An account as the API sees it at one simulated instant: what shows, and what changed last."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.build import Shop
from workbench.sandbox.shop.days import HOUR
from workbench.sandbox.shop.events import Flag, Kind
from workbench.sandbox.shop.messages import Campaign

__all__ = ["Snapshot"]

_Ints = npt.NDArray[np.int64]


class Snapshot:
    """What an account shows at an instant; made anew whenever the simulated clock moves.

    Args:
        shop: the account.
        now: UTC second.
    """

    def __init__(self, shop: Shop, *, now: int) -> None:
        self.shop = shop
        self.now = now
        self.is_visible = shop.events.visible_at <= now

    @cached_property
    def owner(self) -> npt.NDArray[np.int32]:
        """The profile that the events of each profile belong to now; -1 once it was deleted."""
        return np.arange(len(self.shop.people), dtype=np.int32)

    @cached_property
    def last_event_at(self) -> _Ints:
        """When each profile's latest visible event up to now happened; 0 without one."""
        events = self.shop.events
        rows = np.flatnonzero(self.is_visible & (events.profile >= 0) & (events.at <= self.now))
        last = np.zeros(len(self.shop.people), dtype=np.int64)
        np.maximum.at(last, events.profile[rows], events.at[rows])
        return last

    @cached_property
    def updated(self) -> _Ints:
        """When each profile changed last."""
        return np.maximum(self.shop.people.created, self.last_event_at)

    @cached_property
    def suppressed_at(self) -> dict[str, _Ints]:
        """When each profile unsubscribed, complained or bounced hard; 0 when it did not."""
        events = self.shop.events
        hard = (events.flags & Flag.HARD_BOUNCE).astype(bool)
        return {
            "UNSUBSCRIBE": self._last_at(events.kind == Kind.UNSUBSCRIBED),
            "SPAM_COMPLAINT": self._last_at(events.kind == Kind.MARKED_SPAM),
            "HARD_BOUNCE": self._last_at(hard),
        }

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

    def _last_at(self, chosen: npt.NDArray[np.bool_]) -> _Ints:
        events = self.shop.events
        rows = np.flatnonzero(chosen & self.is_visible)
        last = np.zeros(len(self.shop.people), dtype=np.int64)
        last[events.profile[rows]] = events.at[rows]  # rows are in time order: the last one stays
        return last
