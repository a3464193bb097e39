"""The SQL files, found in a checkout and in an installed wheel alike."""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["SQL_ROOT", "statement"]

_PACKAGE = Path(__file__).resolve().parents[1]
_INSTALLED = _PACKAGE / "_sql"

SQL_ROOT = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent / "sql"


@cache
def statement(path: str) -> str:
    """Text of one statement, read once a process.

    Args:
        path: folder and name below sql/, without the suffix: ``"reads/metric_daily"``.

    Raises:
        FileNotFoundError: there is no such file; a mistake of the code, not of its user.
    """
    return (SQL_ROOT / f"{path}.sql").read_text(encoding="utf-8")
