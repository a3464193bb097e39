"""What days were made of, on which of them something was wrong, and how late events show."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.sandbox.shop.build import Shop
from workbench.sandbox.shop.days import HOUR
from workbench.sandbox.shop.events import Kind
from workbench.sandbox.shop.frame import account_days
from workbench.sandbox.shop.incidents import Trouble, factors_at
from workbench.sandbox.shop.purchases import FIRST_ORDER_WAIT, order_clock
from workbench.sandbox.shop.seasons import season
from workbench.sandbox.truth.customers import gone_at, lives_of

__all__ = ["anomalies", "components", "lateness"]

_Floats = npt.NDArray[np.float64]

_VISITS = (Kind.ACTIVE_ON_SITE, Kind.VIEWED_PRODUCT, Kind.STARTED_CHECKOUT)
_BUYING = (*_VISITS, Kind.PLACED_ORDER, Kind.ORDERED_PRODUCT)
_AFTERMATH = (Kind.FULFILLED_ORDER, Kind.CANCELLED_ORDER, Kind.REFUNDED_ORDER)
_CONCERNED = {
    Trouble.LEVEL_SHIFT: (*_BUYING, *_AFTERMATH),
    Trouble.PROMOTION: _BUYING,
    Trouble.VIRAL: _VISITS,
    Trouble.TRACKING_LOST: (*_BUYING, *_AFTERMATH),
    Trouble.DEAD_FLOW: (Kind.RECEIVED_EMAIL, Kind.RECEIVED_SMS),
    Trouble.BROKEN_FORM: (Kind.SUBMITTED_FORM,),
    Trouble.BOUNCE_STORM: (Kind.BOUNCED_EMAIL, Kind.RECEIVED_EMAIL),
    Trouble.BOT_STORM: (Kind.CLICKED_EMAIL,),
}


def anomalies(shop: Shop, *, now: int) -> pd.DataFrame:
    """One row an incident that has begun, by its first day.

    Columns: trouble, first, last (account days), factor, subject (a flow, form or domain, or empty)
    and metric_ids, those whose events it changes.
    """
    today = shop.days.date(int(shop.days.index(np.array([now]))[0]))
    begun = [incident for incident in shop.incidents if incident.first <= today]
    return pd.DataFrame(
        [
            {
                "trouble": str(incident.trouble),
                "first": incident.first,
                "last": incident.last,
                "factor": incident.factor,
                "subject": incident.subject,
                "metric_ids": tuple(shop.metrics[kind].id for kind in _CONCERNED[incident.trouble]),
            }
            for incident in begun
        ],
        columns=["trouble", "first", "last", "factor", "subject", "metric_ids"],
    )


def components(shop: Shop) -> pd.DataFrame:
    """One row a simulated day of the history and the tail, future ones included.

    Columns:
        ds: account day.
        base: orders to be expected on an average day of the run from those who are customers then.
        trend, week, year, holidays, incidents: factors; incidents holds level shifts, promotions
            and what lost tracking leaves.
        expected_orders: base times all factors. It is what one expects of the day who knows every
            customer's rate and on the way through the day who has stopped; orders that a message
            causes are not in it.
        noise: standard deviation of the day's orders around that, as of a Poisson count. No
            forecast can be better than this on average.
        baseline_orders: those that happened.
        caused_orders: those that a message caused.

    Raises:
        InputInvalid: the orders are a file's: nobody knows what made them.
    """
    plan, events = shop.plan, shop.events
    days, since, _ = account_days(plan)
    clock, seasons = order_clock(plan, days), season(days)
    incidents = factors_at(
        plan, days.starts[:-1], Trouble.LEVEL_SHIFT, Trouble.PROMOTION, Trouble.TRACKING_LOST
    )
    reported = factors_at(plan, days.starts[:-1], Trouble.TRACKING_LOST)
    expected = np.diff(_hazard(shop, clock.time)) * reported
    placed = events.rows(Kind.PLACED_ORDER)
    day, is_caused = days.index(events.at[placed]), events.caused_by[placed] >= 0
    frame = pd.DataFrame(
        {
            "ds": [days.date(index) for index in range(days.count)],
            "base": expected / (seasons.intensity * incidents),
            "trend": seasons.trend,
            "week": seasons.week,
            "year": seasons.year,
            "holidays": seasons.holidays,
            "incidents": incidents,
            "expected_orders": expected,
            "noise": np.sqrt(expected),
            "baseline_orders": np.bincount(day[~is_caused], minlength=days.count),
            "caused_orders": np.bincount(day[is_caused], minlength=days.count),
        }
    )
    return frame[days.starts[:-1] >= since].reset_index(drop=True)


def lateness(shop: Shop, *, now: int) -> pd.DataFrame:
    """One row a metric with visible events: how long late ones took to show.

    Columns: metric_id, events, late (how many), p50, p90, p99, most (hours; missing without a late
    event). Events dated in the future are not late; those imported are, by months.
    """
    events = shop.events
    rows = []
    for kind, metric in enumerate(shop.metrics):
        mine = np.flatnonzero((events.kind == kind) & (events.visible_at <= now))
        seconds = events.visible_at[mine] - events.at[mine]
        delay = seconds[seconds > 0] / HOUR
        levels = np.quantile(delay, [0.5, 0.9, 0.99, 1.0]) if len(delay) else np.full(4, np.nan)
        if len(mine):
            rows.append((metric.id, len(mine), len(delay), *levels.tolist()))
    return pd.DataFrame(rows, columns=["metric_id", "events", "late", "p50", "p90", "p99", "most"])


def _hazard(shop: Shop, moment: _Floats) -> _Floats:
    """Orders to be expected up to each shop time, of those alive or waiting until then."""
    lives, people = lives_of(shop), shop.people
    days, _, _ = account_days(shop.plan)
    born = order_clock(shop.plan, days).read(people.created)
    buys = people.rate > 0
    waiting = np.where(buys, 1 / FIRST_ORDER_WAIT, 0.0)
    gone = gone_at(shop)
    return (
        _passed(born, waiting, moment)
        - _passed(np.minimum(lives.first, gone), waiting, moment)
        + _passed(np.minimum(lives.first, gone), people.rate, moment)
        - _passed(np.minimum(lives.stops, gone), people.rate, moment)
    )


def _passed(since: _Floats, rate: _Floats, moment: _Floats) -> _Floats:
    """Sum over rows of rate times the shop time from ``since`` to each moment, if it is later."""
    order = np.argsort(since, kind="stable")
    order = order[np.isfinite(since[order])]
    rates = np.concatenate(([0.0], np.cumsum(rate[order])))
    starts = np.concatenate(([0.0], np.cumsum(rate[order] * since[order])))
    count = np.searchsorted(since[order], moment, side="right")
    return np.asarray(rates[count] * moment - starts[count])
