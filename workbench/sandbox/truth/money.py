"""Money as it leaves the truth: exact decimals of whole smallest units."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.build import Shop

__all__ = ["decimals"]


def decimals(shop: Shop, units: npt.NDArray[np.int64]) -> list[Decimal]:
    """Amounts as decimals, of a shop's smallest units of money."""
    return [Decimal(each).scaleb(-shop.decimals) for each in units.tolist()]
