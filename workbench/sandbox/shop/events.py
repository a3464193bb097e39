"""Every event of a shop as columns, and the log in which the generator writes them.

The generator notes events in any order and gets a number for each, with which later events point
at earlier ones (an open at its receipt). Closing the log sorts by time and turns those numbers into
rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.days import NEVER
from workbench.sandbox.shop.fates import Fates

__all__ = ["ORDER_KINDS", "POINTERS", "EventLog", "Events", "Flag", "Kind"]

_Ints = npt.NDArray[np.int64]


class Kind(IntEnum):
    """What happened; the position of its metric in ``Shop.metrics``."""

    RECEIVED_EMAIL = 0
    OPENED_EMAIL = 1
    CLICKED_EMAIL = 2
    BOUNCED_EMAIL = 3
    UNSUBSCRIBED = 4
    MARKED_SPAM = 5
    SUBSCRIBED = 6
    RECEIVED_SMS = 7
    CLICKED_SMS = 8
    PLACED_ORDER = 9
    ORDERED_PRODUCT = 10
    STARTED_CHECKOUT = 11
    VIEWED_PRODUCT = 12
    ACTIVE_ON_SITE = 13
    REFUNDED_ORDER = 14
    CANCELLED_ORDER = 15
    OLD_SHOP_ORDER = 16
    RECEIVED_PUSH = 17
    OPENED_PUSH = 18
    FAILED_SMS = 19
    SUBSCRIBED_SMS = 20
    UNSUBSCRIBED_SMS = 21
    SUBSCRIBED_TO_LIST = 22
    UNSUBSCRIBED_FROM_LIST = 23
    VIEWED_FORM = 24
    SUBMITTED_FORM = 25
    CLOSED_FORM = 26
    FULFILLED_ORDER = 27


class Flag(IntEnum):
    """Bits of ``Events.flags``."""

    APPLE_PRIVACY = 1
    MACHINE = 2
    BOT = 4
    HARD_BOUNCE = 8
    SECOND_STEP = 16  # a form's second step was submitted as well as its first


@dataclass(frozen=True, slots=True)
class Events:
    """One row an event, sorted by time; -1 in a column that points means nothing.

    Attributes:
        at: when it happened, UTC second.
        visible_at: when the API begins to show it, UTC second.
        kind: a Kind.
        profile: row of the profile.
        message: row of the message it belongs to.
        send_at: when that message was sent, UTC second; 0 without a message.
        receipt: row of the receipt that an open, click, unsubscribe or complaint answers.
        touch: row of the open, click or receipt that an order is attributed to.
        caused_by: row of the receipt without which the order would not have happened.
        value: money in the shop's smallest unit.
        ref: an order, an order line, a product, a list or a form version, as the kind says.
        flags: bits of Flag.
        variation: row of the variation of the message, -1 where it has none.
        currency: row of the shop's currencies; 0 is the account's own.
    """

    at: _Ints
    visible_at: _Ints
    kind: npt.NDArray[np.uint8]
    profile: npt.NDArray[np.int32]
    message: npt.NDArray[np.int32]
    send_at: _Ints
    receipt: npt.NDArray[np.int32]
    touch: npt.NDArray[np.int32]
    caused_by: npt.NDArray[np.int32]
    value: _Ints
    ref: npt.NDArray[np.int32]
    flags: npt.NDArray[np.uint8]
    variation: npt.NDArray[np.int16]
    currency: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.at)

    def rows(self, kind: Kind) -> _Ints:
        """Rows of one kind, in time order."""
        return np.flatnonzero(self.kind == kind)


_DTYPES: dict[str, type[np.integer]] = {
    "at": np.int64,
    "visible_at": np.int64,
    "kind": np.uint8,
    "profile": np.int32,
    "message": np.int32,
    "send_at": np.int64,
    "receipt": np.int32,
    "touch": np.int32,
    "caused_by": np.int32,
    "value": np.int64,
    "ref": np.int32,
    "flags": np.uint8,
    "variation": np.int16,
    "currency": np.uint8,
}
_DEFAULTS = {
    "profile": -1,
    "variation": -1,
    "message": -1,
    "receipt": -1,
    "touch": -1,
    "caused_by": -1,
    "ref": -1,
}
# what a person says about one profile is not handed on to the one it is merged into
_OWN_WILL = (
    Kind.SUBSCRIBED,
    Kind.UNSUBSCRIBED,
    Kind.MARKED_SPAM,
    Kind.SUBSCRIBED_SMS,
    Kind.UNSUBSCRIBED_SMS,
    Kind.SUBSCRIBED_TO_LIST,
    Kind.UNSUBSCRIBED_FROM_LIST,
)
POINTERS = ("receipt", "touch", "caused_by")
ORDER_KINDS = (  # their ``ref`` is an order
    Kind.PLACED_ORDER,
    Kind.REFUNDED_ORDER,
    Kind.CANCELLED_ORDER,
    Kind.OLD_SHOP_ORDER,
    Kind.FULFILLED_ORDER,
)


class EventLog:
    """Events in the order the generator thinks of them."""

    def __init__(self) -> None:
        self._parts: list[dict[str, npt.NDArray[np.integer]]] = []
        self._length = 0

    def add(self, kind: Kind, *, at: _Ints, **columns: npt.ArrayLike) -> _Ints:
        """Note events of one kind; their numbers come back, for later events to point at."""
        given: dict[str, npt.ArrayLike] = {"visible_at": at, **columns, "at": at, "kind": kind}
        self._parts.append(
            {
                name: np.broadcast_to(
                    np.asarray(given.get(name, _DEFAULTS.get(name, 0)), dtype=dtype), len(at)
                )
                for name, dtype in _DTYPES.items()
            }
        )
        self._length += len(at)
        return np.arange(self._length - len(at), self._length)

    def noted(self, kind: Kind) -> tuple[_Ints, _Ints]:
        """When the events of one kind noted so far happen, and to whom."""
        parts = [part for part in self._parts if len(part["kind"]) and part["kind"][0] == kind]
        empty = [np.empty(0, dtype=np.int64)]
        at, profile = ([part[name] for part in parts] or empty for name in ("at", "profile"))
        return np.concatenate(at).astype(np.int64), np.concatenate(profile).astype(np.int64)

    def hand_on(self, fates: Fates) -> None:
        """Give what is noted to those in whose name it happens by then; drop what nobody does."""
        for part in self._parts:
            begins = np.minimum(part["at"], part["visible_at"])
            holder = fates.holder(part["profile"], begins)
            gone = (part["profile"] >= 0) & (holder < 0)
            gone |= np.isin(part["kind"], _OWN_WILL) & (holder != part["profile"])
            part["profile"] = holder.astype(np.int32)
            part["visible_at"] = np.where(gone, NEVER, part["visible_at"])

    def events(self, *, since: int, until: int) -> Events:
        """The events visible from ``since`` to before ``until`` (UTC seconds), sorted by time."""
        columns = {name: np.concatenate([part[name] for part in self._parts]) for name in _DTYPES}
        kept = (columns["visible_at"] >= since) & (columns["visible_at"] < until)
        order = np.flatnonzero(kept)
        order = order[np.argsort(columns["at"][order], kind="stable")]
        rows = np.full(self._length + 1, -1)  # the extra place answers for -1
        rows[order] = np.arange(len(order))
        for name in POINTERS:
            columns[name] = rows[columns[name]].astype(np.int32)
        return Events(**{name: columns[name][order] for name in _DTYPES})
