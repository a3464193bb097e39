"""Bodies on the wire: compressed for clients that accept it, as Klaviyo's are."""

from __future__ import annotations

import gzip

__all__ = ["accepts_gzip", "gzipped", "is_worth_gzip"]

_SMALL = 1_400  # bytes; it fits into one packet as it is
_LEVEL = 1  # pages are made on request: the fastest level, not the smallest page


def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding header allows gzip.

    >>> accepts_gzip("deflate, gzip;q=0.5"), accepts_gzip("gzip;q=0"), accepts_gzip("identity")
    (True, False, False)
    """
    for word in header.split(","):
        name, _, quality = word.replace(" ", "").partition(";q=")
        if name.lower() in {"gzip", "*"}:
            return quality.strip("0.") != "" if quality else True
    return False


def is_worth_gzip(body: bytes) -> bool:
    """Whether a body is large enough to be compressed."""
    return len(body) > _SMALL


def gzipped(body: bytes) -> bytes:
    """A body compressed; the same body gives the same bytes."""
    return gzip.compress(body, _LEVEL, mtime=0)
