"""What becomes of some profiles: merged into another, deleted, or redacted, at known instants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.days import DAY, HOUR, NEVER
from workbench.sandbox.shop.plan import ShopPlan, random_stream

__all__ = ["Fates", "drawn_fates", "no_fates"]

MERGED, DELETED, REDACTED = 0.01, 0.003, 0.003  # parts of all profiles
FEWEST = 3  # of each in a block that has room for them, so that a small shop shows some too
ROOM = 40  # profiles that a block has at least, if any of them meets a fate
CHAINED = 0.2  # of the merged, merged into one that is itself merged later
LONGEST_CHAIN = 2

_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Fates:
    """One row a profile.

    Attributes:
        merged_into: row of the profile it is merged into; -1 when it never is.
        merged_at: UTC second of that; NEVER when it never is.
        deleted_at: UTC second from which the profile is gone and its events have none.
        redacted_at: UTC second from which the profile has neither name nor address.
    """

    merged_into: npt.NDArray[np.int32]
    merged_at: _Ints
    deleted_at: _Ints
    redacted_at: _Ints

    @property
    def ends_at(self) -> _Ints:
        """UTC second at which the profile ceases to do anything in its own name."""
        return np.minimum(self.merged_at, np.minimum(self.deleted_at, self.redacted_at))

    def owner(self, now: int) -> npt.NDArray[np.int32]:
        """The profile that the events of each profile belong to at an instant; -1 when deleted."""
        rows = np.arange(len(self.merged_into), dtype=np.int32)
        for _ in range(LONGEST_CHAIN):
            rows = np.where(self.merged_at[rows] <= now, self.merged_into[rows], rows)
        return np.where(self.deleted_at[rows] <= now, -1, rows).astype(np.int32)

    def merged_finally(self) -> npt.NDArray[np.int32]:
        """The profile that each is part of once every merge has happened."""
        rows = np.arange(len(self.merged_into), dtype=np.int32)
        for _ in range(LONGEST_CHAIN):
            rows = np.where(self.merged_into[rows] >= 0, self.merged_into[rows], rows)
        return rows.astype(np.int32)

    def holder(self, profile: npt.NDArray[np.integer], at: _Ints) -> _Ints:
        """In whose name a person acts at each instant; -1 after deletion or redaction.

        Args:
            profile: row of the profile that the person began as; -1 stays -1.
            at: UTC second of each.
        """
        rows = profile.astype(np.int64)
        for _ in range(LONGEST_CHAIN):
            rows = np.where(
                (rows >= 0) & (self.merged_at[rows] <= at), self.merged_into[rows], rows
            )
        gone = np.minimum(self.deleted_at, self.redacted_at)
        return np.where((rows >= 0) & (gone[rows] <= at), -1, rows)


def no_fates(count: int) -> Fates:
    """Profiles that stay as they are."""
    never = np.full(count, NEVER, dtype=np.int64)
    return Fates(np.full(count, -1, dtype=np.int32), never, never.copy(), never.copy())


def drawn_fates(
    plan: ShopPlan, created: _Ints, *, since: int, until: int, end: int, block: int
) -> Fates:
    """Who is merged, deleted or redacted, and when.

    Of each fate, at least one falls between ``until`` and ``end``, where there is room, so that
    moving the clock on shows it. Profiles of one block are merged with each other only.

    Args:
        plan: the shop; ``fates_share`` scales how many there are.
        created: UTC second of each profile, ascending.
        since: UTC second at which the history begins.
        until: UTC second of the simulated now.
        end: UTC second at which the simulation ends.
        block: number of the block.
    """
    fates = no_fates(len(created))
    settled = int(np.searchsorted(created, until - 3 * DAY))
    if plan.fates_share == 0 or settled < ROOM:
        return fates
    rng = random_stream(plan, "fates", block=block)
    counts = [
        max(FEWEST, round(share * plan.fates_share * settled))
        for share in (MERGED, DELETED, REDACTED)
    ]
    ends = np.cumsum(counts)
    order = rng.permutation(settled)
    merged, deleted, redacted, others = np.split(order, ends)
    earliest = np.maximum(created, since)
    for rows, column in ((deleted, fates.deleted_at), (redacted, fates.redacted_at)):
        column[rows] = _instants(rng, earliest[rows], until=until, end=end)
    chained = np.arange(max(round(CHAINED * len(merged)), 1)) * 2
    into = rng.choice(others, len(merged))
    into[chained] = merged[chained + 1]
    merged_at = _instants(rng, np.maximum(earliest[merged], created[into]), until=until, end=end)
    # the middle of a chain is merged after its beginning
    merged_at[chained + 1] = np.maximum(merged_at[chained + 1], merged_at[chained] + HOUR)
    fates.merged_into[merged] = into
    fates.merged_at[merged] = merged_at
    return fates


def _instants(rng: np.random.Generator, earliest: _Ints, *, until: int, end: int) -> _Ints:
    """An instant after each of some others, the last of them after ``until``."""
    at = earliest + 1 + (rng.random(len(earliest)) * (until - earliest - 1)).astype(np.int64)
    if end > until + HOUR:
        at[-1] = rng.integers(until + HOUR, end)
    return at
