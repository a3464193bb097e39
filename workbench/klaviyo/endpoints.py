"""What Klaviyo allows on each endpoint: one table of limits, and the stricter ones beside it.

A request counts against the quota of its endpoint, all ids together. Some parameters make a request
dear, and it then counts against a smaller quota of its own.

Source: Klaviyo's OpenAPI specification, revision 2026-07-15; the stricter limits stand only in its
descriptions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from workbench.klaviyo.limits import REPORT, XL, XS, L, Limit, M, S

__all__ = ["QUERIES", "Quota", "endpoint_of", "quota_of"]

# by the path without /api/; references under /relationships/ have the limit of what they refer to
_LIMITS: Mapping[str, Limit] = {
    "accounts": XS,
    "accounts/{id}": XS,
    "campaign-messages/{id}": M,
    "campaign-messages/{id}/campaign": M,
    "campaign-messages/{id}/image": M,
    "campaign-messages/{id}/template": M,
    "campaign-recipient-estimations/{id}": M,
    "campaign-send-jobs/{id}": M,
    "campaigns": M,
    "campaigns/{id}": M,
    "campaigns/{id}/campaign-messages": M,
    "campaigns/{id}/tags": S,
    "custom-metrics": S,
    "custom-metrics/{id}": S,
    "custom-metrics/{id}/metrics": S,
    "events": XL,
    "events/{id}": M,
    "events/{id}/metric": XL,
    "events/{id}/profile": XL,
    "flow-actions/{id}": S,
    "flow-actions/{id}/flow": S,
    "flow-actions/{id}/flow-messages": S,
    "flow-messages/{id}": S,
    "flow-messages/{id}/flow-action": S,
    "flow-messages/{id}/template": S,
    "flows": S,
    "flows/{id}": S,
    "flows/{id}/flow-actions": S,
    "flows/{id}/tags": S,
    "form-versions/{id}": S,
    "form-versions/{id}/form": S,
    "forms": S,
    "forms/{id}": S,
    "forms/{id}/form-versions": S,
    "lists": L,
    "lists/{id}": L,
    "lists/{id}/flow-triggers": S,
    "lists/{id}/profiles": L,
    "lists/{id}/tags": S,
    "mapped-metrics": S,
    "mapped-metrics/{id}": S,
    "mapped-metrics/{id}/custom-metric": S,
    "mapped-metrics/{id}/metric": S,
    "metric-properties/{id}": XS,
    "metric-properties/{id}/metric": XS,
    "metrics": M,
    "metrics/{id}": M,
    "metrics/{id}/flow-triggers": M,
    "metrics/{id}/metric-properties": XS,
    "profiles": L,
    "profiles/{id}": L,
    "profiles/{id}/lists": S,
    "profiles/{id}/push-tokens": M,
    "profiles/{id}/segments": S,
    "push-tokens": M,
    "push-tokens/{id}": M,
    "push-tokens/{id}/profile": M,
    "segments": L,
    "segments/{id}": L,
    "segments/{id}/flow-triggers": S,
    "segments/{id}/profiles": L,
    "segments/{id}/tags": S,
    "tag-groups": S,
    "tag-groups/{id}": S,
    "tag-groups/{id}/tags": S,
    "tags": S,
    "tags/{id}": S,
    "tags/{id}/campaigns": S,
    "tags/{id}/flows": S,
    "tags/{id}/lists": S,
    "tags/{id}/segments": S,
    "tags/{id}/tag-group": S,
    "templates": L,
    "templates/{id}": L,
}
# the only bodies that are ever sent: queries that are too long for an address
_QUERIES: Mapping[str, Limit] = {
    "campaign-values-reports": REPORT,
    "flow-series-reports": REPORT,
    "flow-values-reports": REPORT,
    "form-series-reports": REPORT,
    "form-values-reports": REPORT,
    "metric-aggregates": S,
    "segment-series-reports": REPORT,
    "segment-values-reports": REPORT,
}
QUERIES = frozenset(f"/api/{name}" for name in _QUERIES)
"""Endpoints that may be sent a body, because it only asks."""

_PREDICTIONS = ("additional-fields[profile]", "predictive_analytics", M)
# endpoint -> parameter, the word in it that makes a request dear, and what is allowed then
_STRICTER: Mapping[str, tuple[tuple[str, str, Limit], ...]] = {
    "lists/{id}": (("additional-fields[list]", "profile_count", XS),),
    "lists/{id}/profiles": (_PREDICTIONS,),
    "profiles": (_PREDICTIONS,),
    "profiles/{id}": (_PREDICTIONS, ("include", "list", XS), ("include", "segment", XS)),
    "segments/{id}": (("additional-fields[segment]", "profile_count", XS),),
}


@dataclass(frozen=True, slots=True)
class Quota:
    """What a request counts against.

    Attributes:
        name: the endpoint, and what makes the request dear.
        limit: what Klaviyo allows.
    """

    name: str
    limit: Limit


def endpoint_of(path: str) -> str:
    """The path with ids replaced, because all of them share one limit.

    >>> endpoint_of("/api/flows/Xy12Zz/flow-actions/?page[size]=50")
    '/api/flows/{id}/flow-actions'
    """
    parts = urlsplit(path).path.strip("/").split("/")
    return "/" + "/".join("{id}" if place == 2 else part for place, part in enumerate(parts))


def quota_of(path: str, params: Mapping[str, str] | None = None) -> Quota:
    """What a request counts against; an endpoint that is in no table has the smallest limit.

    Args:
        path: path, and for a next page its query too.
        params: query parameters that are not in ``path``.

    >>> quota_of("/api/profiles?additional-fields[profile]=subscriptions,predictive_analytics")
    Quota(name='/api/profiles with predictive_analytics', limit=Limit(burst=10, steady=150, \
daily=None))
    """
    endpoint = endpoint_of(path)
    known = endpoint.removeprefix("/api/").replace("/relationships/", "/")
    asked = {**dict(parse_qsl(urlsplit(path).query)), **(params or {})}
    dear = [
        Quota(f"{endpoint} with {word}", limit)
        for parameter, word, limit in _STRICTER.get(known, ())
        if word in asked.get(parameter, "")
    ]
    plain = Quota(endpoint, _LIMITS.get(known) or _QUERIES.get(known) or XS)
    return min(dear, key=lambda quota: quota.limit.steady, default=plain)
