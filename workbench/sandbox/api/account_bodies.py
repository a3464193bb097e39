"""The account as the API writes it."""

from __future__ import annotations

import datetime as dt

from workbench.sandbox.api.jsonapi import Body, resource
from workbench.sandbox.shop.build import Shop

__all__ = ["account_body", "instant"]


def instant(second: int) -> str:
    """A UTC second as ``2022-11-08T01:23:45+00:00``."""
    return dt.datetime.fromtimestamp(int(second), dt.UTC).isoformat()


def account_body(shop: Shop, *, base: str) -> Body:
    """The account."""
    account = shop.account
    address = {"city": "Simulated", **dict.fromkeys(("address1", "address2", "region", "zip"))}
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
