"""Seasons removed by discounted profiles, so that simple models can stand on the remainder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from workbench.forecast.models.recursion import recursion

__all__ = ["Deseasoned", "deseasoned"]

Floats = NDArray[np.float64]

_TINY = 1e-9  # a step that begins a bin must not fall before it by rounding


@dataclass(frozen=True, slots=True)
class Deseasoned:
    """Series without a season.

    Attributes:
        z: (n, t) each value minus what the profile said of its phase just before; NaN before a
            series begins.
        profile: (n, entries) the profile, one entry a phase and cycle, in the order of time; NaN
            before the phase was first seen.
        times: (entries,) the step that each entry learnt from.
        season: steps in one season, need not be whole.
        smooth: neighbouring phases on each side that share in what is said of one.
    """

    z: Floats
    profile: Floats
    times: NDArray[np.int64]
    season: float
    smooth: int

    def ahead(self, *, origins: Sequence[int], h: int) -> Floats:
        """(n, origins, h) what the profile says of the h steps after each origin."""
        n, t = self.z.shape
        count = max(1, int(self.season))
        parts = []
        for back in origins:
            last = t - 1 - back
            known = int(np.searchsorted(self.times, last, side="right"))
            if known < count:
                parts.append(np.zeros((n, h)))
                continue
            phases = np.arange(known - count, known) % count
            latest = np.empty((n, count))
            latest[:, phases] = self.profile[:, known - count : known]
            entry = _entries(np.arange(last + 1, last + 1 + h), season=self.season)
            parts.append(_around(latest, width=self.smooth, edge="wrap")[:, entry % count])
        return np.stack(parts, axis=1)


def deseasoned(y: Floats, *, season: float, discount: float, smooth: int = 0) -> Deseasoned:
    """Remove a season by a profile of discounted means, one entry a phase.

    Every value is compared with the mean of the season that ends with it. The profile is the mean
    of these differences, earlier cycles discounted; each value loses what the profile said before
    it, so that no later step changes anything and one pass serves every origin.

    Args:
        y: (n, t) on the scale where the season adds; NaN before a series begins.
        season: steps in one season.
        discount: what a cycle counts against the next, 0 to 1.
        smooth: neighbouring phases on each side that share in what is said of one.
    """
    n, t = y.shape
    count = max(1, int(season))
    entry = _entries(np.arange(t), season=season)
    times = _times(cycles=int(entry[-1]) // count + 1, season=season)
    gap = np.full((n, len(times)), np.nan)
    gap[:, times < t] = (y - _season_means(y, width=round(season)))[:, times[times < t]]
    profile = _discounted_means(gap.reshape(n, -1, count), discount=discount).reshape(n, -1)
    # the first entry has no neighbour before it: the last one is not known yet
    said = _around(profile, width=smooth, edge="edge")[:, np.maximum(entry - count, 0)]
    said[:, entry < count] = 0.0
    return Deseasoned(y - np.nan_to_num(said), np.nan_to_num(profile), times, season, smooth)


def _entries(steps: NDArray[np.int64], *, season: float) -> NDArray[np.int64]:
    """The entry of the profile to which each step belongs: cycle * phases + phase."""
    width = season / max(1, int(season))  # of a bin in steps, 1 or a little more
    return np.floor(steps / width + _TINY).astype(np.int64)


def _times(*, cycles: int, season: float) -> NDArray[np.int64]:
    """The last step of each entry."""
    count = max(1, int(season))
    ends = np.arange(1, cycles * count + 1) * (season / count)
    last_steps: NDArray[np.int64] = np.ceil(ends - _TINY).astype(np.int64) - 1
    return last_steps


def _season_means(y: Floats, *, width: int) -> Floats:
    """The mean of the ``width`` values that end with each; in its first season, that of all of it.

    The first season is thus compared with values behind a step. What comes of it is used one season
    later, when they are known.
    """
    known = np.isfinite(y)
    count, total = (
        np.cumsum(values, axis=1) for values in (known.astype(float), np.where(known, y, 0.0))
    )
    means = np.full(y.shape, np.nan)
    whole = total.copy()
    whole[:, width:] -= total[:, :-width]
    later = known & (count >= width)
    means[later] = whole[later] / width
    first = np.argmax(known, axis=1)
    end = np.minimum(first + width, y.shape[1]) - 1
    rows = np.arange(len(y))
    means_of_first = total[rows, end] / np.maximum(count[rows, end], 1)
    return np.where(known & (count < width), means_of_first[:, None], means)


def _discounted_means(values: Floats, *, discount: float) -> Floats:
    """Along axis 1, the mean of all values so far, each cycle counting less than the next."""
    known = np.isfinite(values)
    decay = ([1.0], [1.0, -discount])
    weight = recursion(*decay, known.astype(float))
    total = recursion(*decay, np.where(known, values, 0.0))
    means: Floats = np.divide(total, weight, out=np.full(values.shape, np.nan), where=weight > 0)
    return means


def _around(values: Floats, *, width: int, edge: Literal["edge", "wrap"]) -> Floats:
    """The mean of each entry and its neighbours.

    Beyond the ends stands the last entry again, or with "wrap" the one at the other end.
    """
    if width == 0:
        return values
    padded = np.pad(values, ((0, 0), (width, width)), mode=edge)
    mean: Floats = sliding_window_view(padded, 2 * width + 1, axis=1).mean(axis=2)
    return mean
