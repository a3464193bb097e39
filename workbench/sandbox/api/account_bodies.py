"""The account, its metrics, its profiles: everything a shop holds besides messages and events."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.sandbox.api.jsonapi import Body, resource, to_many, to_one
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.shop.build import Shop
from workbench.sandbox.shop.days import DAY, utc_text
from workbench.sandbox.shop.events import Kind
from workbench.sandbox.shop.people import DOMAINS, PLACES

__all__ = [
    "MAPPED_METRICS",
    "account_body",
    "emails",
    "instant",
    "mapped_metric_body",
    "metric_body",
    "phone_numbers",
    "profile_body",
]

# what the account maps each of Klaviyo's own names to; None where nothing is mapped
MAPPED_METRICS: dict[str, Kind | None] = {
    "added_to_cart": None,
    "cancelled_sales": Kind.CANCELLED_ORDER,
    "ordered_product": Kind.ORDERED_PRODUCT,
    "refunded_sales": Kind.REFUNDED_ORDER,
    "revenue": Kind.PLACED_ORDER,
    "started_checkout": Kind.STARTED_CHECKOUT,
    "viewed_product": Kind.VIEWED_PRODUCT,
}
_INTEGRATIONS = {
    "Klaviyo": {"id": "0rG4eQ", "name": "Klaviyo", "category": "Internal"},
    "Shopify": {"id": "0eMvjm", "name": "Shopify", "category": "eCommerce"},
    "WooCommerce": {"id": "0eMvjn", "name": "WooCommerce", "category": "eCommerce"},
    "API": {"id": "7FtS4J", "name": "API", "category": "API"},
}
_PREDICTIONS = (
    "historic_clv",
    "predicted_clv",
    "total_clv",
    "historic_number_of_orders",
    "predicted_number_of_orders",
    "average_days_between_orders",
    "average_order_value",
    "churn_probability",
    "expected_date_of_next_order",
    "ranked_channel_affinity",
)


def instant(second: int) -> str:
    """A UTC second as ``2022-11-08T01:23:45+00:00``."""
    return utc_text(np.array([second], dtype=np.int64))[0]


def emails(shop: Shop) -> list[str]:
    """The address of each profile, in a domain that can belong to nobody."""
    return [
        f"customer.{number.lower()}@{DOMAINS[domain][0]}"
        for number, domain in zip(shop.people.external_id, shop.people.domain, strict=True)
    ]


def phone_numbers(shop: Shop) -> list[str | None]:
    """A number reserved for fiction for each profile that takes text messages."""
    return [
        f"+1{201 + row // 100 % 799}55501{row % 100:02d}" if takes else None
        for row, takes in enumerate(shop.people.takes_sms)
    ]


def account_body(shop: Shop, *, base: str) -> Body:
    """The account."""
    account = shop.account
    address = dict.fromkeys(("address1", "address2", "city", "region", "zip"))
    attributes = {
        "test_account": True,
        "contact_information": {
            "default_sender_name": account.organization,
            "default_sender_email": "hello@example.com",
            "website_url": "https://shop.example.com",
            "organization_name": account.organization,
            "street_address": {**address, "country": account.country},
        },
        "industry": "eCommerce",
        "timezone": account.timezone,
        "preferred_currency": account.currency,
        "public_api_key": account.id,
        "locale": "en-US",
    }
    return resource(base, "account", account.id, attributes)


def metric_body(shop: Shop, kind: int, *, base: str) -> Body:
    """One metric, with the live flows it starts."""
    metric = shop.metrics[kind]
    created = instant(shop.now - (shop.plan.days + 30) * DAY)
    flows = [
        flow.id for flow in shop.catalogue.flows if flow.trigger == kind and flow.status == "live"
    ]
    attributes = {
        "name": metric.name,
        "created": created,
        "updated": created,
        "integration": {"object": "integration", **_INTEGRATIONS[metric.integration]},
    }
    return resource(
        base, "metric", metric.id, attributes, [to_many("flow-triggers", "flow", flows)]
    )


def mapped_metric_body(shop: Shop, name: str, *, base: str) -> Body:
    """What one of Klaviyo's own names is mapped to."""
    kind = MAPPED_METRICS[name]
    metric = to_many("metric", "metric", None) if kind is None else None
    related = [
        metric or to_one("metric", "metric", shop.metrics[kind or 0].id),
        to_many("custom-metric", "custom-metric", None),
    ]
    updated = instant(shop.now - (shop.plan.days + 30) * DAY)
    return resource(base, "mapped-metric", name, {"updated": updated}, related)


def profile_body(
    snapshot: Snapshot, row: int, *, base: str, email: str, phone: str | None, additional: set[str]
) -> Body:
    """One profile.

    Args:
        snapshot: the account at its instant.
        row: of the profile.
        base: scheme and host that the client used.
        email: its address.
        phone: its number, or None.
        additional: subscriptions, predictive_analytics, or neither.
    """
    people = snapshot.shop.people
    last = int(snapshot.last_event_at[row])
    attributes: Body = {
        "email": email,
        "phone_number": phone,
        "external_id": people.external_id[row],
        "first_name": people.first_name[row],
        "last_name": people.last_name[row],
        "organization": None,
        "locale": None,
        "title": None,
        "image": None,
        "created": instant(int(people.created[row])),
        "updated": instant(int(snapshot.updated[row])),
        "last_event_date": instant(last) if last else None,
        "location": _location(snapshot.shop, row),
        "properties": {},
    }
    if "subscriptions" in additional:
        attributes["subscriptions"] = _subscriptions(snapshot, row)
    if "predictive_analytics" in additional:
        # what Klaviyo serves to an account that is not eligible for predictions
        attributes["predictive_analytics"] = dict.fromkeys(_PREDICTIONS)
    related = [to_many(f"{name}s", name, None) for name in ("list", "segment")]
    related += [to_many("push-tokens", "push-token", None)]
    return resource(base, "profile", people.ids[row], attributes, related)


def _location(shop: Shop, row: int) -> Body:
    people = shop.people
    names = (
        "address1",
        "address2",
        "city",
        "country",
        "latitude",
        "longitude",
        "region",
        "zip",
        "timezone",
        "ip",
    )
    location: Body = {**dict.fromkeys(names), "country": people.country[row]}
    if (where := int(people.place[row])) >= 0:
        place = PLACES[where]
        location |= {
            "city": place.city,
            "region": place.region,
            "zip": place.zip,
            "timezone": place.timezone,
        }
    return location


def _subscriptions(snapshot: Snapshot, row: int) -> Body:
    people = snapshot.shop.people
    since = instant(int(people.created[row]))
    suppression = [
        {"reason": reason, "timestamp": instant(int(at[row]))}
        for reason, at in snapshot.suppressed_at.items()
        if at[row]
    ]
    consents = bool(people.takes_email[row])
    left = {each["reason"] for each in suppression} & {"UNSUBSCRIBE", "SPAM_COMPLAINT"}
    consent = "UNSUBSCRIBED" if left else "SUBSCRIBED" if consents else "NEVER_SUBSCRIBED"
    last = max([since, *(each["timestamp"] for each in suppression)])
    marketing: dict[str, Any] = {
        "can_receive_email_marketing": not suppression,
        "consent": consent,
        "consent_timestamp": last if left else since if consents else None,
        "last_updated": last if consents else None,
        "method": "FORM" if consents else None,
        "method_detail": "",
        "custom_method_detail": None,
        "double_optin": False if consents else None,
        "suppression": suppression,
        "list_suppressions": [],
    }
    texts = bool(people.takes_sms[row])
    sms = {
        "can_receive_sms_marketing": texts,
        "consent": "SUBSCRIBED" if texts else "NEVER_SUBSCRIBED",
        "consent_timestamp": since if texts else None,
        "method": "FORM" if texts else None,
        "method_detail": "",
        "last_updated": since if texts else None,
    }
    return {"email": {"marketing": marketing}, "sms": {"marketing": sms}}
