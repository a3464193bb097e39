"""Which message an order is credited to: last touch, inside a window that starts at the receipt."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.days import DAY, HOUR
from workbench.sandbox.shop.events import Events, Kind

__all__ = ["WINDOWS", "last_touches"]

# seconds from the receipt of the message within which each kind of touch counts
WINDOWS = {
    Kind.OPENED_EMAIL: 5 * DAY,
    Kind.CLICKED_EMAIL: 5 * DAY,
    Kind.CLICKED_SMS: 5 * DAY,
    Kind.RECEIVED_SMS: 12 * HOUR,
    Kind.OPENED_PUSH: 24 * HOUR,
}


def last_touches(events: Events, *, orders: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The row of the touch that each order is credited to, or -1.

    Opens by machines and clicks by bots count, as they do until an account excludes them. Of
    several touches in the same second the one noted last counts.

    Args:
        events: all events of a shop.
        orders: rows of the orders.

    Source: Klaviyo help 1260804504250 (last touch, window from the receipt) and 28413442705435
    (lengths of the windows).
    """
    touches = np.flatnonzero(np.isin(events.kind, list(WINDOWS)) & (events.profile >= 0))
    received_at = events.at[
        np.where(events.receipt[touches] >= 0, events.receipt[touches], touches)
    ]
    window = np.zeros(max(Kind) + 1, dtype=np.int64)
    window[list(WINDOWS)] = list(WINDOWS.values())
    closes_at = received_at + window[events.kind[touches]]
    by_profile = np.lexsort((touches, events.profile[touches]))
    touches, closes_at = touches[by_profile], closes_at[by_profile]
    # one number sorts by profile, then time: searchsorted finds the touches before each order
    span = int(events.at.max(initial=0)) + 1
    keys = events.profile[touches].astype(np.int64) * span + events.at[touches]
    placed = events.profile[orders].astype(np.int64) * span
    last = np.searchsorted(keys, placed + events.at[orders], side="right")
    first = np.searchsorted(keys, placed + events.at[orders] - max(WINDOWS.values()))
    return _last_open(events.at[orders], first, last, closes_at, touches)


def _last_open(
    placed_at: npt.NDArray[np.int64],
    first: npt.NDArray[np.int64],
    last: npt.NDArray[np.int64],
    closes_at: npt.NDArray[np.int64],
    touches: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Of the touches at positions first to last of each order, the last whose window is open."""
    counts = np.maximum(last - first, 0)
    order = np.repeat(np.arange(len(placed_at)), counts)
    offset = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    position = first[order] + offset
    is_open = closes_at[position] >= placed_at[order]
    best = np.full(len(placed_at), -1)
    np.maximum.at(best, order[is_open], position[is_open])
    return np.asarray(np.append(touches, -1)[best], dtype=np.int64)
