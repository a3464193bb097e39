"""A simulated Klaviyo account as a whole, built from its plan or taken from where it is kept."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.currencies import shop_currencies
from workbench.sandbox.shop.days import AccountDays
from workbench.sandbox.shop.events import Events
from workbench.sandbox.shop.forms import Forms
from workbench.sandbox.shop.frame import Frame, shop_frame
from workbench.sandbox.shop.groups import Group, Memberships, no_memberships
from workbench.sandbox.shop.incidents import Incident
from workbench.sandbox.shop.messages import Catalogue
from workbench.sandbox.shop.metrics import Metric, metrics
from workbench.sandbox.shop.orders import OrderBook, Product, products
from workbench.sandbox.shop.people import BLOCK, People
from workbench.sandbox.shop.plan import ShopPlan, account_id
from workbench.sandbox.shop.simulation import simulated_block
from workbench.sandbox.shop.tables import (
    Progress,
    Tables,
    kept_tables,
    memory_tables,
    stored_tables,
)

__all__ = ["Account", "Shop", "build_shop"]

PROCESSES = 2  # memory follows their number


@dataclass(frozen=True, slots=True)
class Account:
    """Who the account belongs to; every name says that it is simulated."""

    id: str
    organization: str
    timezone: str
    currency: str
    country: str


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Shop:
    """Everything an account holds, in columns.

    Attributes:
        plan: what it was made from.
        account: whose it is.
        days: the account days of its history, from the first to the last of the tail.
        metrics: one a Kind, in that order.
        people: the profiles.
        catalogue: campaigns, flows and messages.
        products: what it sells.
        orders: its books.
        events: what happened, sorted by time.
        now: the simulated present, UTC second.
        decimals: digits after the point of the smallest unit of money.
        incidents: what goes wrong, and when.
        currencies: ISO 4217 codes that ``Events.currency`` points at; the account's own first.
        has_real_orders: its orders are a file's, so that nobody knows what caused them.
        groups: lists, then segments.
        memberships: who is in which group, since when and until when.
        forms: sign-up forms and their versions.
        delayed: rows of the events that do not show from the second on in which they happen.
    """

    plan: ShopPlan
    account: Account
    days: AccountDays
    metrics: tuple[Metric, ...]
    people: People
    catalogue: Catalogue
    products: tuple[Product, ...]
    orders: OrderBook
    events: Events
    now: int
    decimals: int = 2
    incidents: tuple[Incident, ...] = ()
    currencies: tuple[str, ...] = ()
    has_real_orders: bool = False
    groups: tuple[Group, ...] = ()
    memberships: Memberships = field(default_factory=no_memberships)
    forms: Forms = field(default_factory=Forms)
    delayed: npt.NDArray[np.int32] = field(default_factory=lambda: np.empty(0, dtype=np.int32))


def build_shop(
    plan: ShopPlan,
    *,
    folder: Path | None = None,
    processes: int = PROCESSES,
    progress: Progress = lambda share: None,
) -> Shop:
    """The shop of a plan; the same plan gives the same bytes, on disk or not.

    Args:
        plan: what it is made from.
        folder: where its columns are kept, and taken from when they are there already; None keeps
            a shop of one block in memory, and a larger one in a temporary folder, which goes with
            the shop.
        processes: how many simulate blocks of profiles at once.
        progress: told which part of the work is done, from 0 to 1.
    """
    frame = shop_frame(plan)
    count = -(-plan.profiles // BLOCK)
    simulate = partial(simulated_block, frame)
    if folder is None and count == 1:
        return _shop(frame, memory_tables(simulate(0)))
    if folder is not None and (kept := kept_tables(folder)) is not None:
        return _shop(frame, kept)
    temporary = Path(tempfile.mkdtemp(prefix="simulated-shop-")) if folder is None else None
    try:
        tables = stored_tables(
            simulate,
            count,
            folder or cast(Path, temporary) / "shop",
            processes=processes,
            progress=progress,
        )
    except BaseException:
        if temporary is not None:
            shutil.rmtree(temporary)
        raise
    shop = _shop(frame, tables)
    if temporary is not None:
        weakref.finalize(shop, shutil.rmtree, temporary, ignore_errors=True)
    return shop


def _shop(frame: Frame, tables: Tables) -> Shop:
    plan = frame.plan
    return Shop(
        plan=plan,
        account=Account(
            account_id(plan), "Sandbox (simulated)", plan.timezone, plan.currency, plan.country
        ),
        days=frame.days,
        metrics=metrics(plan),
        people=tables.people,
        catalogue=frame.catalogue,
        products=products(),
        orders=tables.orders,
        events=tables.events,
        now=frame.until,
        incidents=frame.incidents,
        currencies=shop_currencies(plan),
        groups=frame.groups,
        memberships=tables.memberships,
        forms=frame.forms,
        delayed=tables.delayed,
    )
