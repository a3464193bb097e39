"""Cursors on the wire: good for a while, as Klaviyo's are, then refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from workbench.sandbox.api.jsonapi import Refusal

__all__ = ["Cursors", "refuse_cursor"]

_PARTS = 10  # of a lifetime: cursors made within one part have the same age
_DIGITS = 10


class Cursors:
    """Stamps cursors with their age.

    Args:
        seconds: how long one is good for; the last tenth of it is not promised.
        clock: real seconds since 1970.
    """

    def __init__(self, *, seconds: float, clock: Callable[[], float]) -> None:
        self._part, self._clock = seconds / _PARTS, clock

    @property
    def age(self) -> int:
        """The part of time that cursors made now belong to."""
        return int(self._clock() // self._part)

    def stamped(self, cursor: str) -> str:
        """A cursor as a client gets it."""
        return f"{self.age:0{_DIGITS}x}{cursor}"

    def opened(self, text: str) -> str:
        """The cursor that a client gives back.

        Raises:
            Refusal: it is too old, or none of ours.
        """
        text = text.removeprefix("=")  # Klaviyo's own SDK leaves one there over http
        try:
            made = int(text[:_DIGITS], 16)
        except ValueError:
            refuse_cursor()
        if not 0 <= self.age - made < _PARTS or len(text) <= _DIGITS:
            refuse_cursor()
        return text[_DIGITS:]


def refuse_cursor() -> NoReturn:
    """Refuse a request because of its cursor."""
    raise Refusal.invalid("Invalid cursor provided.")
