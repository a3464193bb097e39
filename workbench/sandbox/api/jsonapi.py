"""The shapes that every body of the API shares: resources, relationships, collections, errors."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["Body", "Refusal", "error_body", "identifier", "resource", "to_many", "to_one"]

Body = dict[str, Any]

# where a resource type lives
_FOLDERS = {
    "account": "accounts",
    "attribution": "attributions",
    "campaign": "campaigns",
    "campaign-audience": "campaign-audiences",
    "campaign-message": "campaign-messages",
    "campaign-recipient-estimation": "campaign-recipient-estimations",
    "campaign-send-job": "campaign-send-jobs",
    "campaign-variation": "campaign-variations",
    "custom-metric": "custom-metrics",
    "event": "events",
    "flow": "flows",
    "flow-action": "flow-actions",
    "flow-message": "flow-messages",
    "form": "forms",
    "form-version": "form-versions",
    "list": "lists",
    "mapped-metric": "mapped-metrics",
    "metric": "metrics",
    "metric-property": "metric-properties",
    "profile": "profiles",
    "push-token": "push-tokens",
    "segment": "segments",
    "tag": "tags",
    "tag-group": "tag-groups",
    "template": "templates",
}


class Refusal(Exception):
    """A request that is answered with an error.

    Args:
        status: HTTP status.
        code: what a program reads.
        title: what a person reads.
        detail: the value at fault.
        source: which part of the request, as Klaviyo names it.
        headers: further headers of the answer.
    """

    def __init__(
        self,
        status: int,
        *,
        code: str,
        title: str,
        detail: str,
        source: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.title, self.detail = status, code, title, detail
        self.source = dict(source or {"pointer": "/data/"})
        self.headers = dict(headers or {})

    @classmethod
    def invalid(cls, detail: str, *, parameter: str = "") -> Refusal:
        """The 400 of a request that cannot be read."""
        source = {"parameter": parameter} if parameter else None
        return cls(400, code="invalid", title="Invalid input.", detail=detail, source=source)

    @classmethod
    def missing(cls, what: str) -> Refusal:
        """The 404 of something that is not there."""
        return cls(404, code="not_found", title="Not found.", detail=f"{what} does not exist.")

    @classmethod
    def throttled(cls, wait: int) -> Refusal:
        """The 429 of a client that has to wait so many seconds."""
        return cls(
            429,
            code="throttled",
            title="Request was throttled.",
            detail=f"Request was throttled. Expected available in {wait} seconds.",
            headers={"Retry-After": str(wait)},
        )


def error_body(refusal: Refusal) -> Body:
    """The body of an error."""
    return {
        "errors": [
            {
                "id": str(uuid.uuid4()),
                "status": refusal.status,
                "code": refusal.code,
                "title": refusal.title,
                "detail": refusal.detail,
                "source": refusal.source,
                "links": {},
                "meta": {},
            }
        ]
    }


def resource(
    base: str,
    kind: str,
    resource_id: str,
    attributes: Body | None,
    relationships: Iterable[tuple[str, Body]] = (),
) -> Body:
    """One resource with its own address; relationships as to_one and to_many make them.

    Args:
        base: scheme and host that the client used.
        kind: type of the resource.
        resource_id: its id.
        attributes: its attributes; None for a type that has none.
        relationships: pairs of name and relationship.
    """
    here = f"{base}/api/{_FOLDERS[kind]}/{resource_id}/"
    body: Body = {"type": kind, "id": resource_id}
    if attributes is not None:
        body["attributes"] = attributes
    if linked := dict(relationships):
        for name, relationship in linked.items():
            relationship["links"] = {
                "self": f"{here}relationships/{name}/",
                "related": f"{here}{name}/",
            }
        body["relationships"] = linked
    body["links"] = {"self": here}
    return body


def identifier(kind: str, resource_id: str) -> Body:
    """A reference to a resource."""
    return {"type": kind, "id": resource_id}


def to_one(name: str, kind: str, resource_id: str) -> tuple[str, Body]:
    """A relationship to one resource."""
    return name, {"data": identifier(kind, resource_id)}


def to_many(name: str, kind: str, resource_ids: Iterable[str] | None) -> tuple[str, Body]:
    """A relationship to several; None leaves out who they are and keeps the links."""
    if resource_ids is None:
        return name, {}
    return name, {"data": [identifier(kind, each) for each in resource_ids]}
