"""Variations of a message that are tested against each other, and who is sent which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Variation", "drawn_variations"]

_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Variation:
    """One of the versions of a message; each is sent to an equal part of its recipients.

    Attributes:
        id: its id.
        message: row of the message.
        name: what the shop calls it.
        subject: its own subject line.
        appeal: factor on the chance to be read and clicked, in place of the message's own.
    """

    id: str
    message: int
    name: str
    subject: str
    appeal: float


def _first_variations(variations: Sequence[Variation], *, messages: int) -> tuple[_Ints, _Ints]:
    """Of each message, the row of its first variation, and how many it has.

    Args:
        variations: those of one message stand together.
        messages: how many messages there are.
    """
    owner = np.array([variation.message for variation in variations], dtype=np.int64)
    count = np.bincount(owner, minlength=messages)
    first = np.full(messages, -1)
    first[owner[::-1]] = np.arange(len(owner))[::-1]
    return first, count


def drawn_variations(
    rng: np.random.Generator, variations: Sequence[Variation], message: _Ints, *, messages: int
) -> _Ints:
    """The variation that each send is of, by chance; -1 where the message has none.

    Args:
        rng: where chance comes from.
        variations: those of one message stand together.
        message: row of the message of each send.
        messages: how many messages there are.
    """
    first, count = _first_variations(variations, messages=messages)
    offset = (rng.random(len(message)) * count[message]).astype(np.int64)
    return np.where(count[message] > 0, first[message] + offset, -1)
