"""Relationships of a resource, decoded from the bytes of an answer without making dicts of them."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Link", "ToMany", "ToOne", "id_of"]


class Link(Struct, gc=False):
    """What is related; its type is known by the name of the relationship."""

    id: str


class ToOne(Struct, gc=False):
    """A relationship to at most one resource."""

    data: Link | None = None


class ToMany(Struct, gc=False):
    """A relationship to any number of resources."""

    data: list[Link] | None = None


def id_of(related: ToOne | None) -> str | None:
    """Id of what is related; None where nothing is."""
    return related.data.id if related is not None and related.data is not None else None
