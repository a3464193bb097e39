"""What a Klaviyo metric means, told from the account's mapping, else from a system metric's name.

A name is looked at once: the role found is kept by metric id (mart.metric_role), because names
change (on 2026-07-01 "Received SMS" became "Received Text Message") and repeat (two integrations
each have a "Placed Order").

Source: Klaviyo, mapped metrics and event metrics of API revision 2026-07-15.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["MAPPED_ROLES", "NAMED_ROLES", "SHOP_ROLES"]

# mapping of /api/mapped-metrics -> role
MAPPED_ROLES: Mapping[str, str] = MappingProxyType(
    {
        "added_to_cart": "added_to_cart",
        "cancelled_sales": "cancelled_sales",
        "ordered_product": "ordered_product",
        "refunded_sales": "refunded_sales",
        "revenue": "revenue",
        "started_checkout": "started_checkout",
        "viewed_product": "viewed_product",
    }
)

# name of a metric of the integration "Klaviyo" -> role and channel
NAMED_ROLES: Mapping[str, tuple[str, str | None]] = MappingProxyType(
    {
        "Received Email": ("received", "email"),
        "Opened Email": ("opened", "email"),
        "Clicked Email": ("clicked", "email"),
        "Bounced Email": ("bounced", "email"),
        "Unsubscribed from Email": ("unsubscribed", "email"),
        "Unsubscribed from Email Marketing": ("unsubscribed", "email"),
        "Marked Email as Spam": ("marked_spam", "email"),
        "Received SMS": ("received", "sms"),
        "Received Text Message": ("received", "sms"),
        "Clicked SMS": ("clicked", "sms"),
        "Clicked Text Message": ("clicked", "sms"),
        "Failed to Deliver SMS": ("bounced", "sms"),
        "Failed to Deliver Text Message": ("bounced", "sms"),
        "Unsubscribed from SMS": ("unsubscribed", "sms"),
        "Unsubscribed from SMS Marketing": ("unsubscribed", "sms"),
        "Unsubscribed from Text Messages": ("unsubscribed", "sms"),
        "Received Push": ("received", "mobile_push"),
        "Opened Push": ("opened", "mobile_push"),
        "Bounced Push": ("bounced", "mobile_push"),
        "Active on Site": ("active_on_site", None),
        "Viewed Form": ("viewed_form", None),
        "Submitted Form": ("submitted_form", None),
        "Closed Form": ("closed_form", None),
        "Subscribed to Email Marketing": ("subscribed_email", None),
        "Subscribed to SMS Marketing": ("subscribed_sms", None),
        "Subscribed to List": ("subscribed_list", None),
        "Unsubscribed from List": ("unsubscribed_list", None),
    }
)

# name of a metric of any other integration, where the account maps it to nothing -> role
SHOP_ROLES: Mapping[str, str] = MappingProxyType(
    {
        "Placed Order": "placed_order",
        "Fulfilled Order": "fulfilled_order",
        "Cancelled Order": "cancelled_sales",
        "Canceled Order": "cancelled_sales",
        "Refunded Order": "refunded_sales",
    }
)
