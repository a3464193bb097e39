"""Reads that are answered from what was read before, while nothing behind them has changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary

import pandas as pd

from workbench.db import Database, ResultCache, read_frame
from workbench.load.current import current_database

__all__ = ["read_cached", "uncached"]

_caches: WeakKeyDictionary[Database, ResultCache] = WeakKeyDictionary()
_is_cached = ContextVar("_is_cached", default=True)


def read_cached(path: str, params: Mapping[str, Any]) -> pd.DataFrame:
    """What ``read_frame`` gives of the current database, computed only if a row may be another.

    Args:
        path: a statement below sql/ that depends on its parameters and on rows only, not on the
            clock.
        params: values of its named parameters.
    """
    database = current_database()
    if not _is_cached.get():
        return read_frame(database, path, params)
    if database not in _caches:
        _caches[database] = ResultCache(database)
    return _caches[database].read(path, params)


@contextmanager
def uncached() -> Iterator[None]:
    """Within the block everything is computed from the tables."""
    before = _is_cached.set(False)
    try:
        yield
    finally:
        _is_cached.reset(before)
