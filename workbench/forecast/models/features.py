"""What a regression can read from the steps alone: trend, seasons, months, holidays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.forecast.panel import Panel

__all__ = ["Design", "shared_design"]

Floats = NDArray[np.float64]

_KNOTS = 180  # steps between two bends of the trend
_BENDS = 8  # at the most, the latest ones
_PAIRS = 10  # waves of a season, at the most
_YEAR = 365.25  # steps in the unit of the trend; half a year's bend is then a number near 0.5
# days around a holiday, from and to; each group has one effect
_AROUND = ((-7, -4), (-3, -3), (-2, -2), (-1, -1), (0, 0), (1, 1), (2, 2), (3, 3), (4, 7))
_WEEKS_AROUND = ((-1, -1), (0, 0), (1, 1))
_DAY, _WEEK = np.timedelta64(1, "D"), np.timedelta64(7, "D")
_SATURDAY = 5

# What a coefficient of each kind has against it: so many observations that say it is 0. Chosen on
# rolling origins inside the training parts of US births and NN5.
_LEVEL, _SLOPE, _BEND = 1e-6, 1.0, 10.0
_MONTH, _HOLIDAY = 1.0, 0.3
_SEASON = 200.0  # steps; a wave that fits once into so many has one observation against it


@dataclass(frozen=True, slots=True)
class Design:
    """Columns that all series of a panel share.

    Attributes:
        x: (t + h, columns) one row a step.
        part: (columns) what each belongs to: level, trend, "season of 7", month, holidays.
        penalty: (columns) observations that say a coefficient is 0.
        needs: (columns) steps of history without which the column is left out.
    """

    x: Floats
    part: NDArray[np.object_]
    penalty: Floats
    needs: Floats


def shared_design(past: Panel) -> Design:
    """The columns of a panel that ends at its origin.

    Trend: bends at fixed distances before the end and is straight after the last one; the ridge
    pulls the last slope towards 0. Seasons: Fourier pairs, the faster the stronger shrunk. Months:
    first, last and 15th day. Holidays: days around them, one set of effects for any holiday, one
    more if it falls on a weekend, and what each name differs from that.

    Source: Hyndman & Athanasopoulos, Forecasting 3e, sections 7.4 and 7.7.
    """
    blocks = list(_blocks(past))
    return Design(
        x=np.hstack([block.x for block in blocks]),
        part=np.concatenate([block.part for block in blocks]),
        penalty=np.concatenate([block.penalty for block in blocks]),
        needs=np.concatenate([block.needs for block in blocks]),
    )


def _blocks(past: Panel) -> Iterator[Design]:
    t = past.y.shape[1]
    steps = np.arange(t + past.h) - (t - 1.0)
    yield _block("level", np.ones((len(steps), 1)), penalty=_LEVEL)
    yield _block("trend", steps[:, None] / _YEAR, penalty=_SLOPE)
    bends = -np.arange(_KNOTS, t - _KNOTS / 2, _KNOTS)[:_BENDS]
    yield _block("trend", np.minimum(0.0, steps[:, None] - bends) / _YEAR, penalty=_BEND)
    for season in past.seasons:
        waves, penalty = _waves(steps, season=season)
        yield _block(f"season of {season:g}", waves, penalty=penalty, needs=season)
    per_day = _steps_a_day(past.ds) if past.is_dated else 0
    if per_day:
        yield _block("month", _month_days(past.ds), penalty=_MONTH)
    if past.holiday is not None:
        yield _block("holidays", _holidays(past, per_day=per_day), penalty=_HOLIDAY)


def _block(part: str, x: Floats, *, penalty: float | Floats, needs: float = 0.0) -> Design:
    count = x.shape[1]
    return Design(
        x=x,
        part=np.full(count, part, dtype=object),
        penalty=np.full(count, penalty),
        needs=np.full(count, needs),
    )


def _waves(steps: Floats, *, season: float) -> tuple[Floats, Floats]:
    """(steps, waves) cosines and sines of a season, and the penalty of each."""
    pairs = np.arange(1, min(_PAIRS, int(season / 2)) + 1)
    angle = 2 * np.pi * pairs * (steps / season)[:, None]
    is_whole = pairs < season / 2  # the sine of the fastest wave of an even season is 0 throughout
    values = np.hstack([np.cos(angle), np.sin(angle[:, is_whole])])
    penalty = (season / _SEASON * pairs) ** 2
    return values, np.concatenate([penalty, penalty[is_whole]])


def _steps_a_day(ds: NDArray[np.generic]) -> int:
    """0 where a step is longer than a day, or there is only one."""
    if len(ds) < 2 or ds[1] - ds[0] > _DAY:
        return 0
    return int(_DAY / (ds[1] - ds[0]))


def _month_days(ds: NDArray[np.generic]) -> Floats:
    days = pd.DatetimeIndex(ds).normalize()
    return np.column_stack([days.day == 1, days.is_month_end, days.day == 15]).astype(float)


def _holidays(past: Panel, *, per_day: int) -> Floats:
    """Effects around any holiday, those of weekends, and those of each name.

    A name that was not seen before the origin has the effects of any holiday.
    """
    code, told = pd.factorize(np.asarray(past.holiday, dtype=object))
    named = [set(str(names).split("; ")) - {""} for names in told]
    spans = _spans(past.ds, per_day=per_day)
    columns = [_around(np.array([bool(names) for names in named])[code], spans=spans)]
    if per_day:
        weekend = pd.DatetimeIndex(past.ds).dayofweek >= _SATURDAY
        columns.append(columns[0] * np.asarray(weekend, dtype=float)[:, None])
    seen = {name for at in np.unique(code[: past.y.shape[1]]) for name in named[at]}
    for name in sorted(seen):
        columns.append(_around(np.array([name in names for names in named])[code], spans=spans))
    return np.hstack(columns)


def _spans(ds: NDArray[np.generic], *, per_day: int) -> tuple[tuple[int, int], ...]:
    """From and to, in steps, of what lies around a holiday."""
    if per_day:
        return tuple((first * per_day, last * per_day) for first, last in _AROUND)
    is_weekly = len(ds) > 1 and bool(ds[1] - ds[0] == _WEEK)
    return _WEEKS_AROUND if is_weekly else ((0, 0),)


def _around(is_it: NDArray[np.bool_], *, spans: tuple[tuple[int, int], ...]) -> Floats:
    """(steps, spans) 1 where a marked step lies so many steps before, or behind if negative."""
    total = np.concatenate([[0], np.cumsum(is_it)])
    steps = np.arange(len(is_it))
    counts = [
        total[np.clip(steps - first + 1, 0, len(is_it))]
        - total[np.clip(steps - last, 0, len(is_it))]
        for first, last in spans
    ]
    return (np.column_stack(counts) > 0).astype(float)
