"""What the POST endpoints answer: reports by send date, and aggregates by event time."""

from __future__ import annotations

from workbench.sandbox.api.contract import Endpoint
from workbench.sandbox.api.jsonapi import Body, Refusal
from workbench.sandbox.api.queries import Query
from workbench.sandbox.api.snapshot import Snapshot

__all__ = ["Reports"]


class Reports:
    """Reports about an account at one instant.

    Args:
        snapshot: the account at its instant.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def content(self, endpoint: Endpoint, query: Query, asked: Body, *, base: str) -> Body:
        """The content of one report.

        Args:
            endpoint: that was asked.
            query: its query string.
            asked: its body.
            base: scheme and host that the client used.

        Raises:
            Refusal: the body asks for what the endpoint does not offer.
        """
        raise Refusal.missing(endpoint.path)
