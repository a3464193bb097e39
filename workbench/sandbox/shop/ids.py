"""Identifiers in the shapes Klaviyo gives them, made from row numbers and found back from them.

An event has eleven letters and digits and a time-based UUID, a profile and a campaign a ULID, the
rest six letters and digits. Equal inputs give equal identifiers; no two rows share one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = [
    "event_ids",
    "event_row",
    "event_uuids",
    "found_row",
    "short_ids",
    "ulid_column",
    "ulids",
]

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ODD = 0x9E3779B97F4A7C15  # odd, so that multiplying modulo 2**64 can be undone
_ODD_INVERSE = pow(_ODD, -1, 1 << 64)
_MASK = (1 << 64) - 1
_GREGORIAN_START = 0x01B21DD213814000  # 100 ns steps from 1582-10-15 to 1970-01-01, RFC 4122

_DIGITS_OF_UUID = [place for place in range(36) if place not in {8, 13, 18, 23}]


def event_ids(rows: npt.NDArray[np.integer], *, seed: int) -> list[str]:
    """Eleven letters and digits for each event row."""
    return _digits(_scrambled(rows, seed), alphabet=_BASE62, width=11)


def event_row(event_id: str, *, seed: int) -> int | None:
    """The row that has this event id; None when the text is no event id."""
    if len(event_id) != 11 or not set(event_id) <= set(_BASE62):
        return None
    number = 0
    for letter in event_id:
        number = number * 62 + _BASE62.index(letter)
    return ((number - seed) * _ODD_INVERSE) & _MASK


def event_uuids(rows: npt.NDArray[np.integer], at: npt.NDArray[np.int64]) -> list[str]:
    """A version 1 UUID for each event, whose time part is the event's second."""
    ticks = at.astype(np.uint64) * np.uint64(10_000_000) + np.uint64(_GREGORIAN_START)
    parts = np.empty((len(at), 2), dtype=">u8")
    parts[:, 0] = (
        ticks << np.uint64(32)
        | (ticks >> np.uint64(32) & np.uint64(0xFFFF)) << np.uint64(16)
        | ticks >> np.uint64(48)
        | np.uint64(0x1000)
    )
    parts[:, 1] = _scrambled(rows, 1) >> np.uint64(16) | np.uint64(0x8001 << 48)
    digits = np.frombuffer(parts.tobytes().hex().encode(), dtype=np.uint8).reshape(len(at), 32)
    letters = np.full((len(at), 36), ord("-"), dtype=np.uint32)
    letters[:, _DIGITS_OF_UUID] = digits
    return list(letters.view("U36").ravel().tolist())


def short_ids(count: int, *, seed: int, kind: str) -> list[str]:
    """Six letters and digits for each of ``count`` things of one kind."""
    space = 62**6
    start = int.from_bytes(f"{kind}/{seed}".encode(), "big") % space
    # the step shares no factor with 62, so the first 62**6 numbers all differ
    numbers = [(start + 38_234_567_891 * n) % space for n in range(count)]
    return _digits(np.array(numbers, dtype=np.uint64), alphabet=_BASE62, width=6)


def found_row(
    ids: npt.NDArray[np.bytes_], by_id: npt.NDArray[np.integer], wanted: str
) -> int | None:
    """The row that has an id; None when none has it.

    Args:
        ids: one a row.
        by_id: rows in the order of their ids.
        wanted: the id.
    """
    if not wanted.isascii():
        return None
    place = int(np.searchsorted(ids, np.bytes_(wanted.encode()), sorter=by_id))
    row = int(by_id[place]) if place < len(by_id) else -1
    return row if row >= 0 and ids[row] == wanted.encode() else None


def ulids(at: npt.NDArray[np.int64], *, seed: int, kind: str) -> list[str]:
    """What ``ulid_column`` gives, as text."""
    return list(ulid_column(at, seed=seed, kind=kind).astype(np.str_).tolist())


def ulid_column(at: npt.NDArray[np.int64], *, seed: int, kind: str) -> npt.NDArray[np.bytes_]:
    """A ULID for each row, whose first ten characters are the instant ``at`` (seconds)."""
    salt = int.from_bytes(f"{kind}/{seed}".encode(), "big") & _MASK
    noise = _scrambled(np.arange(len(at)), salt)
    # the lowest bits stand in full in the last part, so that the whole stays one to one
    low = (noise & np.uint64(0xFFFFFF)) | (noise >> np.uint64(48) << np.uint64(24))
    text = np.empty((len(at), 26), dtype=np.uint8)
    text[:, :10] = _letters(at.astype(np.uint64) * np.uint64(1000), alphabet=_CROCKFORD, width=10)
    text[:, 10:18] = _letters(noise >> np.uint64(24), alphabet=_CROCKFORD, width=8)
    text[:, 18:] = _letters(low, alphabet=_CROCKFORD, width=8)
    return text.view("S26").ravel()


def _scrambled(rows: npt.NDArray[np.integer], salt: int) -> npt.NDArray[np.uint64]:
    """Numbers that look unordered, one to one with the rows."""
    return rows.astype(np.uint64) * np.uint64(_ODD) + np.uint64(salt & _MASK)


def _digits(numbers: npt.NDArray[np.uint64], *, alphabet: str, width: int) -> list[str]:
    text = _letters(numbers, alphabet=alphabet, width=width)
    return list(text.view(f"S{width}").ravel().astype(f"U{width}").tolist())


def _letters(
    numbers: npt.NDArray[np.uint64], *, alphabet: str, width: int
) -> npt.NDArray[np.uint8]:
    """Each number in the base of the alphabet, padded to ``width`` digits: one row a number."""
    letters = np.frombuffer(alphabet.encode(), dtype=np.uint8)
    text = np.empty((len(numbers), width), dtype=np.uint8)
    base = np.uint64(len(alphabet))
    for column in range(width - 1, -1, -1):
        text[:, column] = letters[(numbers % base).astype(np.int64)]
        numbers = numbers // base
    return text
