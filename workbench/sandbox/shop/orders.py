"""The books of a shop: what each order holds, and the events that surround it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.currencies import converted, paid_currency
from workbench.sandbox.shop.days import DAY, HOUR
from workbench.sandbox.shop.events import EventLog, Kind
from workbench.sandbox.shop.incidents import Trouble, arrives, factors_at
from workbench.sandbox.shop.people import People
from workbench.sandbox.shop.plan import ShopPlan, random_stream
from workbench.sandbox.shop.purchases import Purchases, Visits, order_values

__all__ = ["OrderBook", "Product", "noted_purchases", "noted_visits", "products"]

REFUNDED, CANCELLED = 0.03, 0.012
PART_REFUNDED = 0.4  # of the refunded orders, the rest is refunded in full
PROMOTION_PRICE = 0.85
OLD_SHOP_DAYS = 45  # how long orders still came in through the shop system used before
OLD_SHOP_SHARE = 0.01  # of the profiles
IMPORT_DAY = 10  # of the tail: when as many of the old system's orders are imported

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
    currency = paid_currency(plan, people)[visits.profile[left]]
    value = order_values(rng, plan, np.full(int(left.sum()), 70.0))
    log.add(
        Kind.STARTED_CHECKOUT,
        at=visits.at[left] + rng.integers(300, 900, left.sum()),
        profile=visits.profile[left],
        ref=product[left],
        value=converted(plan, value, currency),
        currency=currency,
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
    sold = _sold(plan, people, purchases)
    old = _old_shop(plan, people, since)
    book = _book(rng, np.concatenate((sold.value, old.value)))
    _note_orders(log, rng, sold, book)
    _note_aftermath(log, plan, people, sold)
    log.add(
        Kind.OLD_SHOP_ORDER,
        at=old.at,
        visible_at=old.visible_at,
        profile=old.profile,
        value=old.value,
        ref=len(sold.at) + np.arange(len(old.at)),
    )
    return book


@dataclass(frozen=True, slots=True)
class _Sold:
    """One row an order that the account hears of, by time; the value is what is paid."""

    at: _Ints
    visible_at: _Ints
    profile: _Ints
    value: _Ints
    currency: npt.NDArray[np.uint8]
    caused_by: _Ints


def _sold(plan: ShopPlan, people: People, purchases: Purchases) -> _Sold:
    """The orders that are reported, at the prices of their day and in the customer's currency."""
    rng = random_stream(plan, "reported orders", block=people.block)
    # the orders that nobody caused went through this when they were drawn
    reported = arrives(rng, plan, purchases.at) | (purchases.caused_by < 0)
    order = np.lexsort((purchases.profile, purchases.at))
    order = order[reported[order]]
    at, profile = purchases.at[order], purchases.profile[order]
    is_promotion = factors_at(plan, at, Trouble.PROMOTION) > 1
    value = np.rint(purchases.value[order] * np.where(is_promotion, PROMOTION_PRICE, 1.0))
    currency = paid_currency(plan, people)[profile]
    return _Sold(
        at, at, profile, converted(plan, value, currency), currency, purchases.caused_by[order]
    )


def _note_orders(log: EventLog, rng: np.random.Generator, sold: _Sold, book: OrderBook) -> None:
    """A visit, a product viewed, a checkout, the order, and one event for each of its lines."""
    at, profile = sold.at, sold.profile
    order = np.arange(len(at))
    product = book.product[book.first_line[order]]
    arrives_at = at - rng.integers(600, HOUR, len(at))
    views = arrives_at + rng.integers(20, 200, len(at))
    checks_out = at - rng.integers(60, 380, len(at))
    paid: dict[str, npt.NDArray[np.integer]] = {"value": sold.value, "currency": sold.currency}
    log.add(Kind.ACTIVE_ON_SITE, at=arrives_at, profile=profile)
    log.add(Kind.VIEWED_PRODUCT, at=views, profile=profile, ref=product)
    log.add(Kind.STARTED_CHECKOUT, at=checks_out, profile=profile, ref=product, **paid)
    log.add(Kind.PLACED_ORDER, at=at, profile=profile, ref=order, caused_by=sold.caused_by, **paid)
    line = np.arange(book.first_line[len(at)])
    of = np.repeat(order, np.diff(book.first_line[: len(at) + 1]))
    log.add(
        Kind.ORDERED_PRODUCT,
        at=at[of],
        profile=profile[of],
        ref=line,
        value=book.price[line],
        currency=sold.currency[of],
    )


def _note_aftermath(log: EventLog, plan: ShopPlan, people: People, sold: _Sold) -> None:
    """Few orders are cancelled within hours; the others are sent, and some of those come back."""
    rng = random_stream(plan, "aftermath", block=people.block)
    draw = rng.random(len(sold.at))
    is_cancelled = draw > 1 - CANCELLED
    is_refunded = draw < REFUNDED
    part = np.where(draw < REFUNDED * PART_REFUNDED, rng.uniform(0.2, 0.7, len(draw)), 1.0)
    refund = np.maximum(np.rint(sold.value * part), 1)
    for kind, chosen, least, most, value in (
        (Kind.CANCELLED_ORDER, is_cancelled, 300, 9 * HOUR, sold.value),
        (Kind.FULFILLED_ORDER, ~is_cancelled, 10 * HOUR, 4 * DAY, sold.value),
        (Kind.REFUNDED_ORDER, is_refunded, 5 * DAY, 20 * DAY, refund),
    ):
        rows = np.flatnonzero(chosen)
        at = sold.at[rows] + rng.integers(least, most, len(rows))
        heard = arrives(rng, plan, at)
        rows = rows[heard]
        log.add(
            kind,
            at=at[heard],
            profile=sold.profile[rows],
            value=value[rows],
            currency=sold.currency[rows],
            ref=rows,
        )


def _old_shop(plan: ShopPlan, people: People, since: int) -> _Sold:
    """Orders of the system used before: another integration, the same name of the metric.

    The first half came in while that system was in use. The other half is imported long after, with
    the dates of old, and starts no flow.
    """
    rng = random_stream(plan, "old shop", block=people.block)
    known = max(int(np.searchsorted(people.created, since)), 1)
    count = max(int(len(people) * OLD_SHOP_SHARE), 2)
    profile = rng.integers(0, known, 2 * count)
    at = np.sort(rng.integers(since, since + min(OLD_SHOP_DAYS, plan.days) * DAY, 2 * count))
    is_imported = rng.permutation(2 * count) < count
    imported_at = since + (plan.days + IMPORT_DAY) * DAY
    value = order_values(rng, plan, people.spend[profile])
    own, nothing = np.zeros(len(at), dtype=np.uint8), np.full(len(at), -1)
    return _Sold(at, np.where(is_imported, imported_at, at), profile, value, own, nothing)


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
