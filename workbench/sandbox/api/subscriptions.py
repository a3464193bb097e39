"""What each profile agrees to at an instant, as its history of consent says."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from workbench.sandbox.api.account_bodies import instant
from workbench.sandbox.api.jsonapi import Body
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.shop.consent import METHODS
from workbench.sandbox.shop.events import Events, Flag, Kind
from workbench.sandbox.shop.groups import VIP

__all__ = ["REASONS", "Subscriptions"]

# the suppressions of the whole address; a profile has at most one, the latest
REASONS = ("UNSUBSCRIBE", "SPAM_COMPLAINT", "HARD_BOUNCE", "USER_SUPPRESSED")
LIST_REASON = "UNSUBSCRIBE"
_OF_EVENTS = {
    Kind.UNSUBSCRIBED: REASONS.index("UNSUBSCRIBE"),
    Kind.MARKED_SPAM: REASONS.index("SPAM_COMPLAINT"),
    Kind.BOUNCED_EMAIL: REASONS.index("HARD_BOUNCE"),
}

_Ints = npt.NDArray[np.int64]


class Subscriptions:
    """The consent of every profile of an account.

    A merge leaves the consent of the profile that stays as it was; redaction suppresses.

    Args:
        snapshot: the account at its instant.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._people = snapshot.shop.people

    @cached_property
    def suppressed(self) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float64]]:
        """Row of REASONS, -1 for none, and UTC second, NaN for none, of each profile."""
        events, people, now = self._snapshot.shop.events, self._people, self._snapshot.now
        reason = np.full(len(people), -1, dtype=np.int8)
        at = np.full(len(people), np.nan)
        rows = _suppressing(events, now)
        # rows are in time order: the last one stays
        reason[events.profile[rows]] = [_OF_EVENTS[Kind(kind)] for kind in events.kind[rows]]
        at[events.profile[rows]] = events.at[rows]
        is_back = (people.returns_at <= now) & (people.returns_at > at)
        redacted = people.redacted_at <= now
        reason = np.where(redacted, REASONS.index("USER_SUPPRESSED"), np.where(is_back, -1, reason))
        at = np.where(redacted, people.redacted_at, np.where(is_back, np.nan, at))
        return reason.astype(np.int8), at

    @cached_property
    def left_list_at(self) -> npt.NDArray[np.float64]:
        """When each profile left the list for early access by its own will; NaN when it did not."""
        left_at = self._people.vip_leaves_at
        return np.where(left_at <= self._snapshot.now, left_at, np.nan)

    @cached_property
    def returned(self) -> npt.NDArray[np.bool_]:
        """Who unsubscribed and takes e-mail again."""
        shop = self._snapshot.shop
        left = np.zeros(len(self._people), dtype=bool)
        left[shop.events.profile[shop.events.rows(Kind.UNSUBSCRIBED)]] = True
        return left & (self._people.returns_at <= self._snapshot.now)

    def body(self, row: int) -> Body:
        """The subscriptions of one profile."""
        return {
            "email": {"marketing": self._email(row)},
            "sms": self._sms(row),
            "mobile_push": {"marketing": self._push(row)},
        }

    def _email(self, row: int) -> Body:
        people, created = self._people, int(self._people.created[row])
        reason, at = (column[row] for column in self.suppressed)
        consents = bool(people.takes_email[row])
        has_left = consents and REASONS[reason] != "HARD_BOUNCE" if reason >= 0 else False
        since = int(at) if has_left else created
        if self.returned[row] and not has_left:
            since = int(people.returns_at[row])
        consent = "UNSUBSCRIBED" if has_left else "SUBSCRIBED" if consents else "NEVER_SUBSCRIBED"
        method = "PREFERENCE_PAGE" if self.returned[row] else METHODS[people.method[row]]
        last = since if reason < 0 else max(since, int(at))
        return {
            "can_receive_email_marketing": bool(reason < 0),
            "consent": consent,
            "consent_timestamp": instant(since) if consents else None,
            "last_updated": instant(last) if consents else None,
            "method": method if consents else None,
            "method_detail": "",
            "custom_method_detail": None,
            # those who were imported never confirmed
            "double_optin": METHODS[people.method[row]] != "IMPORT" if consents else None,
            "suppression": (
                [{"reason": REASONS[reason], "timestamp": instant(int(at))}] if reason >= 0 else []
            ),
            "list_suppressions": self._list_suppressions(row),
        }

    def _list_suppressions(self, row: int) -> list[Body]:
        if np.isnan(left_at := self.left_list_at[row]):
            return []
        return [
            {
                "list_id": self._snapshot.shop.groups[VIP].id,
                "reason": LIST_REASON,
                "timestamp": instant(int(left_at)),
            }
        ]

    def _sms(self, row: int) -> Body:
        people = self._people
        until = min(int(people.sms_leaves_at[row]), int(people.redacted_at[row]))
        since, now = int(people.sms_at[row]), self._snapshot.now
        consents, has_left = since <= now, until <= now and since <= now
        consent = "UNSUBSCRIBED" if has_left else "SUBSCRIBED" if consents else "NEVER_SUBSCRIBED"
        changed = instant(until if has_left else since) if consents else None
        shared = {
            "consent": consent,
            "consent_timestamp": changed,
            "method": "TEXT" if consents else None,
            "method_detail": "",
            "last_updated": changed,
        }
        takes = consents and not has_left
        return {
            "marketing": {"can_receive_sms_marketing": takes, **shared},
            "transactional": {"can_receive_sms_transactional": takes, **shared},
        }

    def _push(self, row: int) -> Body:
        people = self._people
        takes = bool(people.has_push[row] and people.redacted_at[row] > self._snapshot.now)
        return {
            "can_receive_push_marketing": takes,
            "consent": "SUBSCRIBED" if takes else "NEVER_SUBSCRIBED",
            "consent_timestamp": instant(int(people.created[row])) if takes else None,
        }


def _suppressing(events: Events, now: int) -> _Ints:
    """Rows of the visible events that suppress a profile."""
    rows = np.sort(np.concatenate([events.rows(kind) for kind in _OF_EVENTS]))
    rows = rows[events.profile[rows] >= 0]
    is_soft = (events.kind[rows] == Kind.BOUNCED_EMAIL) & (
        events.flags[rows] & Flag.HARD_BOUNCE == 0
    )
    return np.asarray(rows[~is_soft & (events.visible_at[rows] <= now)], dtype=np.int64)
