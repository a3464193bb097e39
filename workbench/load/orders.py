"""Orders credited by our own last touch."""

from __future__ import annotations

import orjson
import pandas as pd

from workbench.db import read_frame
from workbench.errors import InputInvalid
from workbench.load.accounts import Account, within
from workbench.load.current import current_database
from workbench.metrics import LAST_TOUCH_WINDOWS, Windows
from workbench.periods import DateRange

__all__ = ["load_last_touch_orders"]


def load_last_touch_orders(
    account: Account,
    days: DateRange,
    *,
    windows: Windows = LAST_TOUCH_WINDOWS,
    touches: str = "all",
) -> pd.DataFrame:
    """One row per order placed in the days, credited by our own last touch, not by Klaviyo's.

    The latest open, click or receipt before the order is credited whose window, counted from the
    receipt of its message, is still open.

    Args:
        account: whose orders.
        days: account days of the order.
        windows: (channel, role of the touch) -> length; a kind without a window is no touch.
        touches: "all", or "human" to leave out opens by machines and clicks by bots.

    Returns:
        order_id, profile_id, placed_at, day, revenue, currency, message_id, channel, touch,
        touched_at, received_at (all missing where nothing is credited, as with orders of a deleted
        profile, whose touches nobody can find), klaviyo_message_id.

    Source: Klaviyo help 1260804504250, message attribution: last touch, window from the receipt.
    """
    if touches not in {"all", "human"}:
        raise InputInvalid(f"touches is {touches!r}", hint='choose "all" or "human"')
    lengths = [
        {"channel": channel, "role": role, "seconds": length.total_seconds()}
        for (channel, role), length in windows.items()
    ]
    wanted = {
        **within(account, days),
        "windows": orjson.dumps(lengths).decode(),
        "longest": max((each.total_seconds() for each in windows.values()), default=0.0),
        "humans": touches == "human",
    }
    return read_frame(current_database(), "reads/last_touch_orders", wanted)
