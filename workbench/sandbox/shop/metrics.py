"""The metrics of an account: one a kind of event, under the names that Klaviyo gives them."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.sandbox.shop.events import Kind
from workbench.sandbox.shop.ids import short_ids
from workbench.sandbox.shop.plan import ShopPlan

__all__ = ["Metric", "metrics"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of the account; its position is the Kind of its events."""

    id: str
    name: str
    integration: str
    is_valued: bool


_METRICS = {
    Kind.RECEIVED_EMAIL: ("Received Email", "Klaviyo"),
    Kind.OPENED_EMAIL: ("Opened Email", "Klaviyo"),
    Kind.CLICKED_EMAIL: ("Clicked Email", "Klaviyo"),
    Kind.BOUNCED_EMAIL: ("Bounced Email", "Klaviyo"),
    Kind.UNSUBSCRIBED: ("Unsubscribed from Email Marketing", "Klaviyo"),
    Kind.MARKED_SPAM: ("Marked Email as Spam", "Klaviyo"),
    Kind.SUBSCRIBED: ("Subscribed to Email Marketing", "Klaviyo"),
    Kind.RECEIVED_SMS: ("Received SMS", "Klaviyo"),
    Kind.CLICKED_SMS: ("Clicked SMS", "Klaviyo"),
    Kind.PLACED_ORDER: ("Placed Order", "Shopify"),
    Kind.ORDERED_PRODUCT: ("Ordered Product", "Shopify"),
    Kind.STARTED_CHECKOUT: ("Started Checkout", "Shopify"),
    Kind.VIEWED_PRODUCT: ("Viewed Product", "API"),
    Kind.ACTIVE_ON_SITE: ("Active on Site", "API"),
    Kind.REFUNDED_ORDER: ("Refunded Order", "Shopify"),
    Kind.CANCELLED_ORDER: ("Cancelled Order", "Shopify"),
    Kind.OLD_SHOP_ORDER: ("Placed Order", "WooCommerce"),
    Kind.RECEIVED_PUSH: ("Received Push", "Klaviyo"),
    Kind.OPENED_PUSH: ("Opened Push", "Klaviyo"),
    Kind.FAILED_SMS: ("Failed to Deliver SMS", "Klaviyo"),
    Kind.SUBSCRIBED_SMS: ("Subscribed to SMS Marketing", "Klaviyo"),
    Kind.UNSUBSCRIBED_SMS: ("Unsubscribed from SMS Marketing", "Klaviyo"),
    Kind.SUBSCRIBED_TO_LIST: ("Subscribed to List", "Klaviyo"),
    Kind.UNSUBSCRIBED_FROM_LIST: ("Unsubscribed from List", "Klaviyo"),
    Kind.VIEWED_FORM: ("Viewed Form", "Klaviyo"),
    Kind.SUBMITTED_FORM: ("Submitted Form", "Klaviyo"),
    Kind.CLOSED_FORM: ("Closed Form", "Klaviyo"),
    Kind.FULFILLED_ORDER: ("Fulfilled Order", "Shopify"),
}
_VALUED = {
    Kind.PLACED_ORDER,
    Kind.ORDERED_PRODUCT,
    Kind.STARTED_CHECKOUT,
    Kind.REFUNDED_ORDER,
    Kind.CANCELLED_ORDER,
    Kind.OLD_SHOP_ORDER,
    Kind.FULFILLED_ORDER,
}


def metrics(plan: ShopPlan) -> tuple[Metric, ...]:
    """One metric a Kind; two of them are called Placed Order."""
    ids = short_ids(len(Kind), seed=plan.seed, kind="metric")
    return tuple(Metric(ids[kind], *_METRICS[kind], kind in _VALUED) for kind in Kind)
