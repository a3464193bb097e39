"""The books of a shop: what each order holds, and the events that surround it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.days import DAY, HOUR
from workbench.sandbox.shop.events import EventLog, Kind
from workbench.sandbox.shop.people import People
from workbench.sandbox.shop.plan import ShopPlan, random_stream
from workbench.sandbox.shop.purchases import Purchases, Visits, order_values

__all__ = ["OrderBook", "Product", "noted_purchases", "noted_visits", "products"]

REFUNDED, CANCELLED = 0.03, 0.012
OLD_SHOP_DAYS = 45  # how long orders still came in through the shop system used before
OLD_SHOP_SHARE = 0.01  # of the profiles

_Ints = npt.NDArray[np.int64]

_KINDS = "Mug Bowl Plate Vase Lamp Candle Blanket Cushion Tray Clock Basket Frame".split()
_FINISHES = "Linen Walnut Slate Amber".split()


@dataclass(frozen=True, slots=True)
class Product:
    """Something the shop sells."""

    sku: str
    name: str


@dataclass(frozen=True, slots=True)
class OrderBook:
    """Orders and their lines; the lines of order n are first_line[n] to first_line[n + 1].

    Attributes:
        number: the shop's own order number of each order.
        first_line: position of each order's first line, and one more for the end.
        product: row of the product on each line.
        quantity: pieces on each line.
        price: price of one piece, in the shop's smallest unit.
    """

    number: npt.NDArray[np.bytes_]
    first_line: _Ints
    product: _Ints
    quantity: _Ints
    price: _Ints


def products() -> tuple[Product, ...]:
    """The range of a simulated shop."""
    return tuple(
        Product(f"{kind[:3].upper()}-{finish[:3].upper()}", f"{finish} {kind}")
        for kind in _KINDS
        for finish in _FINISHES
    )


def noted_visits(log: EventLog, plan: ShopPlan, people: People, visits: Visits) -> None:
    """Note the visits that end without an order."""
    rng = random_stream(plan, "visit events", block=people.block)
    product = rng.integers(0, len(products()), len(visits.at))
    log.add(Kind.ACTIVE_ON_SITE, at=visits.at, profile=visits.profile)
    viewed = visits.end >= 1
    log.add(
        Kind.VIEWED_PRODUCT,
        at=visits.at[viewed] + rng.integers(20, 300, viewed.sum()),
        profile=visits.profile[viewed],
        ref=product[viewed],
    )
    left = visits.end == 2
    value = order_values(rng, plan, np.full(int(left.sum()), 70.0))
    log.add(
        Kind.STARTED_CHECKOUT,
        at=visits.at[left] + rng.integers(300, 900, left.sum()),
        profile=visits.profile[left],
        ref=product[left],
        value=value,
    )


def noted_purchases(
    log: EventLog, plan: ShopPlan, people: People, purchases: Purchases, *, since: int
) -> OrderBook:
    """Note the orders with what leads to them and what follows; the books come back.

    Args:
        log: receives the events.
        plan: the shop.
        people: its profiles.
        purchases: every order, in any order of rows.
        since: UTC second at which the history begins.
    """
    rng = random_stream(plan, "orders", block=people.block)
    order = np.lexsort((purchases.profile, purchases.at))
    sold = Purchases(
        purchases.at[order],
        purchases.profile[order],
        purchases.value[order],
        purchases.caused_by[order],
    )
    old_at, old_profile, old_value = _old_shop(rng, plan, people, since)
    book = _book(rng, np.concatenate((sold.value, old_value)))
    _note_orders(log, rng, sold, book)
    _note_reversals(log, rng, sold)
    log.add(
        Kind.OLD_SHOP_ORDER,
        at=old_at,
        profile=old_profile,
        value=old_value,
        ref=len(order) + np.arange(len(old_at)),
    )
    return book


def _note_orders(log: EventLog, rng: np.random.Generator, sold: Purchases, book: OrderBook) -> None:
    """A visit, a product viewed, a checkout, the order, and one event for each of its lines."""
    at, profile, value = sold.at, sold.profile, sold.value
    order = np.arange(len(at))
    product = book.product[book.first_line[order]]
    arrives = at - rng.integers(600, HOUR, len(at))
    views = arrives + rng.integers(20, 200, len(at))
    checks_out = at - rng.integers(60, 380, len(at))
    log.add(Kind.ACTIVE_ON_SITE, at=arrives, profile=profile)
    log.add(Kind.VIEWED_PRODUCT, at=views, profile=profile, ref=product)
    log.add(Kind.STARTED_CHECKOUT, at=checks_out, profile=profile, ref=product, value=value)
    log.add(
        Kind.PLACED_ORDER, at=at, profile=profile, value=value, ref=order, caused_by=sold.caused_by
    )
    line = np.arange(book.first_line[len(at)])
    of = np.repeat(order, np.diff(book.first_line[: len(at) + 1]))
    log.add(Kind.ORDERED_PRODUCT, at=at[of], profile=profile[of], ref=line, value=book.price[line])


def _note_reversals(log: EventLog, rng: np.random.Generator, sold: Purchases) -> None:
    draw = rng.random(len(sold.at))
    for kind, rows, least, most in (
        (Kind.REFUNDED_ORDER, np.flatnonzero(draw < REFUNDED), 2 * DAY, 20 * DAY),
        (Kind.CANCELLED_ORDER, np.flatnonzero(draw > 1 - CANCELLED), 300, 9 * HOUR),
    ):
        log.add(
            kind,
            at=sold.at[rows] + rng.integers(least, most, len(rows)),
            profile=sold.profile[rows],
            value=sold.value[rows],
            ref=rows,
        )


def _old_shop(
    rng: np.random.Generator, plan: ShopPlan, people: People, since: int
) -> tuple[_Ints, _Ints, _Ints]:
    """Orders that came in through the system used before; another integration, the same name."""
    known = max(int(np.searchsorted(people.created, since)), 1)
    count = max(int(len(people) * OLD_SHOP_SHARE), 2)
    profile = rng.integers(0, known, count)
    at = np.sort(rng.integers(since, since + min(OLD_SHOP_DAYS, plan.days) * DAY, count))
    return at, profile, order_values(rng, plan, people.spend[profile])


def _book(rng: np.random.Generator, value: _Ints) -> OrderBook:
    """Each value split over one or more lines of one piece, to the last cent."""
    lines = 1 + np.minimum(rng.poisson(0.7, len(value)), 4)
    first_line = np.concatenate(([0], np.cumsum(lines))).astype(np.int64)
    of = np.repeat(np.arange(len(value)), lines)
    weight = rng.uniform(0.4, 1.0, len(of))
    total = np.add.reduceat(weight, first_line[:-1])
    price = np.floor(value[of] * weight / total[of]).astype(np.int64)
    price[first_line[:-1]] += value - np.add.reduceat(price, first_line[:-1])
    return OrderBook(
        number=np.char.mod(b"W%d", np.arange(len(value))).astype("S12"),
        first_line=first_line,
        product=rng.integers(0, len(products()), len(of)),
        quantity=np.ones(len(of), dtype=np.int64),
        price=price,
    )
