"""Lists and segments: which there are, what makes a member, and since when each profile is one.

A segment holds those who meet its rule as far as the account can see: an event that shows late
counts from the second on that it shows. A merge hands what a profile did on to the other profile,
whose memberships then follow from both.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop import campaigns
from workbench.sandbox.shop.days import DAY, NEVER, AccountDays
from workbench.sandbox.shop.ids import short_ids
from workbench.sandbox.shop.people import imported_at
from workbench.sandbox.shop.plan import ShopPlan

__all__ = [
    "IMPORTED",
    "NEWSLETTER",
    "SMS",
    "VIP",
    "Basis",
    "Group",
    "Memberships",
    "membership_counts",
    "no_memberships",
    "simulated_groups",
]

_Ints = npt.NDArray[np.int64]

# rows of the lists
NEWSLETTER, SMS, VIP, IMPORTED = range(4)


class Basis(StrEnum):
    """What makes a profile a member; ``Group.amount`` says of how much."""

    LIST = "list"  # it joined and did not leave
    OPENED = "opened"  # an e-mail opened or clicked in the last days
    BOUGHT = "bought"  # an order in the last days
    ORDERS = "orders"  # at least so many orders, over all time
    SPENT = "spent"  # orders of at least so much, in the smallest unit of the account's currency
    LAPSED = "lapsed"  # ordered once, and not in the last days
    PERIOD = "period"  # an order from ``since`` to before ``until``
    HOLDOUT = "holdout"  # the profile is kept out of campaigns


@dataclass(frozen=True, slots=True)
class Group:
    """A list or a segment.

    Attributes:
        id: its id.
        name: its name.
        basis: what makes a member.
        created_at: UTC second.
        amount: days, orders or money, as the basis says.
        is_double_opt_in: whether those who join a list confirm that they want to.
        since: UTC second at which the period of PERIOD begins.
        until: UTC second at which it ends.
        closed_at: UTC second from which a segment is inactive and takes nobody in; NEVER for most.
        is_starred: marked as important.
    """

    id: str
    name: str
    basis: Basis
    created_at: int
    amount: int = 0
    is_double_opt_in: bool = False
    since: int = 0
    until: int = 0
    closed_at: int = NEVER
    is_starred: bool = False

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return self.basis == Basis.LIST


@dataclass(frozen=True, slots=True)
class Memberships:
    """One row a spell that a profile spends in a group, sorted by group, then ``joined_at``.

    Spells of one profile in one group do not touch each other.

    Attributes:
        group: row of the group.
        profile: row of the profile.
        joined_at: UTC second.
        left_at: UTC second; NEVER when the simulation ends before.
    """

    group: npt.NDArray[np.int16]
    profile: npt.NDArray[np.int32]
    joined_at: _Ints
    left_at: _Ints

    def __len__(self) -> int:
        return len(self.group)

    def of(self, group: int) -> slice:
        """Where the rows of a group are."""
        first, end = np.searchsorted(self.group, [group, group + 1])
        return slice(int(first), int(end))


def no_memberships() -> Memberships:
    """Nobody in any group."""
    nothing = np.empty(0, dtype=np.int64)
    return Memberships(nothing.astype(np.int16), nothing.astype(np.int32), nothing, nothing)


def membership_counts(
    memberships: Memberships, group: int, edges: _Ints
) -> tuple[_Ints, _Ints, _Ints]:
    """How many joined and left in each bucket, and how many there were at its end.

    Args:
        memberships: of the shop.
        group: row of the group.
        edges: UTC seconds, ascending, one more than there are buckets.
    """
    rows = memberships.of(group)
    joined = np.searchsorted(memberships.joined_at[rows], edges)
    left = np.searchsorted(np.sort(memberships.left_at[rows]), edges)
    return np.diff(joined), np.diff(left), (joined - left)[1:]


def simulated_groups(plan: ShopPlan, days: AccountDays, *, since: int) -> tuple[Group, ...]:
    """The lists, then the segments of a shop; the last one is made after the simulated now.

    Args:
        plan: the shop.
        days: every simulated day.
        since: UTC second at which the history begins.
    """
    early, length = int(days.starts[0]) - DAY, plan.days * DAY
    named = (
        (campaigns.EVERYBODY, Basis.LIST, early, 0),
        (campaigns.TEXT_LIST, Basis.LIST, early, 0),
        (campaigns.VIP, Basis.LIST, early, 0),
        ("Imported contacts", Basis.LIST, imported_at(days) - 600, 0),
        ("Engaged 30 days", Basis.OPENED, since - 30 * DAY, 30),
        ("Engaged 90 days", Basis.OPENED, since - 30 * DAY, 90),
        ("Customers", Basis.ORDERS, since - 29 * DAY, 1),
        ("Repeat customers", Basis.ORDERS, since - 29 * DAY, 2),
        ("Lapsed customers", Basis.LAPSED, since + length // 10, 180),
        ("VIP customers", Basis.SPENT, since + length // 3, 50_000),
        (campaigns.HOLDOUT, Basis.HOLDOUT, early, 0),
        ("First-season customers", Basis.PERIOD, since + length // 5, 0),
        ("Buyers 60 days", Basis.BOUGHT, since + length + min(plan.tail_days, 3) * DAY, 60),
    )
    ids = short_ids(len(named), seed=plan.seed, kind="group")
    period = {"since": since, "until": since + length // 4, "closed_at": since + length // 2}
    return tuple(
        Group(
            ids[row],
            name,
            basis,
            created_at,
            amount,
            is_double_opt_in=row == NEWSLETTER,
            is_starred=basis in {Basis.SPENT, Basis.HOLDOUT},
            **(period if basis == Basis.PERIOD else {}),
        )
        for row, (name, basis, created_at, amount) in enumerate(named)
    )
