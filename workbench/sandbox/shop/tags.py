"""Tags and their groups, and what carries them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

__all__ = ["TAGS", "TAG_GROUPS", "Tag", "TagGroup", "tag_rows", "tag_uuid"]


@dataclass(frozen=True, slots=True)
class TagGroup:
    """A group of tags; of an exclusive one a thing carries at most one tag."""

    name: str
    is_exclusive: bool = False
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag, in the group of a row of TAG_GROUPS."""

    name: str
    group: int


TAG_GROUPS = (
    TagGroup("Default", is_default=True),
    TagGroup("Purpose", is_exclusive=True),
)
TAGS = (
    Tag("lifecycle", 1),
    Tag("offer", 1),
    Tag("brand", 1),
    Tag("audience", 0),
    Tag("test", 0),
)


def tag_rows(*names: str) -> tuple[int, ...]:
    """Rows of TAGS by name, ascending.

    >>> tag_rows("test", "offer")
    (1, 4)
    """
    return tuple(row for row, tag in enumerate(TAGS) if tag.name in names)


def tag_uuid(account_id: str, kind: str, name: str) -> str:
    """The id of a tag or of a tag group: a UUID.

    Args:
        account_id: whose it is.
        kind: tag or tag-group.
        name: its name.
    """
    return str(uuid5(NAMESPACE_URL, f"{account_id}/{kind}/{name}"))
