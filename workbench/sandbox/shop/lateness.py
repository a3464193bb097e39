"""How late events show: most at once, a few hours or days later, and fewer still after weeks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.days import DAY, HOUR
from workbench.sandbox.shop.events import Events, Kind
from workbench.sandbox.shop.plan import ShopPlan, random_stream

__all__ = ["LEAST", "MOST", "VERY_LATE", "seen_at", "usual_delay"]

# median delay of a late event in seconds, and how widely delays spread (log scale)
LATENESS = (18 * HOUR, 0.9)
_TEXTS = dict.fromkeys((Kind.RECEIVED_SMS, Kind.CLICKED_SMS, Kind.FAILED_SMS), (36 * HOUR, 0.6))
_SHOP = dict.fromkeys((Kind.VIEWED_PRODUCT, Kind.ACTIVE_ON_SITE), (8 * HOUR, 0.7))
LEAST, MOST = HOUR, 6 * DAY
VERY_LATE = (10 * DAY, 17 * DAY)


def usual_delay(kind: int) -> tuple[int, float]:
    """Median delay in seconds of a kind's late events, and the spread of its logarithm."""
    return {**_TEXTS, **_SHOP}.get(Kind(kind), LATENESS)


def seen_at(
    plan: ShopPlan, events: Events, *, touch: npt.NDArray[np.integer], block: int
) -> npt.NDArray[np.int64]:
    """When the API begins to show each event.

    What an order is credited to is never late, nor is the receipt behind it: the credit of an order
    that shows is known.

    Args:
        plan: the shop.
        events: of one block, before any is late.
        touch: row of the event that each order is credited to, or -1.
        block: its number.
    """
    rng = random_stream(plan, "lateness", block=block)
    draw = rng.random(len(events))
    credited = touch[touch >= 0]
    receipt = events.receipt[credited]
    draw[credited] = draw[receipt[receipt >= 0]] = np.nan  # in no share
    late = np.flatnonzero(draw < plan.late_share)
    median, spread = np.array([usual_delay(kind) for kind in Kind]).T[:, events.kind[late]]
    delay = np.clip(median * np.exp(spread * rng.standard_normal(len(late))), LEAST, MOST)
    visible_at = events.visible_at.copy()
    visible_at[late] += delay.astype(np.int64)
    very_late = np.flatnonzero(draw >= 1.0 - plan.very_late_share)
    visible_at[very_late] += rng.integers(*VERY_LATE, len(very_late))
    return visible_at
