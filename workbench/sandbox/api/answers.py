"""From a checked query to the content of its answer: rows selected, paged and written."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np

from workbench.sandbox.api.collections import Ask, Collection, Rows
from workbench.sandbox.api.contract import Endpoint
from workbench.sandbox.api.filters import FilterError, matching
from workbench.sandbox.api.jsonapi import Body, Refusal
from workbench.sandbox.api.pages import Listing, listing, page
from workbench.sandbox.api.queries import Query
from workbench.sandbox.api.resources import Resources

__all__ = ["Answers"]

_CACHED_LISTINGS = 32


class Answers:
    """Answers about an account at one instant.

    Args:
        resources: its collections.
    """

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._listings: OrderedDict[str, Listing] = OrderedDict()

    def content(
        self, endpoint: Endpoint, query: Query, *, resource_id: str | None, base: str
    ) -> Body:
        """The content of an answer; the links of a collection hold bare cursors.

        Args:
            endpoint: that was asked.
            query: what it was asked.
            resource_id: the id in the path, if there is one.
            base: scheme and host that the client used.

        Raises:
            Refusal: there is no such resource, or the query cannot be answered.
        """
        ask = Ask(query, base)
        folder, *rest = endpoint.path.removeprefix("/api/").split("/")
        if len(rest) == 1:
            return self._single(folder, str(resource_id), ask)
        if rest:
            rows = self._resources.children(folder, str(resource_id), rest[1])
            folder = rest[1]
        else:
            rows = self._resources.collection(folder).rows
        return self._many(self._resources.collection(folder), rows, ask)

    def _single(self, folder: str, resource_id: str, ask: Ask) -> Body:
        collection = self._resources.collection(folder)
        rows = self._resources.one(folder, resource_id)
        content: Body = {"data": _sparse(collection.bodies(rows, ask), ask.query)[0]}
        if ask.query.includes:
            content["included"] = _sparse(collection.included(rows, ask), ask.query)
        return content

    def _many(self, collection: Collection, rows: Rows, ask: Ask) -> Body:
        shown = page(self._listing(collection, rows, ask.query), ask.query)
        content: Body = {
            "data": _sparse(collection.bodies(shown.rows, ask), ask.query),
            "links": {"prev": shown.previous_cursor, "next": shown.next_cursor},
        }
        if ask.query.includes:
            content["included"] = _sparse(collection.included(shown.rows, ask), ask.query)
        return content

    def _listing(self, collection: Collection, rows: Rows, query: Query) -> Listing:
        if (known := self._listings.get(query.digest)) is not None:
            self._listings.move_to_end(query.digest)
            return known
        if query.conditions:
            total = max(len(field.values) for field in collection.fields.values())
            try:
                met = matching(list(query.conditions), collection.fields, rows=total)
            except FilterError as error:
                raise Refusal.invalid(str(error), parameter="filter") from None
            rows = rows[met[rows]]
        keys = collection.fields[query.sort].values[rows] if query.sort else np.zeros(len(rows))
        self._listings[query.digest] = made = listing(rows, keys)
        if len(self._listings) > _CACHED_LISTINGS:
            self._listings.popitem(last=False)
        return made


def _sparse(bodies: list[Body], query: Query) -> list[Body]:
    """Resources reduced to the fields asked for."""
    for body in bodies:
        if (wanted := query.fields.get(body["type"])) is not None and "attributes" in body:
            kept = {name: value for name, value in body["attributes"].items() if name in wanted}
            body["attributes"] = kept
    return bodies
