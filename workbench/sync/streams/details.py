"""What takes a request a parent: definitions of flows, versions of forms, sizes of audiences.

A parent that says it has not changed is not asked again, but for now and then: that its date moves
with everything inside it is what the API suggests and nowhere promises.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.db import statement
from workbench.errors import KlaviyoRefused
from workbench.klaviyo.flows import digest
from workbench.klaviyo.pages import Page
from workbench.klaviyo.records import json_text
from workbench.sync.definition import Resource
from workbench.sync.findings import drift
from workbench.sync.merging import store_page
from workbench.sync.run import Run, StreamCount
from workbench.sync.streams.whole import whole_pages

__all__ = ["read_estimates", "read_flow_definitions", "read_form_versions"]

_TRUSTED = dt.timedelta(days=7)  # how long an unchanged date is taken as no change
_PLANNED = dt.timedelta(days=30)  # older drafts are seldom sent
_NOT_FOUND = 404
Parents = list[tuple[Any, ...]]


def read_flow_definitions(run: Run, resource: Resource) -> None:
    """Read the whole tree of each flow that changed, in one request a flow."""
    for flow_id, _ in _each(run, resource, _stale(run, resource)):
        for page in _found(run, resource, flow_id):
            _store(run, resource, page)
            for flow in page.data:
                _keep_definition(run, flow_id, flow["attributes"])


def read_form_versions(run: Run, resource: Resource) -> None:
    """Read the versions of each form that changed."""
    for form_id, updated_at in _each(run, resource, _stale(run, resource)):
        for page in _found(run, resource, form_id):
            for version in page.data:  # asked for by their form, they need not name it
                version["relationships"] = {"form": {"data": {"id": form_id}}}
            _store(run, resource, page)
        read = {"account_id": run.account_id, "as_of": run.as_of, "id": form_id}
        with run.database.connection() as connection:
            connection.execute(
                statement("writes/sync/finish_form_versions"), {**read, "updated_at": updated_at}
            )


def read_estimates(run: Run, resource: Resource) -> None:
    """Ask how many profiles each campaign that is still to be sent would reach."""
    planned = _parents(run, resource, since=run.as_of - _PLANNED)
    for (campaign_id,) in _each(run, resource, planned):
        for page in _found(run, resource, campaign_id):
            _store(run, resource, page)


def _stale(run: Run, resource: Resource) -> Parents:
    return _parents(run, resource, trusted=None if run.asked.full else run.as_of - _TRUSTED)


def _parents(run: Run, resource: Resource, **asked: object) -> Parents:
    with run.database.connection() as connection:
        return connection.execute(
            statement(resource.parents), {"account_id": run.account_id, **asked}
        ).fetchall()


def _each(run: Run, resource: Resource, parents: Parents) -> Iterator[tuple[Any, ...]]:
    with run.progress.stream(resource.name, total=len(parents)) as told:
        told(run.add(resource.name, StreamCount()).read)  # a stream with nothing to do is told too
        for parent in parents:
            yield parent
            told(run.streams[resource.name].read)
            told.window_done()


def _found(run: Run, resource: Resource, parent: str) -> Iterator[Page]:
    """The pages of a parent; none when it was deleted since its listing was read."""
    try:
        yield from whole_pages(run, resource, resource.path.format(id=parent))
    except KlaviyoRefused as error:
        if error.status != _NOT_FOUND:
            raise


def _store(run: Run, resource: Resource, page: Page) -> None:
    drift.watch(run, [*page.data, *page.included])
    run.add(resource.name, store_page(run, resource, page))


def _keep_definition(run: Run, flow_id: str, said: Mapping[str, Any]) -> None:
    """Keep a version if the definition is new, and mark what it has no more."""
    definition = said.get("definition") or {}
    known = {
        "account_id": run.account_id,
        "as_of": run.as_of,
        "id": flow_id,
        "updated_at": said.get("updated"),
        "digest": digest(definition),
        "definition": json_text(definition),
    }
    with run.database.connection() as connection:
        for step in (
            "drop_flow_actions",
            "drop_flow_messages",
            "end_flow_version",
            "keep_flow_version",
            "finish_flow_definition",
        ):
            connection.execute(statement(f"writes/sync/{step}"), known)
