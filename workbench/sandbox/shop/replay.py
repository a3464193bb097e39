"""Real orders served as a Klaviyo account: UCI Online Retail, with simulated messages around them.

Every invoice becomes one Placed Order, every invoice that starts with C one Cancelled Order. The
customers are the file's; how they treat messages is drawn from the seed, and every campaign and
flow says that it is simulated.

Source: Chen, D. (2015), Online Retail, UCI Machine Learning Repository, doi:10.24432/C5BW33.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.sandbox.shop.blocks import delayed_rows
from workbench.sandbox.shop.build import Account, Shop
from workbench.sandbox.shop.events import EventLog, Kind
from workbench.sandbox.shop.frame import account_days
from workbench.sandbox.shop.groups import simulated_groups
from workbench.sandbox.shop.memberships import memberships, noted_lists
from workbench.sandbox.shop.messages import Catalogue, simulated_catalogue
from workbench.sandbox.shop.metrics import metrics
from workbench.sandbox.shop.order_files import PRICE_DECIMALS, order_lines
from workbench.sandbox.shop.orders import OrderBook, Product
from workbench.sandbox.shop.people import People, imported_at, people
from workbench.sandbox.shop.plan import ShopPlan, account_id
from workbench.sandbox.shop.purchases import Purchases, Visits
from workbench.sandbox.shop.simulation import finished_events, noted_messages

__all__ = ["replayed_shop"]

_Ints = npt.NDArray[np.int64]


def replayed_shop(plan: ShopPlan, orders_path: Path | str) -> Shop:
    """The shop whose orders are those of a file.

    An invoice's value is the sum over its lines of positive quantity and price; an invoice without
    such a line gives no event, one without a customer an event without a profile. The value of a
    cancellation is that of its lines of negative quantity. The simulated now is the midnight after
    the last invoice.

    Args:
        plan: gives the seed; the rest comes from the file.
        orders_path: parquet or csv with the columns of UCI Online Retail, one row an invoice line.

    Raises:
        InputInvalid: the file cannot be read, lacks a column, or holds a value of another kind.
    """
    path = Path(orders_path)
    lines = order_lines(path)
    invoices, book, products = _invoices(lines)
    customers = (
        lines.dropna(subset="customer")
        .groupby("customer")
        .agg(created=("at", "min"), country=("country", "first"))
    )
    customers = customers.sort_values("created", kind="stable")
    plan = _plan(plan, lines["wall"], profiles=len(customers))
    days, since, until = account_days(plan)
    shoppers = _people(plan, customers)
    catalogue = _labelled(simulated_catalogue(plan, days, since=since))
    log = EventLog()
    profile = customers.index.get_indexer(pd.Index(invoices["customer"])).astype(np.int64)
    placed = _noted_orders(log, invoices, profile)
    noted_messages(log, plan, shoppers, catalogue, placed, _no_visits(), since=since)
    groups = tuple(
        replace(group, name=f"{group.name} (simulated)")
        for group in simulated_groups(plan, days, since=since)
    )
    lists = noted_lists(log, shoppers, groups, imported_at=imported_at(days))
    events = finished_events(log, plan, since=since, until=until)
    return Shop(
        plan=plan,
        account=Account(
            account_id(plan, orders=hashlib.sha256(path.read_bytes()).hexdigest()),
            "Online Retail replay (simulated messages)",
            plan.timezone,
            plan.currency,
            plan.country,
        ),
        days=days,
        metrics=metrics(plan),
        people=shoppers,
        catalogue=catalogue,
        products=products,
        orders=book,
        events=events,
        now=until,
        decimals=PRICE_DECIMALS,
        currencies=(plan.currency,),
        delayed=delayed_rows(events),
        has_real_orders=True,
        groups=groups,
        memberships=memberships(groups, shoppers, events, lists, until=until),
    )


def _plan(plan: ShopPlan, wall: pd.Series, *, profiles: int) -> ShopPlan:
    """The plan of a replay: the file's days and place, and nothing late, so that totals agree."""
    first, last = wall.min().date(), wall.max().date()
    return replace(
        plan,
        profiles=max(profiles, 1),
        days=(last - first).days + 1,
        until=last + dt.timedelta(days=1),
        timezone="Europe/London",
        currency="GBP",
        country="United Kingdom",
        tail_days=0,
        late_share=0.0,
        very_late_share=0.0,
        foreign_share=0.0,
        fates_share=0.0,
    )


def _invoices(lines: pd.DataFrame) -> tuple[pd.DataFrame, OrderBook, tuple[Product, ...]]:
    """The lines that count, by invoice: one row an invoice, its book, and what was sold."""
    sign = np.where(lines["is_cancelled"], -1, 1)
    counts = np.where(
        lines["is_cancelled"], lines["quantity"] < 0, (lines["quantity"] > 0) & (lines["price"] > 0)
    )
    lines = lines.assign(value=sign * lines["quantity"] * lines["price"])[counts]
    at = lines.groupby("invoice")["at"].transform("min")
    lines = lines.assign(at=at).sort_values(["at", "invoice"], kind="stable")
    invoices = lines.groupby("invoice", sort=False).agg(
        at=("at", "first"),
        customer=("customer", "first"),
        is_cancelled=("is_cancelled", "first"),
        value=("value", "sum"),
        count_lines=("value", "size"),
    )
    product, names = pd.factorize(pd.MultiIndex.from_frame(lines[["sku", "name"]]))
    book = OrderBook(
        number=np.array([str(number).encode() for number in invoices.index], dtype="S12"),
        first_line=np.concatenate(([0], invoices["count_lines"].cumsum())).astype(np.int64),
        product=product.astype(np.int64),
        quantity=np.abs(lines["quantity"].to_numpy()),
        price=lines["price"].to_numpy(),
    )
    return invoices, book, tuple(Product(sku, name) for sku, name in names)


def _people(plan: ShopPlan, customers: pd.DataFrame) -> People:
    """The customers, sorted by their first invoice; nobody's name or town is made up."""
    nowhere = np.full(len(customers), -1)
    country, countries = pd.factorize(customers["country"])
    drawn = people(
        plan,
        created=customers["created"].to_numpy() - 1,
        place=nowhere,
        country=country,
        countries=tuple(countries),
        external_id=np.array([str(number).encode() for number in customers.index], dtype=np.bytes_),
    )
    nameless = nowhere.astype(np.int8)
    return replace(drawn, first_name=nameless, last_name=nameless)


def _noted_orders(log: EventLog, invoices: pd.DataFrame, profile: _Ints) -> Purchases:
    """Note each invoice; the orders of known customers come back, as triggers of flows."""
    at, value = invoices["at"].to_numpy(), invoices["value"].to_numpy()
    order = np.arange(len(invoices))
    is_cancelled = invoices["is_cancelled"].to_numpy()
    for kind, rows in (
        (Kind.PLACED_ORDER, order[~is_cancelled]),
        (Kind.CANCELLED_ORDER, order[is_cancelled]),
    ):
        log.add(kind, at=at[rows], profile=profile[rows], value=value[rows], ref=rows)
    known = order[~is_cancelled & (profile >= 0)]
    return Purchases(at[known], profile[known], value[known], np.full(len(known), -1))


def _labelled(catalogue: Catalogue) -> Catalogue:
    """The catalogue, with every name saying that it is simulated."""
    return Catalogue(
        tuple(replace(c, name=f"{c.name} (simulated)") for c in catalogue.campaigns),
        tuple(replace(f, name=f"{f.name} (simulated)") for f in catalogue.flows),
        tuple(replace(m, name=f"{m.name} (simulated)") for m in catalogue.messages),
        tuple(replace(v, name=f"{v.name} (simulated)") for v in catalogue.variations),
    )


def _no_visits() -> Visits:
    nothing = np.empty(0, dtype=np.int64)
    return Visits(nothing, nothing, nothing)
