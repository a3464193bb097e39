"""What became of the profiles that are no longer what they were."""

from __future__ import annotations

import numpy as np
import pandas as pd

from workbench.sandbox.shop.build import Shop
from workbench.sandbox.shop.days import NEVER

__all__ = ["fates"]


def fates(shop: Shop, *, now: int) -> pd.DataFrame:
    """One row a profile that was merged, deleted or redacted by now, by the time of that.

    Columns:
        profile_id.
        fate: merged, deleted or redacted.
        at: UTC second.
        owner_id: the profile that its events belong to now; missing when that was deleted.

    Args:
        shop: the account.
        now: UTC second.
    """
    people, owner = shop.people, shop.people.fates.owner(now)
    parts = []
    for fate, at in (
        ("merged", people.merged_at),
        ("deleted", people.deleted_at),
        ("redacted", people.redacted_at),
    ):
        rows = np.flatnonzero((at < NEVER) & (at <= now))
        owners = [people.id_of(each) if each >= 0 else None for each in owner[rows].tolist()]
        columns = {"profile_id": people.ids[rows].astype(np.str_), "fate": fate, "at": at[rows]}
        parts.append(pd.DataFrame({**columns, "owner_id": pd.Series(owners, dtype=object)}))
    return pd.concat(parts).sort_values("at", ignore_index=True)
