"""What messages did: how their variations differ, what they caused, what they are credited with.

A person is a profile together with those merged into it, up to the simulated instant. Money is in
the account's currency: orders in another count, and their value does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.periods import DateRange
from workbench.sandbox.shop.build import Shop
from workbench.sandbox.shop.days import NEVER
from workbench.sandbox.shop.events import Flag, Kind
from workbench.sandbox.truth.money import decimals

__all__ = ["attribution", "lift", "unique_opens", "variations"]

_RECEIVED = (Kind.RECEIVED_EMAIL, Kind.RECEIVED_SMS, Kind.RECEIVED_PUSH)
_OPENED = (Kind.OPENED_EMAIL, Kind.OPENED_PUSH)
_CLICKED = (Kind.CLICKED_EMAIL, Kind.CLICKED_SMS)

_Ints = npt.NDArray[np.int64]
_Bools = npt.NDArray[np.bool_]


def variations(shop: Shop, *, now: int) -> pd.DataFrame:
    """One row a variation, in the order of the catalogue; those of one message stand together.

    Columns:
        variation_id: its id.
        message_id: that of its message.
        name: its name.
        sends: receipts so far.
        opened: receipts that were opened, by people or machines.
        read: receipts that were opened by a person, as far as an open shows it.
        clicked: receipts that were clicked, by people or bots.
        caused_orders: orders that would not have been placed without it.
        appeal: planted factor on the chance to be read and clicked.
        planted_ratio: that factor over the one of the message's first variation.

    Args:
        shop: the account.
        now: UTC second.
    """
    catalogue, events = shop.catalogue, shop.events
    every = catalogue.variations
    answers = {
        "opened": _receipts(shop, _rows(shop, _OPENED, now), now),
        "read": _receipts(shop, _rows(shop, _OPENED, now, without=Flag.MACHINE), now),
        "clicked": _receipts(shop, _rows(shop, _CLICKED, now), now),
    }
    placed = _rows(shop, (Kind.PLACED_ORDER,), now)
    caused = events.caused_by[placed]
    counts: dict[str, _Ints] = {
        "sends": _rows(shop, _RECEIVED, now),
        **answers,
        "caused_orders": caused[caused >= 0].astype(np.int64),
    }
    first = [catalogue.variations_of(each.message)[0] for each in every]
    return pd.DataFrame(
        {
            "variation_id": [each.id for each in every],
            "message_id": [catalogue.messages[each.message].id for each in every],
            "name": [each.name for each in every],
            **{name: _by(events.variation[rows], len(every)) for name, rows in counts.items()},
            "appeal": [each.appeal for each in every],
            "planted_ratio": [
                each.appeal / every[row].appeal for each, row in zip(every, first, strict=True)
            ],
        }
    )


def unique_opens(shop: Shop, *, now: int) -> pd.DataFrame:
    """One row an e-mail or push message that was received: who opened it, by three definitions.

    Columns:
        message_id: its id.
        delivered: persons who received it.
        opened: of those, who opened it, or a machine did in their name.
        read: of those, who opened it themselves, as far as an open shows it.
        only_machines: of those, in whose name machines alone opened it.

    Args:
        shop: the account.
        now: UTC second.
    """
    count = len(shop.catalogue.messages)
    delivered = _pairs(shop, _rows(shop, (Kind.RECEIVED_EMAIL, Kind.RECEIVED_PUSH), now), now)
    opened = _pairs(shop, _receipts(shop, _rows(shop, _OPENED, now), now), now)
    read = _pairs(shop, _receipts(shop, _rows(shop, _OPENED, now, without=Flag.MACHINE), now), now)
    sides = {
        "delivered": delivered,
        "opened": opened,
        "read": read,
        "only_machines": np.setdiff1d(opened, read),
    }
    people = len(shop.people)
    frame = pd.DataFrame({name: _by(pairs // people, count) for name, pairs in sides.items()})
    frame.insert(0, "message_id", [message.id for message in shop.catalogue.messages])
    return frame[frame["delivered"] > 0].reset_index(drop=True)


def attribution(shop: Shop, *, now: int) -> pd.DataFrame:
    """One row a message with an order: what it is credited with against what it caused.

    Columns:
        message_id: its id.
        credited_orders: orders whose last touch it is.
        credited_revenue: their value, Decimal.
        caused_orders: orders that would not have been placed without it.
        caused_revenue: their value, Decimal.
        both: orders that it caused and is credited with.

    Args:
        shop: the account.
        now: UTC second.
    """
    events, messages = shop.events, shop.catalogue.messages
    orders = _rows(shop, (Kind.PLACED_ORDER,), now)
    value = np.where(events.currency[orders] == 0, events.value[orders], 0)
    touched, caused = (
        np.where(rows >= 0, events.message[rows], -1)
        for rows in (events.touch[orders], events.caused_by[orders])
    )
    frame = pd.DataFrame({"message_id": [message.id for message in messages]})
    for name, message in (("credited", touched), ("caused", caused)):
        frame[f"{name}_orders"] = _by(message, len(messages))
        earned = decimals(shop, _by(message, len(messages), value))
        frame[f"{name}_revenue"] = pd.Series(earned, dtype=object)
    frame["both"] = _by(np.where(touched == caused, touched, -1), len(messages))
    earns = (frame["credited_orders"] > 0) | (frame["caused_orders"] > 0)
    return frame[earns].reset_index(drop=True)


def lift(shop: Shop, periods: Sequence[DateRange], *, now: int) -> pd.DataFrame:
    """One row a period: what campaigns did to those who could be sent them.

    Eligible are the persons created before the period who ever take a channel. Some of them, drawn
    by lot, are held out and never sent a campaign; the others are treated, whether or not one
    reached them. Both receive flows.

    Columns:
        first, last: the period, account days.
        treated, holdout: how many persons.
        treated_orders, holdout_orders: the orders of each.
        treated_revenue, holdout_revenue: their value, Decimal.
        treated_spread, holdout_spread: standard deviation of the orders of a person.
        caused_orders: orders of the treated that would not have been placed without a campaign.
        caused_revenue: their value, Decimal.
        orders_effect: caused orders of a treated person.
        revenue_effect: caused value of a treated person, Decimal.

    Args:
        shop: the account.
        periods: account days.
        now: UTC second.
    """
    return pd.DataFrame([_lift(shop, period, now=now) for period in periods])


def _lift(shop: Shop, period: DateRange, *, now: int) -> dict[str, object]:
    events, people = shop.events, shop.people
    since, until = (int(each.timestamp()) for each in period.instants(shop.account.timezone))
    person = people.fates.owner(now)
    takes = people.takes_email | (people.sms_at < NEVER) | people.has_push
    eligible = (person == np.arange(len(people))) & takes & (people.created < since)
    rows = _rows(shop, (Kind.PLACED_ORDER,), now)
    rows = rows[(events.at[rows] >= since) & (events.at[rows] < until)]
    rows = rows[events.profile[rows] >= 0]
    owner = person[events.profile[rows]]
    rows, owner = rows[owner >= 0], owner[owner >= 0]
    orders = np.bincount(owner, minlength=len(people))
    value = np.where(events.currency[rows] == 0, events.value[rows], 0)
    spent = _by(owner, len(people), value)
    said: dict[str, object] = {"first": period.first, "last": period.last}
    for name, side in (("treated", ~people.is_holdout), ("holdout", people.is_holdout)):
        chosen = eligible & side
        said[name] = int(chosen.sum())
        said[f"{name}_orders"] = int(orders[chosen].sum())
        said[f"{name}_revenue"] = decimals(shop, spent[chosen].sum(keepdims=True))[0]
        said[f"{name}_spread"] = float(orders[chosen].std(ddof=1)) if chosen.sum() > 1 else np.nan
    treated = np.flatnonzero(eligible & ~people.is_holdout)
    caused = np.isin(owner, treated) & _by_campaign(shop, rows)
    worth = decimals(shop, value[caused].sum(keepdims=True))[0]
    said |= {"caused_orders": int(caused.sum()), "caused_revenue": worth}
    said["orders_effect"] = int(caused.sum()) / len(treated) if len(treated) else np.nan
    said["revenue_effect"] = worth / len(treated) if len(treated) else Decimal("NaN")
    return said


def _by_campaign(shop: Shop, orders: _Ints) -> _Bools:
    """Which orders a campaign caused."""
    sent = np.array([message.campaign >= 0 for message in shop.catalogue.messages], dtype=bool)
    cause = shop.events.caused_by[orders]
    return np.asarray((cause >= 0) & sent[shop.events.message[cause]])


def _rows(shop: Shop, kinds: tuple[Kind, ...], now: int, *, without: int = 0) -> _Ints:
    """Visible events of some kinds; those with a flag left out."""
    events = shop.events
    chosen = np.isin(events.kind, kinds) & (events.visible_at <= now)
    return np.flatnonzero(chosen & ((events.flags & without) == 0))


def _receipts(shop: Shop, answers: _Ints, now: int) -> _Ints:
    """The visible receipts that some events answer, each once; late ones do not show yet."""
    receipts = np.unique(shop.events.receipt[answers]).astype(np.int64)
    return receipts[(receipts >= 0) & (shop.events.visible_at[receipts] <= now)]


def _pairs(shop: Shop, receipts: _Ints, now: int) -> _Ints:
    """One number for each message and person among some receipts, ascending."""
    events = shop.events
    person = shop.people.fates.owner(now)[events.profile[receipts]].astype(np.int64)
    known = (person >= 0) & (events.profile[receipts] >= 0)
    pairs = events.message[receipts].astype(np.int64) * len(shop.people) + person
    return np.unique(pairs[known])


def _by(
    rows: npt.NDArray[np.integer], count: int, weight: npt.NDArray[np.int64] | None = None
) -> _Ints:
    """How often each row is pointed at, or the sum of the weights; -1 points at nothing."""
    total = np.zeros(count, dtype=np.int64)
    weight = np.ones(len(rows), dtype=np.int64) if weight is None else weight
    np.add.at(total, rows[rows >= 0], weight[rows >= 0])
    return total
