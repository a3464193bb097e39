"""Series of one frequency as arrays, aligned at their ends, so that models serve all at once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.forecast.frames import regressors

__all__ = ["Panel", "panels"]

Floats = NDArray[np.float64]
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Panel:
    """Series that end on the same step and share their calendar, and the steps ahead of them.

    Attributes:
        ids: (n,) the series' names.
        y: (n, t) what happened; NaN before a series begins, and finite from then on.
        ds: (t + h,) the start of every step, datetime64[ns]; int64 where the steps have no date.
        h: steps ahead.
        seasons: lengths of the seasons in steps, the shortest first; need not be whole.
        known: by column, (n, t + h) numbers known in advance; 0 before a series begins.
        holiday: (t + h,) the step's holiday or ""; None where no calendar is known.
        made: what models have computed from this panel and share, by name; see ``once``.
    """

    ids: NDArray[np.object_]
    y: Floats
    ds: NDArray[np.generic]
    h: int
    seasons: tuple[float, ...]
    known: Mapping[str, Floats]
    holiday: NDArray[np.object_] | None
    made: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def season_length(self) -> int:
        """Whole steps of the shortest season; 1 where there is none."""
        return max(1, round(self.seasons[0])) if self.seasons else 1

    @property
    def is_dated(self) -> bool:
        """Whether steps are dates, so that a calendar can be read from them."""
        return self.ds.dtype.kind == "M"

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(n,) how many steps of each series are known."""
        known: NDArray[np.int64] = np.isfinite(self.y).sum(axis=1)
        return known

    def until(self, back: int) -> Panel:
        """The panel as it was ``back`` steps before its end; ``h`` steps ahead stay known."""
        if back == 0:
            return self
        t = self.y.shape[1] - back
        return replace(
            self,
            y=self.y[:, :t],
            ds=self.ds[: t + self.h],
            known={name: column[:, : t + self.h] for name, column in self.known.items()},
            holiday=None if self.holiday is None else self.holiday[: t + self.h],
            made={},
        )

    def rows(self, chosen: NDArray[np.generic]) -> Panel:
        """The panel of some series only: positions, or a mask of length n."""
        known = {name: column[chosen] for name, column in self.known.items()}
        return replace(self, ids=self.ids[chosen], y=self.y[chosen], known=known, made={})

    def with_y(self, y: Floats) -> Panel:
        """The same panel with other values, such as their logarithms."""
        return replace(self, y=y, made={})

    def once(self, name: Hashable, make: Callable[[], _Made]) -> _Made:
        """What ``make`` gives, made the first time it is asked for under that name."""
        if name not in self.made:
            self.made[name] = make()
        made: _Made = self.made[name]
        return made

    def frames(self) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
        """For each series its history ``unique_id ds y ...`` and the same of the h steps ahead."""
        t = self.y.shape[1]
        for row in range(len(self.ids)):
            first = t - int(np.isfinite(self.y[row]).sum())
            columns = {"unique_id": self.ids[row], "ds": self.ds[first:]}
            columns |= {name: column[row, first:] for name, column in self.known.items()}
            if self.holiday is not None:
                columns["holiday"] = self.holiday[first:]
            whole = pd.DataFrame(columns)
            history = whole.iloc[: t - first].assign(y=self.y[row, first:])
            yield history, whole.iloc[t - first :].reset_index(drop=True)


def panels(
    series: pd.DataFrame, *, future: pd.DataFrame, seasons: Sequence[float]
) -> tuple[Panel, ...]:
    """One panel for each last step and calendar that the series have.

    Args:
        series: one row per (unique_id, ds), sorted, no step missing; see ``frames.checked_series``.
        future: as from ``frames.future_frame``: h rows for each series, the same columns without y.
        seasons: lengths of the seasons in steps, the shortest first.
    """
    whole = pd.concat([series, future], ignore_index=True)
    whole = whole.sort_values(["unique_id", "ds"], ignore_index=True)
    ends = series.groupby("unique_id", sort=True)["ds"].max()
    keys = pd.DataFrame({"end": ends, "calendar": _calendars(whole)})
    h = len(future) // len(ends)
    return tuple(
        _panel(whole[whole["unique_id"].isin(group.index)], h=h, seasons=tuple(seasons))
        for _, group in keys.groupby(["end", "calendar"], sort=True)
    )


def _calendars(whole: pd.DataFrame) -> pd.Series:
    """By unique_id, a text that tells which series can share the names of their holidays."""
    ids = whole["unique_id"].unique()
    if "holiday" not in whole.columns:
        return pd.Series("", index=ids)
    named = whole[whole["holiday"] != ""]
    # a series that begins later saw fewer days: the last ones tell it apart
    recent = named.groupby("unique_id").tail(10)
    days = recent["ds"].astype(str) + " " + recent["holiday"].astype(str)
    told = days.groupby(recent["unique_id"]).agg("; ".join)
    return pd.Series([told.get(uid, "") for uid in ids], index=ids)


def _panel(whole: pd.DataFrame, *, h: int, seasons: tuple[float, ...]) -> Panel:
    sizes = whole.groupby("unique_id", sort=True).size()
    longest = str(sizes.idxmax())
    n, steps = len(sizes), int(sizes.max())
    row = np.repeat(np.arange(n), sizes)
    column = np.concatenate([np.arange(steps - size, steps) for size in sizes])

    def spread(values: NDArray[np.float64], empty: float) -> Floats:
        wide = np.full((n, steps), empty)
        wide[row, column] = values
        return wide

    template = whole[whole["unique_id"] == longest]
    return Panel(
        ids=sizes.index.to_numpy(dtype=object),
        y=np.ascontiguousarray(spread(whole["y"].to_numpy(dtype=float), np.nan)[:, : steps - h]),
        ds=template["ds"].to_numpy(),
        h=h,
        seasons=seasons,
        known={name: spread(whole[name].to_numpy(dtype=float), 0.0) for name in regressors(whole)},
        holiday=template["holiday"].to_numpy(dtype=object) if "holiday" in whole else None,
    )
