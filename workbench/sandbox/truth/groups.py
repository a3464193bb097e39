"""Who is in which list and segment at any instant, counted spell by spell."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.errors import InputInvalid
from workbench.sandbox.shop.build import Shop

__all__ = ["group_days", "group_members"]


def group_members(shop: Shop, group_id: str, *, now: int) -> pd.DataFrame:
    """One row a member: profile_id, joined_at (UTC second); by the time of joining.

    Args:
        shop: the account.
        group_id: id of a list or segment.
        now: UTC second; members at that instant, whatever becomes of them later.

    Raises:
        InputInvalid: the account has no such group.
    """
    spells = _spells(shop, group_id)
    inside = spells[(spells["joined_at"] <= now) & (spells["left_at"] > now)]
    names = shop.people.ids[inside["profile"]].astype(np.str_)
    return pd.DataFrame({"profile_id": names, "joined_at": inside["joined_at"].to_numpy()})


def group_days(shop: Shop, group_id: str, *, now: int) -> pd.DataFrame:
    """One row an account day that has begun: ds, added, removed, and total at its end, or by now.

    The same profile may be added and removed several times. One that is merged, deleted or redacted
    is removed; the one it is merged into is added unless it was there already.

    Args:
        shop: the account.
        group_id: id of a list or segment.
        now: UTC second; what happens later is not counted.

    Raises:
        InputInvalid: the account has no such group.
    """
    spells, days = _spells(shop, group_id), shop.days
    last = int(days.index(np.array([now]))[0])
    # those who joined before the first day are there when it begins
    added = _by_day(spells["joined_at"][spells["joined_at"] <= now], shop, last)
    removed = _by_day(spells["left_at"][spells["left_at"] <= now], shop, last)
    before = int((spells["joined_at"] < days.starts[0]).sum())
    return pd.DataFrame(
        {
            "ds": [days.date(index) for index in range(last + 1)],
            "added": added,
            "removed": removed,
            "total": before + np.cumsum(added - removed),
        }
    )


def _spells(shop: Shop, group_id: str) -> pd.DataFrame:
    rows = {group.id: row for row, group in enumerate(shop.groups)}
    if group_id not in rows:
        raise InputInvalid(
            f"the account has no list or segment {group_id!r}",
            hint=f"one of {', '.join(rows)}",
        )
    row, all_spells = rows[group_id], shop.memberships
    mine = all_spells.group == row
    return pd.DataFrame(
        {
            "profile": all_spells.profile[mine],
            "joined_at": all_spells.joined_at[mine],
            "left_at": all_spells.left_at[mine],
        }
    )


def _by_day(at: pd.Series, shop: Shop, last: int) -> npt.NDArray[np.int64]:
    day = shop.days.index(at.to_numpy())
    return np.bincount(day[(day >= 0) & (day <= last)], minlength=last + 1)
