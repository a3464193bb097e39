"""Streams that are small enough to be read whole at every sync."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from workbench.klaviyo.pages import Page, from_the_first, pages
from workbench.sync.definition import Resource
from workbench.sync.findings import drift, gone
from workbench.sync.merging import id_of, store_page
from workbench.sync.run import Run, StreamCount

__all__ = ["read_whole", "whole_pages"]


def read_whole(run: Run, resource: Resource) -> None:
    """Read every page of a resource, store each in its own transaction, and see what is gone.

    Counted as read is each row once, on however many pages it stood.
    """
    met: set[str] = set()
    with run.progress.stream(resource.name, total=None) as told:
        for page in _all_pages(run, resource):
            told(run.add(resource.name, _stored(run, resource, page, met)).read)
    is_all = run.asked.since is None and run.asked.until is None
    if resource.gone and is_all:
        gone.mark_missing(run, resource, met)


def whole_pages(run: Run, resource: Resource, path: str, wanted: str = "") -> Iterator[Page]:
    """Pages of a collection; some come twice where a cursor has expired."""
    return from_the_first(lambda: pages(run.client, path, resource.query(wanted)))


def _all_pages(run: Run, resource: Resource) -> Iterator[Page]:
    for wanted in resource.filters:
        yield from whole_pages(run, resource, resource.path, wanted)


def _stored(run: Run, resource: Resource, page: Page, met: set[str]) -> StreamCount:
    drift.watch(run, [*page.data, *page.included])
    count = store_page(run, resource, page)
    before = len(met)
    met.update(filter(None, map(id_of, page.data)))
    return replace(count, read=len(met) - before)
