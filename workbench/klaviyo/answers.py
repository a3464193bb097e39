"""What stands in an answer: its JSON, Klaviyo's clock, what is left of the limit, when to return.

Any of these may be missing or not what it should be; then it is None, and nothing fails.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

__all__ = ["Left", "json_object", "left_of", "mended", "pause_of", "served_at_of"]

# NUL, and the half of a surrogate pair that a shop leaves when it cuts text inside an emoji: JSON
# spells both, PostgreSQL stores neither. The first alternatives step over what only looks like one.
_NO_CHARACTER = re.compile(
    rb"\\[^u]|\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(?P<found>\\u(?:0000|[dD][89a-fA-F]..))"
)
_WINDOW = re.compile(r"(\d+);w=(\d+)")
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Left:
    """What Klaviyo says of a quota's minute.

    Attributes:
        limit: requests that it holds.
        remaining: of these, those that nobody has used yet.
        reset: seconds until the next minute begins, rounded up.
    """

    limit: int
    remaining: int
    reset: int


def json_object(content: bytes) -> dict[str, Any]:
    """The JSON object of an answer; what is no character becomes U+FFFD.

    Raises:
        ValueError: the bytes are no JSON object.
    """
    if b"\\u0000" in content:
        content = mended(content)
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        body = orjson.loads(mended(content))
    if not isinstance(body, dict):
        raise ValueError("the JSON is no object")
    return body


def mended(content: bytes) -> bytes:
    """JSON with U+FFFD in place of what no database stores as a character."""
    return _NO_CHARACTER.sub(lambda m: rb"\ufffd" if m["found"] else m[0], content)


def served_at_of(headers: Mapping[str, str]) -> dt.datetime | None:
    """Klaviyo's clock when it answered, UTC."""
    return _instant(headers.get("Date", ""))


def pause_of(headers: Mapping[str, str]) -> float | None:
    """Seconds that Klaviyo wants to be left alone; a date is read against its own clock."""
    asked = headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdecimal():
        return float(asked)
    until, now = _instant(asked), served_at_of(headers)
    return max((until - now).total_seconds(), 0.0) if until and now else None


def left_of(headers: Mapping[str, str]) -> Left | None:
    """What is left of the minute, as the RateLimit headers say; a 429 has none of them.

    The limit is a number, or a number followed by every window's: ``3, 3;w=1, 60;w=60``. The first
    number is then the window that the other two headers mean.
    """
    limit = headers.get("RateLimit-Limit", "")
    windows = {int(length): int(most) for most, length in _WINDOW.findall(limit)}
    told = [_count(limit.partition(",")[0].partition(";")[0])]
    told += [_count(headers.get(f"RateLimit-{name}", "")) for name in ("Remaining", "Reset")]
    most, remaining, reset = told
    if most is None or remaining is None or reset is None or reset > _MINUTE:
        return None
    return Left(most, remaining, reset) if windows.get(_MINUTE, most) == most else None


def _count(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() else None


def _instant(text: str) -> dt.datetime | None:
    try:
        instant = email.utils.parsedate_to_datetime(text)
        return instant.replace(tzinfo=instant.tzinfo or dt.UTC).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
