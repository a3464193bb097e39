"""Who agrees to what, when and how: consent to e-mail and text messages over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.days import DAY, HOUR, NEVER
from workbench.sandbox.shop.plan import ShopPlan, random_stream

__all__ = ["METHODS", "Consents", "drawn_consents"]

METHODS = ("FORM", "CHECKOUT", "IMPORT")
BY_FORM = 0.7  # of those who were not imported
IMPORTED = 0.35  # of those who were there before the import
RETURNS = 0.12  # of those who leave, after some months
TEXTS_LATER = 0.4  # of those who take texts, after they were created
VIP, VIP_LEAVES = 0.5, 0.1  # who ask for early access, and of those, who take it back
TEXT_YEARS = 4.0  # mean time until a reply says STOP

_Ints = npt.NDArray[np.int64]
_Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Consents:
    """One row a profile.

    Attributes:
        method: row of METHODS by which the profile consented.
        returns_at: UTC second from which one who left takes e-mail again; NEVER for most.
        sms_at: UTC second of the consent to text messages; NEVER without one.
        sms_leaves_at: UTC second at which that is taken back.
        vip_at: UTC second at which one who takes e-mail asks for early access; NEVER for others.
        vip_leaves_at: UTC second at which that is taken back; NEVER for most.
    """

    method: npt.NDArray[np.uint8]
    returns_at: _Ints
    sms_at: _Ints
    sms_leaves_at: _Ints
    vip_at: _Ints
    vip_leaves_at: _Ints


def drawn_consents(
    plan: ShopPlan,
    created: _Ints,
    leaves_at: _Ints,
    texts: _Bools,
    *,
    imported_before: int,
    block: int,
) -> Consents:
    """How each profile consents, returns and takes text messages.

    Args:
        plan: the shop.
        created: UTC second of each.
        leaves_at: UTC second after which each leaves at the next e-mail.
        texts: who ever takes text messages.
        imported_before: UTC second before which some were imported.
        block: number of the block.
    """
    rng = random_stream(plan, "consent", block=block)
    count = len(created)
    imported = (created < imported_before) & (rng.random(count) < IMPORTED)
    by_form = rng.random(count) < BY_FORM
    returns = rng.random(count) < RETURNS
    away = 45 * DAY + rng.exponential(80 * DAY, count).astype(np.int64)
    later = rng.random(count) < TEXTS_LATER
    wait = np.where(later, DAY + rng.exponential(150 * DAY, count).astype(np.int64), 60)
    stays = HOUR + rng.exponential(TEXT_YEARS * 365 * DAY, count).astype(np.int64)
    vip, leaves_vip = rng.random(count) < VIP, rng.random(count) < VIP_LEAVES
    vip_at = np.where(vip, created + rng.exponential(40 * DAY, count).astype(np.int64), NEVER)
    stays_vip = DAY + rng.exponential(200 * DAY, count).astype(np.int64)
    sms_at = np.where(texts, created + wait, NEVER)
    return Consents(
        method=np.where(imported, 2, np.where(by_form, 0, 1)).astype(np.uint8),
        returns_at=np.where(returns, leaves_at + away, NEVER),
        sms_at=sms_at,
        sms_leaves_at=np.where(texts, sms_at + stays, NEVER),
        vip_at=vip_at,
        vip_leaves_at=np.where(leaves_vip, vip_at + stays_vip, NEVER),
    )
