"""Which events show at an instant, told without a look at every event.

Nearly all show from the second on in which they happen, so that those which show are a run of rows
from the first on, less the late ones, and with the few that are dated in the future.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.build import Shop

__all__ = ["Visibility"]

_Ints = npt.NDArray[np.int64]


class Visibility:
    """The events of a shop that show at an instant.

    Args:
        shop: whose events they are.
        now: UTC second.

    Attributes:
        end: one more than the last row that shows.
    """

    def __init__(self, shop: Shop, *, now: int) -> None:
        happened = int(np.searchsorted(shop.events.at, now, side="right"))
        delayed = shop.delayed
        shows = shop.events.visible_at[delayed] <= now
        self._happened = happened
        self._hidden = delayed[~shows & (delayed < happened)]
        self._early = delayed[shows & (delayed >= happened)]
        self.end = max([happened, *(self._early[-1:] + 1).tolist()])

    def of(self, rows: slice) -> npt.NDArray[np.bool_]:
        """Whether each of a run of rows shows."""
        mask = np.zeros(rows.stop - rows.start, dtype=bool)
        mask[: max(self._happened - rows.start, 0)] = True
        for exceptions, shows in ((self._hidden, False), (self._early, True)):
            first, last = np.searchsorted(exceptions, [rows.start, rows.stop])
            mask[exceptions[first:last] - rows.start] = shows
        return mask

    def shows(self, row: int) -> bool:
        """Whether one row shows."""
        return 0 <= row < self.end and bool(self.of(slice(row, row + 1))[0])
