"""Streams that are small enough to be read whole at every sync."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.db import statement
from workbench.klaviyo.pages import Page, pages
from workbench.sync.definition import Resource
from workbench.sync.merging import merge_page
from workbench.sync.run import Run

__all__ = ["read_whole"]


def read_whole(run: Run, resource: Resource) -> None:
    """Read every page of a resource and store each in its own transaction."""
    with run.progress.stream(resource.name, total=None) as told:
        for page in _pages(run, resource):
            rows = resource.rows(page, run.source)
            told(run.add(resource.name, merge_page(run.database, rows)).read)


def _pages(run: Run, resource: Resource) -> Iterator[Page]:
    for path in _paths(run, resource):
        for wanted in resource.filters:
            yield from pages(run.client, path, resource.query(wanted), limit=resource.limit)


def _paths(run: Run, resource: Resource) -> list[str]:
    if not resource.parents:
        return [resource.path]
    with run.database.connection() as connection:
        found = connection.execute(
            statement(resource.parents), {"account_id": run.account_id}
        ).fetchall()
    return [resource.path.format(id=parent) for (parent,) in found]
