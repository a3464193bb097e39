"""Columns on disk: one .npy file each, appended to while a shop is put together, then mapped.

What is mapped costs memory only where it is read, and the system can take that back at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["Columns", "MemoryColumns", "StoredColumns", "opened_table", "stored_table"]

Table = TypeVar("Table")
Column = npt.NDArray[Any]


class Columns(Protocol):
    """Where the columns of a table grow, part by part."""

    def put(self, table: str, parts: Mapping[str, Column]) -> None:
        """Put rows behind those that are there, one part a column."""

    def table(self, table: str, kind: type[Table], **others: object) -> Table:
        """The table whose rows are all there.

        Args:
            table: its name.
            kind: a dataclass whose arrays are the columns.
            others: the fields that are no columns.
        """


class MemoryColumns:
    """Columns in memory."""

    def __init__(self) -> None:
        self._parts: dict[str, list[Column]] = {}

    def put(self, table: str, parts: Mapping[str, Column]) -> None:
        """Put rows behind those that are there."""
        for name, part in parts.items():
            self._parts.setdefault(f"{table}.{name}", []).append(part)

    def table(self, table: str, kind: type[Table], **others: object) -> Table:
        """The table whose rows are all there."""
        columns: dict[str, Any] = dict(others)
        for each in fields(kind):  # type: ignore[arg-type]
            if parts := self._parts.pop(f"{table}.{each.name}", []):
                columns[each.name] = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return kind(**columns)


class StoredColumns:
    """Columns in files of a folder.

    Args:
        folder: exists and holds no columns yet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, _GrowingFile] = {}

    def put(self, table: str, parts: Mapping[str, Column]) -> None:
        """Put rows behind those that are there; a column keeps the type of its first part."""
        for name, part in parts.items():
            path = _path(self._folder, table, name)
            if path.name not in self._files:
                self._files[path.name] = _GrowingFile(path, part.dtype)
            self._files[path.name].append(part)

    def table(self, table: str, kind: type[Table], **others: object) -> Table:
        """The table whose rows are all there, mapped."""
        for name in [name for name in self._files if name.startswith(f"{table}.")]:
            self._files.pop(name).close()
        return opened_table(self._folder, table, kind, **others)

    def close(self) -> None:
        """Close the files of tables that were not asked for."""
        for file in self._files.values():
            file.close()


class _GrowingFile:
    """A .npy file to which rows are appended; how many is written when it is closed."""

    def __init__(self, path: Path, dtype: np.dtype[Any]) -> None:
        self._dtype, self._length = dtype, 0
        self._file = path.open("wb")
        self._write_header(self._file)

    def append(self, part: Column) -> None:
        np.ascontiguousarray(part, dtype=self._dtype).tofile(self._file)
        self._length += len(part)

    def close(self) -> None:
        self._file.seek(0)
        self._write_header(self._file)  # numpy leaves room in it for a longer length
        self._file.close()

    def _write_header(self, file: BinaryIO) -> None:
        header = {"descr": self._dtype.str, "fortran_order": False, "shape": (self._length,)}
        np.lib.format.write_array_header_1_0(file, header)


def stored_table(folder: Path, table: str, content: object) -> None:
    """Write the columns of a dataclass to files.

    Args:
        folder: of the files.
        table: name of the table.
        content: whose arrays are written.
    """
    for each in fields(content):  # type: ignore[arg-type]
        column = getattr(content, each.name)
        if isinstance(column, np.ndarray):
            np.save(_path(folder, table, each.name), column)


def opened_table(folder: Path, table: str, kind: type[Table], **others: object) -> Table:
    """A dataclass whose columns are mapped from files, read-only.

    Args:
        folder: of the files.
        table: name of the table.
        kind: the dataclass.
        others: its fields that are no columns.

    Raises:
        OSError: a file cannot be read.
        ValueError: a file holds less than it says.
    """
    columns: dict[str, Any] = dict(others)
    for each in fields(kind):  # type: ignore[arg-type]
        if each.name not in columns:
            columns[each.name] = _mapped(_path(folder, table, each.name))
    return kind(**columns)


def _mapped(path: Path) -> Column:
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        start = file.tell()
    if not shape[0]:  # nothing cannot be mapped
        return np.empty(0, dtype=dtype)
    # a plain array: the subclass that maps files costs time on every slice
    return np.asarray(np.memmap(path, dtype=dtype, mode="r", offset=start, shape=shape))


def _path(folder: Path, table: str, column: str) -> Path:
    return folder / f"{table}.{column}.npy"
