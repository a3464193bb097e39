"""What all profiles of a shop share, decided before any of them is simulated."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from workbench.periods import DateRange
from workbench.sandbox.shop.days import AccountDays
from workbench.sandbox.shop.forms import Forms, simulated_forms
from workbench.sandbox.shop.groups import Group, simulated_groups
from workbench.sandbox.shop.incidents import Incident, planned_incidents
from workbench.sandbox.shop.messages import Catalogue, simulated_catalogue
from workbench.sandbox.shop.people import BASE_DAYS
from workbench.sandbox.shop.plan import ShopPlan

__all__ = ["Frame", "account_days", "shop_frame"]


@dataclass(frozen=True, slots=True)
class Frame:
    """What is there whoever the profiles are.

    Attributes:
        plan: what the shop is made from.
        days: every simulated day, the years before the history included.
        since: UTC second at which the history begins.
        until: UTC second of the simulated now.
        catalogue: campaigns, flows and messages.
        incidents: what goes wrong, and when.
        groups: lists, then segments.
        forms: sign-up forms and their versions.
    """

    plan: ShopPlan
    days: AccountDays
    since: int
    until: int
    catalogue: Catalogue
    incidents: tuple[Incident, ...]
    groups: tuple[Group, ...]
    forms: Forms


def shop_frame(plan: ShopPlan) -> Frame:
    """What all profiles of the shop of a plan share."""
    days, since, until = account_days(plan)
    return Frame(
        plan,
        days,
        since,
        until,
        catalogue=simulated_catalogue(plan, days, since=since),
        incidents=planned_incidents(plan),
        groups=simulated_groups(plan, days, since=since),
        forms=simulated_forms(plan, days, since=since, until=until),
    )


def account_days(plan: ShopPlan) -> tuple[AccountDays, int, int]:
    """Every simulated day; the second the history begins; the second that is now."""
    first = plan.until - dt.timedelta(days=plan.days + BASE_DAYS)
    last = plan.until + dt.timedelta(days=plan.tail_days - 1)
    days = AccountDays.of(DateRange(first, last), plan.timezone)
    return days, int(days.starts[BASE_DAYS]), int(days.starts[BASE_DAYS + plan.days])
