"""Accounts as a collection."""

from __future__ import annotations

import numpy as np

from workbench.sandbox.api.account_bodies import account_body
from workbench.sandbox.api.collections import Collection, nothing
from workbench.sandbox.api.snapshot import Snapshot

__all__ = ["accounts"]


def accounts(snapshot: Snapshot) -> Collection:
    """The one account."""
    shop = snapshot.shop
    return Collection(
        rows=np.arange(1),
        row_of={shop.account.id: 0}.get,
        bodies=lambda rows, ask: [account_body(shop, base=ask.base) for _ in rows],
        included=nothing,
        fields={},
    )
