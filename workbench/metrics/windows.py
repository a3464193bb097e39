"""Attribution windows: how long after its receipt a message may be credited with an order.

The account's own windows are a setting that the API does not show, so they are an argument
wherever orders are credited by our own reckoning; Klaviyo's own attribution needs none.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["LAST_TOUCH_WINDOWS", "LAST_TOUCH_WINDOWS_BEFORE_2024_10_09", "Windows"]

# (channel, role of the touch) -> length, from the receipt of the message
Windows = Mapping[tuple[str, str], dt.timedelta]

# Source: Klaviyo help 28413442705435, default windows of new accounts.
LAST_TOUCH_WINDOWS: Windows = MappingProxyType(
    {
        ("email", "opened"): dt.timedelta(days=5),
        ("email", "clicked"): dt.timedelta(days=5),
        ("sms", "clicked"): dt.timedelta(days=5),
        ("sms", "opened"): dt.timedelta(days=1),
        ("sms", "received"): dt.timedelta(hours=12),
        ("mobile_push", "opened"): dt.timedelta(hours=24),
        ("whatsapp", "clicked"): dt.timedelta(days=5),
        ("whatsapp", "opened"): dt.timedelta(hours=12),
    }
)

# Source: Klaviyo help 11118357030555, accounts made before that day.
LAST_TOUCH_WINDOWS_BEFORE_2024_10_09: Windows = MappingProxyType(
    {
        ("email", "opened"): dt.timedelta(days=5),
        ("email", "clicked"): dt.timedelta(days=5),
        ("sms", "clicked"): dt.timedelta(hours=24),
        ("mobile_push", "opened"): dt.timedelta(hours=24),
    }
)
