"""The simulated shop that a command serves: how large it is, and where its columns are kept."""

from __future__ import annotations

import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.errors import InputInvalid
from workbench.settings import read_settings

if TYPE_CHECKING:
    from workbench.sandbox import Shop, ShopPlan

__all__ = ["DAYS", "PROFILES", "SIZE", "Size", "built_shop", "shop_plan"]


class Size(StrEnum):
    """The sizes that a simulated shop comes in."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


SIZE = Annotated[
    Size | None,
    typer.Option(help="4,000, 45,000 or 450,000 profiles; small where nothing is said."),
]
PROFILES = Annotated[int | None, typer.Option(min=1, help="In place of those of the size.")]
DAYS = Annotated[int | None, typer.Option(min=1, help="Of history, in place of two years.")]


def shop_plan(
    *, size: Size | None, seed: int, profiles: int | None, days: int | None, orders: Path | None
) -> ShopPlan:
    """The plan that the options of a command ask for.

    Raises:
        InputInvalid: a size is asked for although a file of orders decides it.
    """
    from workbench.sandbox import SIZES, ShopPlan

    asked = {"--size": size, "--profiles": profiles, "--days": days}
    given = [name for name, value in asked.items() if value is not None]
    if orders is not None and given:
        raise InputInvalid(
            f"{' and '.join(given)} cannot be chosen: the file of --orders decides how many "
            "profiles and days there are",
            hint=f"leave out {' and '.join(given)}, or --orders",
        )
    plan = ShopPlan(seed=seed, profiles=profiles or SIZES[size or Size.SMALL])
    return plan if days is None else replace(plan, days=days)


def built_shop(plan: ShopPlan, *, orders: Path | None) -> Shop:
    """The shop of a plan, or the replay of a file of orders.

    A shop that does not fit into memory is kept in the data directory, by its account id, so that
    it is made once.
    """
    from workbench.sandbox import BLOCK, account_id, build_shop, replayed_shop

    if orders is not None:
        return replayed_shop(plan, orders)
    if plan.profiles <= BLOCK:
        return build_shop(plan)
    return _kept_shop(plan, read_settings().data_dir / "sandbox" / account_id(plan))


def _kept_shop(plan: ShopPlan, folder: Path) -> Shop:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    from workbench.sandbox import build_shop

    columns = (TextColumn("simulating"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not sys.stderr.isatty()
    ) as shown:
        task = shown.add_task("simulating", total=1.0)
        return build_shop(
            plan, folder=folder, progress=lambda share: shown.update(task, completed=share)
        )
