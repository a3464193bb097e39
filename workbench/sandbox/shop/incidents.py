"""What goes wrong, or unusually right, on known days: what a monitor is asked to find."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from workbench.periods import DateRange
from workbench.sandbox.shop.plan import ShopPlan

__all__ = ["Incident", "Trouble", "arrives", "factors_at", "planned_incidents"]

_SHORTEST_HISTORY = 120  # days; a shorter history has no room for incidents


class Trouble(StrEnum):
    """What kind of incident it is."""

    LEVEL_SHIFT = "level shift"  # orders of every day from then on are multiplied
    PROMOTION = "promotion"  # orders of those days are multiplied, at a lower price
    VIRAL = "viral"  # visits of those days are multiplied, orders are not
    TRACKING_LOST = "tracking lost"  # this part of the shop's events arrives, the rest never
    DEAD_FLOW = "dead flow"  # the flow is live and sends nothing
    BROKEN_FORM = "broken form"  # the form is viewed, and no submit arrives
    BOUNCE_STORM = "bounce storm"  # addresses of one domain bounce softly
    BOT_STORM = "bot storm"  # bot clicks are multiplied


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident, on whole account days.

    Attributes:
        trouble: its kind.
        first: its first day.
        last: its last day; the last simulated one for a level shift.
        factor: what is multiplied, and by how much, as the kind says.
        subject: the flow, form or domain that it concerns; empty where it concerns the shop.
    """

    trouble: Trouble
    first: dt.date
    last: dt.date
    factor: float
    subject: str = ""


# (kind, where in the history it begins, days, factor, subject)
_CALENDAR = (
    (Trouble.PROMOTION, 0.18, 4, 1.7, ""),
    (Trouble.VIRAL, 0.30, 2, 4.0, ""),
    (Trouble.BOUNCE_STORM, 0.38, 2, 0.5, "post.example.org"),
    (Trouble.TRACKING_LOST, 0.47, 1, 0.1, ""),
    (Trouble.LEVEL_SHIFT, 0.55, 0, 1.25, ""),
    (Trouble.BOT_STORM, 0.63, 2, 12.0, ""),
    (Trouble.PROMOTION, 0.72, 4, 1.7, ""),
    (Trouble.BROKEN_FORM, 0.80, 9, 0.0, "Newsletter popup"),
    (Trouble.DEAD_FLOW, 0.88, 12, 0.0, "Abandoned cart"),
)


def planned_incidents(plan: ShopPlan) -> tuple[Incident, ...]:
    """The incidents of a plan, by their first day; none in a history that is too short for them."""
    if plan.days < _SHORTEST_HISTORY:
        return ()
    begin, end = (plan.until + dt.timedelta(days=days) for days in (-plan.days, plan.tail_days - 1))
    found = []
    for trouble, position, length, factor, subject in _CALENDAR:
        first = begin + dt.timedelta(days=int(position * plan.days))
        last = first + dt.timedelta(days=length - 1) if length else end
        found.append(Incident(trouble, first, last, factor, subject))
    return tuple(found)


def factors_at(
    plan: ShopPlan, at: npt.NDArray[np.int64], *troubles: Trouble
) -> npt.NDArray[np.float64]:
    """What the incidents of some kinds multiply by at each instant; 1 where there is none.

    Args:
        plan: the shop.
        at: UTC seconds.
        troubles: the kinds.
    """
    factors = np.ones(len(at))
    for incident in planned_incidents(plan):
        if incident.trouble in troubles:
            first, end = DateRange(incident.first, incident.last).instants(plan.timezone)
            factors[(at >= first.timestamp()) & (at < end.timestamp())] *= incident.factor
    return factors


def arrives(
    rng: np.random.Generator, plan: ShopPlan, at: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Which of the shop's own events are reported, drawn: few while its tracking is lost."""
    return np.asarray(rng.random(len(at)) < factors_at(plan, at, Trouble.TRACKING_LOST))
