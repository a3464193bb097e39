"""Who joins and leaves each list and segment, worked out from columns of one block of profiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop import campaigns
from workbench.sandbox.shop.days import DAY, NEVER
from workbench.sandbox.shop.events import EventLog, Events, Kind
from workbench.sandbox.shop.fates import LONGEST_CHAIN, Fates
from workbench.sandbox.shop.groups import (
    IMPORTED,
    NEWSLETTER,
    SMS,
    VIP,
    Basis,
    Group,
    Memberships,
)
from workbench.sandbox.shop.people import People

__all__ = ["Spells", "memberships", "noted_lists", "planned_members"]

_Ints = npt.NDArray[np.int64]
_Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Spells:
    """One row a stretch of time in which something holds of a profile: from ``start`` to ``end``.

    Attributes:
        profile: row of the profile.
        start: UTC second, the first in which it holds.
        end: UTC second, the first in which it no longer does.
    """

    profile: _Ints
    start: _Ints
    end: _Ints

    def where(self, kept: _Bools | _Ints) -> Spells:
        """The rows that a mask or an order of rows selects."""
        return Spells(self.profile[kept], self.start[kept], self.end[kept])

    def clipped(self, since: int) -> Spells:
        """Nothing before a second."""
        start = np.maximum(self.start, since)
        return Spells(self.profile, start, self.end).where(start < self.end)


def noted_lists(
    log: EventLog, people: People, groups: tuple[Group, ...], *, imported_at: int
) -> dict[int, Spells]:
    """Note consent given and taken back, joins and leaves; the spells in each list come back.

    Args:
        log: of the block; its unsubscribes and complaints are noted already.
        people: the profiles of the block.
        groups: of the shop.
        imported_at: UTC second of the import.
    """
    left_at = _left_at(log, people)
    returns = np.flatnonzero((left_at < NEVER) & (people.returns_at < NEVER))
    log.add(Kind.SUBSCRIBED, at=people.returns_at[returns], profile=returns)
    texts = np.flatnonzero(people.sms_at < NEVER)
    log.add(Kind.SUBSCRIBED_SMS, at=people.sms_at[texts], profile=texts)
    log.add(Kind.UNSUBSCRIBED_SMS, at=people.sms_leaves_at[texts], profile=texts)
    lists = _lists(people, left_at, returns, texts, imported_at=imported_at)
    for row, spells in lists.items():
        spells = lists[row] = spells.clipped(groups[row].created_at)
        log.add(Kind.SUBSCRIBED_TO_LIST, at=spells.start, profile=spells.profile, ref=row)
        leaves = spells.end < NEVER
        log.add(
            Kind.UNSUBSCRIBED_FROM_LIST,
            at=spells.end[leaves],
            profile=spells.profile[leaves],
            ref=row,
        )
    return lists


def _left_at(log: EventLog, people: People) -> _Ints:
    """When each profile unsubscribed or complained; NEVER when it did not."""
    left_at = np.full(len(people), NEVER, dtype=np.int64)
    for kind in (Kind.UNSUBSCRIBED, Kind.MARKED_SPAM):
        at, profile = log.noted(kind)
        np.minimum.at(left_at, profile, at)
    return left_at


def _lists(
    people: People, left_at: _Ints, returns: _Ints, texts: _Ints, *, imported_at: int
) -> dict[int, Spells]:
    """Who is in each list when; those who leave by e-mail leave all but the texts."""
    consents = np.flatnonzero(people.takes_email)
    imported = consents[people.method[consents] == 2]
    asked = np.flatnonzero(people.vip_at < NEVER)
    joined_at = np.where(people.method == 2, imported_at, people.created)
    again = Spells(returns, people.returns_at[returns], np.full(len(returns), NEVER))
    newsletter = _both(Spells(consents, joined_at[consents], left_at[consents]), again)
    stays = np.minimum(people.vip_leaves_at[asked], left_at[asked])
    return {
        NEWSLETTER: newsletter,
        SMS: Spells(texts, people.sms_at[texts], people.sms_leaves_at[texts]),
        VIP: Spells(asked, people.vip_at[asked], stays),
        IMPORTED: Spells(imported, joined_at[imported], left_at[imported]),
    }


def _both(first: Spells, second: Spells) -> Spells:
    names = ("profile", "start", "end")
    return Spells(*(np.concatenate((getattr(first, n), getattr(second, n))) for n in names))


def memberships(
    groups: tuple[Group, ...],
    people: People,
    events: Events,
    lists: dict[int, Spells],
    *,
    until: int,
) -> Memberships:
    """Every spell in every list and segment.

    Args:
        groups: of the shop.
        people: the profiles of one block.
        events: what happened to them.
        lists: spells in each list, by row of the group.
        until: UTC second at which the simulation ends; who would join later is left out.
    """
    parts = []
    for row, group in enumerate(groups):
        spells = lists[row] if group.is_list else _met(group, people, events)
        spells = _united(_handed_on(people.fates, spells)[0]).clipped(group.created_at)
        spells = spells.where(spells.start < min(group.closed_at, until))
        parts.append(spells.where(np.lexsort((spells.profile, spells.start))))
    lengths = [len(part.start) for part in parts]
    return Memberships(
        group=np.repeat(np.arange(len(parts), dtype=np.int16), lengths),
        profile=np.concatenate([part.profile for part in parts]).astype(np.int32),
        joined_at=np.concatenate([part.start for part in parts]),
        left_at=np.concatenate([part.end for part in parts]),
    )


def planned_members(people: People) -> Callable[[str, int], _Bools]:
    """Who is in a list, or held out, as far as that is known before anything is sent.

    Those whose time to leave has come count as gone, although they leave by the next e-mail only.

    Args:
        people: the profiles of one block.
    """
    every = np.arange(len(people))

    def members(name: str, at: int) -> _Bools:
        now = np.full(len(people), at)
        if name == campaigns.HOLDOUT:
            member = people.is_holdout
        elif name == campaigns.TEXT_LIST:
            member = people.takes("sms", every, now)
        else:
            member = people.takes("email", every, now)
        if name == campaigns.VIP:
            # one who comes back asks for the newsletter alone
            last_at = np.minimum(people.vip_leaves_at, people.leaves_at)
            member &= (people.vip_at <= at) & (at < last_at)
        return np.asarray(member & (people.created <= at))

    return members


def _met(group: Group, people: People, events: Events) -> Spells:
    """When each profile meets the rule of a segment."""
    if group.basis == Basis.HOLDOUT:
        held = np.flatnonzero(people.is_holdout)
        return Spells(held, people.created[held], np.full(len(held), NEVER))
    is_mail = group.basis == Basis.OPENED
    kinds = (Kind.OPENED_EMAIL, Kind.CLICKED_EMAIL) if is_mail else (Kind.PLACED_ORDER,)
    rows = np.flatnonzero(np.isin(events.kind, kinds) & (events.profile >= 0))
    at = events.at[rows]
    if group.basis == Basis.PERIOD:
        rows = rows[(at >= group.since) & (at < group.until)]
    elif group.basis == Basis.SPENT:
        rows = rows[events.currency[rows] == 0]
    at, seen_at = events.at[rows], np.maximum(events.at[rows], events.visible_at[rows])
    lasts = group.basis in {Basis.OPENED, Basis.BOUGHT, Basis.LAPSED}
    end = at + group.amount * DAY if lasts else np.full(len(rows), NEVER)
    spells, of = _handed_on(
        people.fates, Spells(events.profile[rows].astype(np.int64), seen_at, end)
    )
    if group.basis == Basis.LAPSED:
        return _gaps(_united(spells), people.fates.ends_at)
    if group.basis in {Basis.ORDERS, Basis.SPENT}:
        is_sum = group.basis == Basis.SPENT
        weight = events.value[rows] if is_sum else np.ones(len(rows), dtype=np.int64)
        return _reached(spells, weight[of], least=group.amount)
    return spells


def _handed_on(fates: Fates, spells: Spells) -> tuple[Spells, _Ints]:
    """Spells cut at the fate of their profile, and gone on in those it is merged into.

    The rows that each of them comes from are the second part.
    """
    parts, sources = [], []
    profile, start, of = spells.profile, spells.start, np.arange(len(spells.start))
    for _ in range(LONGEST_CHAIN + 1):
        end = np.minimum(spells.end[of], fates.ends_at[profile])
        lasts = start < end
        parts.append(Spells(profile, start, end).where(lasts))
        sources.append(of[lasts])
        on = np.flatnonzero(fates.merged_at[profile] < spells.end[of])
        start = np.maximum(start[on], fates.merged_at[profile[on]])
        profile, of = fates.merged_into[profile[on]].astype(np.int64), of[on]
    names = ("profile", "start", "end")
    whole = [np.concatenate([getattr(part, name) for part in parts]) for name in names]
    return Spells(*whole), np.concatenate(sources)


def _united(spells: Spells) -> Spells:
    """Spells of the same profile that overlap or touch made one, sorted by profile and time."""
    spells = spells.where(np.lexsort((spells.start, spells.profile)))
    base = spells.profile * (2 * NEVER)
    # of the spells of a profile so far, the latest end
    reach = np.maximum.accumulate(base + spells.end)
    is_first = np.ones(len(base), dtype=bool)
    is_first[1:] = base[1:] + spells.start[1:] > reach[:-1]
    first = np.flatnonzero(is_first)
    last = np.append(first[1:], len(base))[: len(first)] - 1
    return Spells(spells.profile[first], spells.start[first], reach[last] - base[last])


def _gaps(spells: Spells, ends_at: _Ints) -> Spells:
    """What lies between the spells of a profile, and behind the last of them.

    Args:
        spells: sorted by profile and time, none touching another.
        ends_at: UTC second at which each profile ceases to be.
    """
    end = ends_at[spells.profile].copy()
    same = np.flatnonzero(spells.profile[1:] == spells.profile[:-1])
    end[same] = spells.start[same + 1]
    return Spells(spells.profile, spells.end, end).where(spells.end < end)


def _reached(spells: Spells, weight: _Ints, *, least: int) -> Spells:
    """From when on the weights of a profile's spells, none of which ends early, add up to enough.

    Args:
        spells: in any order.
        weight: one a spell, none negative.
        least: what is enough.
    """
    order = np.lexsort((spells.start, spells.profile))
    spells, total = spells.where(order), np.cumsum(weight[order])
    is_first = np.ones(len(total), dtype=bool)
    is_first[1:] = spells.profile[1:] != spells.profile[:-1]
    before = np.maximum.accumulate(np.where(is_first, total - weight[order], 0))
    enough = np.flatnonzero(total - before >= least)
    _, first = np.unique(spells.profile[enough], return_index=True)
    return spells.where(enough[first])
