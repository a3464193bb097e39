"""Klaviyo over HTTP: one read-only client, its limits, its pages, and rows made of its records."""

from workbench.klaviyo.client import KlaviyoClient
from workbench.klaviyo.limits import Limit, Limiter
from workbench.klaviyo.pages import Page, pages

__all__ = ["KlaviyoClient", "Limit", "Limiter", "Page", "pages"]
