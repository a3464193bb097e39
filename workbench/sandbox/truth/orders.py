"""Orders: what each was worth, what became of it, what caused it and what it is credited to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.periods import DateRange
from workbench.sandbox.shop.build import Shop
from workbench.sandbox.shop.events import Kind
from workbench.sandbox.truth.money import decimals

__all__ = ["orders", "revenue_by_currency"]

_Ints = npt.NDArray[np.int64]


def orders(shop: Shop, *, now: int) -> pd.DataFrame:
    """One row a visible order of the metric mapped to revenue, by time.

    Columns:
        number: the shop's own.
        placed_at: UTC.
        profile_id: whose it was when placed; missing when nobody is known.
        value: Decimal, in ``currency``.
        currency: ISO 4217.
        refunded: Decimal, what came back so far.
        is_cancelled: called off so far.
        fulfilled_at: UTC; missing while it is not sent.
        cause_message_id: the message without which it would not have been placed; missing when it
            would have been.
        cause_row: row of that message's receipt among the events, or -1.
        credited_message_id: the message that it is credited to, or missing.

    Args:
        shop: the account.
        now: UTC second.
    """
    events = shop.events
    rows = _visible(shop, Kind.PLACED_ORDER, now=now)
    cause, touch = events.caused_by[rows], events.touch[rows]
    refunded = np.zeros(len(shop.orders.number), dtype=np.int64)
    refunds = _visible(shop, Kind.REFUNDED_ORDER, now=now)
    np.add.at(refunded, events.ref[refunds], events.value[refunds])
    cancelled = events.ref[_visible(shop, Kind.CANCELLED_ORDER, now=now)]
    fulfilled_at = np.full(len(shop.orders.number), np.datetime64("NaT"), dtype="datetime64[s]")
    fulfilled = _visible(shop, Kind.FULFILLED_ORDER, now=now)
    fulfilled_at[events.ref[fulfilled]] = events.at[fulfilled].astype("datetime64[s]")
    ref = events.ref[rows]
    return pd.DataFrame(
        {
            "number": shop.orders.number[ref].astype(np.str_),
            "placed_at": events.at[rows].astype("datetime64[s]"),
            "profile_id": _profile_ids(shop, events.profile[rows]),
            "value": decimals(shop, events.value[rows]),
            "currency": np.array(shop.currencies)[events.currency[rows]],
            "refunded": decimals(shop, refunded[ref]),
            "is_cancelled": np.isin(ref, cancelled),
            "fulfilled_at": fulfilled_at[ref],
            "cause_message_id": _message_ids(shop, cause),
            "cause_row": cause,
            "credited_message_id": _message_ids(shop, touch),
        }
    )


def revenue_by_currency(shop: Shop, days: DateRange, *, now: int) -> pd.DataFrame:
    """One row a currency of the shop: currency, orders, revenue (Decimal) of some account days."""
    events = shop.events
    since, until = (int(each.timestamp()) for each in days.instants(shop.account.timezone))
    rows = _visible(shop, Kind.PLACED_ORDER, now=now)
    rows = rows[(events.at[rows] >= since) & (events.at[rows] < until)]
    value = np.zeros(len(shop.currencies), dtype=np.int64)
    np.add.at(value, events.currency[rows], events.value[rows])
    return pd.DataFrame(
        {
            "currency": shop.currencies,
            "orders": np.bincount(events.currency[rows], minlength=len(value)),
            "revenue": decimals(shop, value),
        }
    )


def _visible(shop: Shop, kind: Kind, *, now: int) -> _Ints:
    rows = shop.events.rows(kind)
    return rows[shop.events.visible_at[rows] <= now]


def _message_ids(shop: Shop, rows: npt.NDArray[np.int32]) -> list[str | None]:
    """The message of each event row; None for -1."""
    messages = np.where(rows >= 0, shop.events.message[rows], -1).tolist()
    return [shop.catalogue.messages[each].id if each >= 0 else None for each in messages]


def _profile_ids(shop: Shop, rows: npt.NDArray[np.int32]) -> list[str | None]:
    ids = np.asarray(shop.people.ids)[rows].astype(np.str_).tolist()
    return [each if row >= 0 else None for each, row in zip(ids, rows.tolist(), strict=True)]
