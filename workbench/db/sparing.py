"""Storing many things of which one may be impossible to store, without losing the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from psycopg import Cursor, DataError, errors

__all__ = ["store_sparing"]

_Items = TypeVar("_Items", bound=Sequence[Any])
_Result = TypeVar("_Result")

# what is wrong with a value; a lost connection or a full disk is wrong with everything
_REFUSED: tuple[type[Exception], ...] = (
    DataError,
    errors.CheckViolation,
    errors.NotNullViolation,
    errors.ProgramLimitExceeded,
)


def store_sparing(
    cursor: Cursor[Any],
    items: _Items,
    store: Callable[[_Items], _Result],
    *,
    also: tuple[type[Exception], ...] = (),
) -> tuple[list[_Result], list[tuple[Any, str]]]:
    """Store items at once; when they are refused, by halves, until only the bad ones are left.

    Args:
        cursor: of the transaction to write in.
        items: at least one.
        store: writes items with the cursor; what it wrote is undone when it raises.
        also: further errors that are about an item.

    Returns:
        What ``store`` gave, each time; and each item that was refused, with the name of its error,
        which holds none of its values.
    """
    try:
        with cursor.connection.transaction():
            return [store(items)], []
    except (*_REFUSED, *also) as error:
        if len(items) == 1:
            return [], [(items[0], type(error).__name__)]
    middle = len(items) // 2
    first, rest = cast("_Items", items[:middle]), cast("_Items", items[middle:])
    stored, refused = store_sparing(cursor, first, store, also=also)
    more, others = store_sparing(cursor, rest, store, also=also)
    return stored + more, refused + others
