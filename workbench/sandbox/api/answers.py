"""From a checked query to the content of its answer: rows selected, paged and written."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

import numpy as np
import orjson

from workbench.sandbox.api.collections import Ask, Collection, Rows
from workbench.sandbox.api.contract import Endpoint
from workbench.sandbox.api.filters import FilterError, matching
from workbench.sandbox.api.jsonapi import Body, Refusal, identifier
from workbench.sandbox.api.pages import Listed, Listing, listing, page
from workbench.sandbox.api.queries import Query
from workbench.sandbox.api.reports import Reports
from workbench.sandbox.api.resources import Resources
from workbench.sandbox.api.sparse_fields import reduced
from workbench.sandbox.api.windows import check_window

__all__ = ["Answers"]

_CACHED_LISTINGS = 32


class Answers:
    """Answers about an account at one instant.

    Args:
        resources: its collections.
    """

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._reports = Reports(resources.snapshot)
        self._listings: OrderedDict[str, Listing] = OrderedDict()

    def content(
        self,
        endpoint: Endpoint,
        query: Query,
        *,
        resource_id: str | None,
        base: str,
        revision: str,
        asked: Body | None = None,
    ) -> Body:
        """The content of an answer; the links of a collection hold bare cursors.

        Args:
            endpoint: that was asked.
            query: what it was asked.
            resource_id: the id in the path, if there is one.
            base: scheme and host that the client used.
            revision: whose shapes the client expects.
            asked: the body of a POST.

        Raises:
            Refusal: there is no such resource, or the query cannot be answered.
        """
        ask = Ask(query, base, revision)
        if endpoint.method == "POST":
            return self._reports.content(endpoint, query, asked or {}, base=base)
        folder, *rest = endpoint.path.removeprefix("/api/").split("/")
        collection = self._resources.collection(folder)
        if rest:
            rows = self._resources.one(folder, str(resource_id))
        if len(rest) == 1 and collection.alone:
            collection = replace(collection, bodies=collection.alone)
        if len(rest) > 1:
            collection = self._resources.related(folder, str(resource_id), rest[-1])
            rows = collection.rows
        if len(rest) == 3:
            collection = _identifiers(collection)
        if len(rest) == 3 and endpoint.is_single and not len(rows):
            return {"data": None}
        if len(rest) == 1 or endpoint.is_single:
            return self._single(collection, rows, ask)
        return self._many(collection, ask)

    def _single(self, collection: Collection, rows: Rows, ask: Ask) -> Body:
        if not len(rows):
            raise Refusal.missing("The related resource")
        content: Body = {"data": _sparse(collection.bodies(rows, ask), ask.query)[0]}
        if ask.query.includes:
            content["included"] = _sparse(collection.included(rows, ask), ask.query)
        return content

    def _many(self, collection: Collection, ask: Ask) -> Body:
        shown = page(self._listing(collection, ask.query), ask.query)
        content: Body = {
            "data": _written(collection, shown.rows, ask),
            "links": {"prev": shown.previous_cursor, "next": shown.next_cursor},
        }
        if ask.query.includes:
            content["included"] = _sparse(collection.included(shown.rows, ask), ask.query)
        return content

    def _listing(self, collection: Collection, query: Query) -> Listed:
        try:
            check_window(query.conditions, now=self._resources.snapshot.now)
            if collection.masses:
                return collection.masses.listed(query)
            return self._kept_listing(collection, query)
        except FilterError as error:
            raise Refusal.invalid(str(error), parameter="filter") from None

    def _kept_listing(self, collection: Collection, query: Query) -> Listing:
        if (known := self._listings.get(query.digest)) is not None:
            self._listings.move_to_end(query.digest)
            return known
        rows = collection.rows
        if query.conditions:
            total = max(len(collection.fields[each.field].values) for each in query.conditions)
            met = matching(list(query.conditions), collection.fields, rows=total)
            rows = rows[met[rows]]
        keys = collection.fields[query.sort].values[rows] if query.sort else np.zeros(len(rows))
        self._listings[query.digest] = made = listing(rows, keys)
        if len(self._listings) > _CACHED_LISTINGS:
            self._listings.popitem(last=False)
        return made


def _written(collection: Collection, rows: Rows, ask: Ask) -> list[Body] | orjson.Fragment:
    """Rows as they are served; many of them at once, as text that nobody takes apart again."""
    if collection.masses and not ask.query.fields:
        return orjson.Fragment(collection.masses.text(rows, ask))
    return _sparse(collection.bodies(rows, ask), ask.query)


def _identifiers(collection: Collection) -> Collection:
    """A collection whose rows are written as references."""

    def references(rows: Rows, ask: Ask) -> list[Body]:
        return [identifier(body["type"], body["id"]) for body in collection.bodies(rows, ask)]

    return replace(collection, bodies=references)


def _sparse(bodies: list[Body], query: Query) -> list[Body]:
    """Resources reduced to the fields asked for."""
    for body in bodies:
        if (wanted := query.fields.get(body["type"])) is not None and "attributes" in body:
            body["attributes"] = reduced(body["attributes"], wanted)
    return bodies
