"""What identifies a person, taken out of everything that a sync has stored.

Klaviyo replaces the address of a person who asks to be forgotten, or deletes the profile. What was
known of the person is looked up in the profile's row before that goes: the same words may stand in
the payloads of its events, in earlier versions of them, and in quarantine. Words that Klaviyo
itself goes on serving in an event come back when that event is read again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from workbench.db import statement
from workbench.sync.run import Run

__all__ = ["forget_people", "without"]

_REDACTED = "redacted"
# a string, and the colon behind it where it is a name; or a number as long as that of a phone
_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|(?<![\w.])\d{7,15}(?![\w.])')
_PHONE = re.compile(r"[\d\s()+./-]+")
_SHORTEST = 7  # digits of a number
_NAMES = ("first_name", "last_name")
_WHERE = ("address1", "address2", "ip")
_STORED = {
    "events": ("event", ("metric_id", "occurred_at", "event_id")),
    "versions": ("event_version", ("metric_id", "occurred_at", "event_id", "seen_until")),
}


def forget_people(run: Run) -> int:
    """Forget everyone whom Klaviyo has redacted or deleted; returns how many that were."""
    with run.database.connection() as connection:
        people = connection.execute(
            statement("reads/sync/people_to_forget"), {"account_id": run.account_id}
        ).fetchall()
    for profile_ids, personal in people:
        _forget(run, profile_ids, personal)
    return len(people)


def _forget(run: Run, profile_ids: list[str], personal: list[Mapping[str, Any]]) -> None:
    """Forget one person in one transaction: what leads to the words goes with the words."""
    words = sorted({word for said in personal for word in _words(said)}, key=len, reverse=True)
    redact = without(words)
    key = {
        "account_id": run.account_id,
        "profile_ids": profile_ids,
        "texts": [orjson.dumps(word).decode()[1:-1].lower() for word in words],
    }
    with run.database.connection() as connection, connection.cursor() as cursor:
        for read, (write, columns) in _STORED.items():
            _rewrite(cursor, f"payloads_of_{read}", f"redact_{write}", columns, key, redact)
        columns = ("stream", "item_id")
        _rewrite(cursor, "payloads_in_quarantine", "redact_quarantine", columns, key, redact)
        cursor.execute(statement("writes/sync/forget_person"), key)


def _rewrite(
    cursor: Any,
    read: str,
    write: str,
    columns: Iterable[str],
    key: Mapping[str, Any],
    redact: Callable[[str], str],
) -> None:
    cursor.execute(statement(f"reads/sync/{read}"), key)
    changed = []
    for *place, payload in cursor.fetchall():
        redacted = redact(payload)
        if redacted != payload:
            named = dict(zip(columns, place, strict=True))
            changed.append({"account_id": key["account_id"], **named, "payload": redacted})
    cursor.executemany(statement(f"writes/sync/{write}"), changed)


def _words(said: Mapping[str, Any]) -> Iterable[str]:
    """What identifies a person, of the attributes of a profile."""
    location = said.get("location") or {}
    found = [said.get("email"), said.get("phone_number"), *(said.get(name) for name in _NAMES)]
    found += [location.get(name) for name in _WHERE]
    return (word for word in found if isinstance(word, str) and len(word) > 1)


def without(words: Iterable[str]) -> Callable[[str], str]:
    """A function that takes words out of the values of a JSON text, and leaves the rest as it is.

    Words are found in any case, but not as part of a longer word. A number of a phone is also found
    written in another way, and without its country.

    >>> without(["Ann", "+12125550100"])('{"To": "Ann Lee, Annual", "Tel": "(212) 555-0100"}')
    '{"To": "redacted Lee, Annual", "Tel": "redacted"}'
    """
    listed = list(words)
    if not listed:
        return lambda text: text
    longest_first = sorted(listed, key=len, reverse=True)
    either = "|".join(re.escape(word) for word in longest_first)
    pattern = re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)
    numbers = [re.sub(r"\D", "", word) for word in listed if word.startswith("+")]

    def is_number(text: str) -> bool:
        if not _PHONE.fullmatch(text):
            return False
        digits = re.sub(r"\D", "", text).lstrip("0")
        return len(digits) >= _SHORTEST and any(number.endswith(digits) for number in numbers)

    def replaced(found: re.Match[str]) -> str:
        token, colon = found[1], found[2]
        if token is None:
            return f'"{_REDACTED}"' if is_number(found[0]) else found[0]
        if colon:
            return found[0]
        value = orjson.loads(token)
        if is_number(value):
            return f'"{_REDACTED}"'
        redacted = pattern.sub(_REDACTED, value)
        return token if redacted == value else orjson.dumps(redacted).decode()

    return lambda text: _TOKEN.sub(replaced, text)
