"""Identifiers in the shapes Klaviyo gives them, made from row numbers and found back from them.

An event has eleven letters and digits and a time-based UUID, a profile and a campaign a ULID, the
rest six letters and digits. Equal inputs give equal identifiers; no two rows share one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["event_ids", "event_row", "event_uuids", "short_ids", "ulids"]

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ODD = 0x9E3779B97F4A7C15  # odd, so that multiplying modulo 2**64 can be undone
_ODD_INVERSE = pow(_ODD, -1, 1 << 64)
_MASK = (1 << 64) - 1
_GREGORIAN_START = 0x01B21DD213814000  # 100 ns steps from 1582-10-15 to 1970-01-01, RFC 4122


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
    digits = parts.tobytes().hex()
    return [
        f"{digits[n : n + 8]}-{digits[n + 8 : n + 12]}-{digits[n + 12 : n + 16]}"
        f"-{digits[n + 16 : n + 20]}-{digits[n + 20 : n + 32]}"
        for n in range(0, len(digits), 32)
    ]


def short_ids(count: int, *, seed: int, kind: str) -> list[str]:
    """Six letters and digits for each of ``count`` things of one kind."""
    space = 62**6
    start = int.from_bytes(f"{kind}/{seed}".encode(), "big") % space
    # the step shares no factor with 62, so the first 62**6 numbers all differ
    numbers = [(start + 38_234_567_891 * n) % space for n in range(count)]
    return _digits(np.array(numbers, dtype=np.uint64), alphabet=_BASE62, width=6)


def ulids(at: npt.NDArray[np.int64], *, seed: int, kind: str) -> list[str]:
    """A ULID for each row, whose first ten characters are the instant ``at`` (seconds)."""
    salt = int.from_bytes(f"{kind}/{seed}".encode(), "big") & _MASK
    noise = _scrambled(np.arange(len(at)), salt)
    # the lowest bits stand in full in the last part, so that the whole stays one to one
    low = (noise & np.uint64(0xFFFFFF)) | (noise >> np.uint64(48) << np.uint64(24))
    parts = (
        _digits(at.astype(np.uint64) * np.uint64(1000), alphabet=_CROCKFORD, width=10),
        _digits(noise >> np.uint64(24), alphabet=_CROCKFORD, width=8),
        _digits(low, alphabet=_CROCKFORD, width=8),
    )
    return ["".join(part) for part in zip(*parts, strict=True)]


def _scrambled(rows: npt.NDArray[np.integer], salt: int) -> npt.NDArray[np.uint64]:
    """Numbers that look unordered, one to one with the rows."""
    return rows.astype(np.uint64) * np.uint64(_ODD) + np.uint64(salt & _MASK)


def _digits(numbers: npt.NDArray[np.uint64], *, alphabet: str, width: int) -> list[str]:
    """Each number in the base of the alphabet, padded to ``width`` digits."""
    letters = np.frombuffer(alphabet.encode(), dtype=np.uint8)
    text = np.empty((len(numbers), width), dtype=np.uint8)
    base = np.uint64(len(alphabet))
    for column in range(width - 1, -1, -1):
        text[:, column] = letters[(numbers % base).astype(np.int64)]
        numbers = numbers // base
    return list(text.view(f"S{width}").ravel().astype(f"U{width}").tolist())
