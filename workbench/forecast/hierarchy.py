"""Forecasts that add up: campaigns and flows to the total, channels and accounts to theirs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.errors import ContractBroken, InputInvalid, NotAdditive
from workbench.forecast.conformal import conformal_bounds, conformal_coverage, conformal_reasons
from workbench.forecast.model import floors
from workbench.forecast.panel_forecast import PanelForecast
from workbench.forecast.result import ForecastResult, revised

__all__ = ["reconcile"]

Floats = NDArray[np.float64]

_TOLERANCE = 1e-6  # of the parent's largest value: what rounding may cost


def reconcile(result: ForecastResult, *, tree: pd.DataFrame) -> ForecastResult:
    """The same forecast, changed as little as its past errors allow so that children add up.

    A series that was forecast well moves less than one that was not. What was never negative stays
    so. The same is done to what was said at each origin of the backtest, and the intervals are
    calibrated anew on the errors of that.

    Args:
        result: a forecast; series outside the tree stay as they are.
        tree: one row per (parent, child), both a ``unique_id``; all children of a parent add up
            to it, and a child has one parent.

    Returns:
        ``predictions``, ``coverage`` and ``panels`` are new. Sums of children are exact to the
        rounding of floating point; bounds do not add up, because not all goes wrong at once.

    Raises:
        ContractBroken: ``tree`` lacks a column.
        InputInvalid: a series of the tree is not forecast, ends on another step than the others,
            has two parents, or is its own ancestor.
        NotAdditive: in the past the children did not add up to their parent.

    Source: Wickramasuriya, Athanasopoulos & Hyndman (2019), Optimal Forecast Reconciliation
    through Trace Minimization, section 2.4, with the covariance shrunk after Schaefer & Strimmer
    (2005); negative leaves set to 0 as in Di Fonzo & Girolimetto (2023), Spatio-temporal
    reconciliation of solar forecasts.
    """
    children = _children(tree)
    at = _panel_of(result, children)
    done = result.panels[at]
    rows = _rows(done, children)
    _check_history(done, children)
    panels = list(result.panels)
    panels[at] = _reconciled(done, children=children, rows=rows)
    note = f"{len(rows)} series add up along the tree"
    return revised(result, panels=tuple(panels), notes=(*result.notes, note))


def _children(tree: pd.DataFrame) -> dict[str, list[str]]:
    """By parent its children, every parent after those of its children that are parents."""
    for column in ("parent", "child"):
        if column not in tree.columns:
            raise ContractBroken(f"the tree has no column {column!r}", hint="parent and child")
    if tree.empty:
        raise InputInvalid("the tree has no row", hint="name at least one parent and its children")
    if (twice := tree["child"].duplicated()).any():
        uid = tree.loc[twice, "child"].iloc[0]
        raise InputInvalid(f"{uid} stands under two parents", hint="reconcile one tree at a time")
    under: dict[str, list[str]] = {
        str(parent): list(part["child"]) for parent, part in tree.groupby("parent", sort=True)
    }
    ordered: dict[str, list[str]] = {}
    while len(ordered) < len(under):
        ready = [
            parent
            for parent, part in under.items()
            if parent not in ordered and all(uid in ordered or uid not in under for uid in part)
        ]
        if not ready:
            uid = min(set(under) - set(ordered))
            raise InputInvalid(f"{uid} is its own ancestor", hint="check parent and child")
        ordered |= {parent: under[parent] for parent in ready}
    return ordered


def _panel_of(result: ForecastResult, children: dict[str, list[str]]) -> int:
    """The position of the panel that holds all series of the tree."""
    place = {uid: at for at, one in enumerate(result.panels) for uid in one.tested.panel.ids}
    named = [uid for parent, part in children.items() for uid in (parent, *part)]
    for uid in named:
        if uid not in place:
            raise InputInvalid(f"{uid} of the tree is not forecast", hint="add it to the series")
        if place[uid] != place[named[0]]:
            raise InputInvalid(
                f"{uid} and {named[0]} end on different steps or have different holidays",
                hint="load all series of the tree to the same last step",
            )
    return place[named[0]]


def _rows(done: PanelForecast, children: dict[str, list[str]]) -> dict[str, int]:
    """By unique_id the positions of the tree's series in the panel."""
    named = {uid for parent, part in children.items() for uid in (parent, *part)}
    return {uid: row for row, uid in enumerate(done.tested.panel.ids) if uid in named}


def _check_history(done: PanelForecast, children: dict[str, list[str]]) -> None:
    panel = done.tested.panel
    # before a series begins nothing of it happened
    y = dict(zip(panel.ids, np.nan_to_num(panel.y), strict=True))
    for parent, part in children.items():
        gap = np.abs(y[parent] - sum(y[uid] for uid in part))
        wrong = gap > _TOLERANCE * max(np.abs(y[parent]).max(), 1e-9)
        if wrong.any():
            step = int(gap.argmax())
            total = sum(float(y[uid][step]) for uid in part)
            when = str(panel.ds[step])[:10]
            raise NotAdditive(
                f"{parent} is {y[parent][step]:g} on {when}, its {len(part)} children add up to "
                f"{total:g}; {int(wrong.sum())} steps differ, this one most",
                hint="add the child that is missing, or take out what is counted twice",
            )


def _reconciled(
    done: PanelForecast, *, children: dict[str, list[str]], rows: dict[str, int]
) -> PanelForecast:
    panel, chosen = done.tested.panel, np.array(list(rows.values()))
    place = {uid: at for at, uid in enumerate(rows)}
    links = {place[parent]: [place[uid] for uid in part] for parent, part in children.items()}
    errors = (done.tested.y - done.past)[chosen]
    pull = _pull(errors.reshape(len(chosen), -1), links=links)

    def added_up(values: Floats, origins: tuple[int, ...]) -> Floats:
        """Of (series, origins, h)."""
        moved = np.einsum("ij,jkh->ikh", pull, values)
        moved = np.maximum(moved, floors(panel, origins=origins)[chosen][:, :, None])
        for parent, part in links.items():
            moved[parent] = moved[part].sum(axis=0)
        summed: Floats = moved
        return summed

    y_hat, past = done.y_hat.copy(), done.past.copy()
    y_hat[chosen] = added_up(done.y_hat[chosen][:, None], (0,))[:, 0]
    past[chosen] = added_up(done.past[chosen], done.tested.origins)
    return _recalibrated(replace(done, y_hat=y_hat, past=past), rows=chosen)


def _recalibrated(done: PanelForecast, *, rows: NDArray[np.int64]) -> PanelForecast:
    """With the bounds and the coverage of its own past; other rows keep theirs."""
    errors = done.tested.y - done.past
    below, above = conformal_bounds(errors, scale=done.scale)
    floor = floors(done.tested.panel, origins=(0,))[:, :, None]
    lower, upper, coverage = done.lower.copy(), done.upper.copy(), done.coverage.copy()
    lower[rows] = np.maximum(done.y_hat[:, :, None] - below, floor)[rows]
    upper[rows] = (done.y_hat[:, :, None] + above)[rows]
    judged = conformal_coverage(errors, origins=done.tested.origins, scale=done.scale)
    coverage[rows] = judged[rows]
    told = conformal_reasons(errors, reach=above)
    unbounded = [told[row] if row in rows else was for row, was in enumerate(done.unbounded)]
    return replace(done, lower=lower, upper=upper, coverage=coverage, unbounded=tuple(unbounded))


def _pull(errors: Floats, *, links: dict[int, list[int]]) -> Floats:
    """(series, series) from forecasts to forecasts that add up, by least expected change.

    Args:
        errors: (series, tested steps); NaN where a series was not tested.
        links: by parent its children.
    """
    gaps = np.zeros((len(links), len(errors)))  # one row a parent: itself minus its children
    for at, (parent, part) in enumerate(links.items()):
        gaps[at, parent] = 1.0
        gaps[at, part] = -1.0
    spread = _covariance(errors, links=links)
    # forecasts whose errors always added up leave nothing to solve
    share = spread @ gaps.T @ np.linalg.pinv(gaps @ spread @ gaps.T, hermitian=True)
    pull: Floats = np.eye(len(errors)) - share @ gaps
    return pull


def _covariance(errors: Floats, *, links: dict[int, list[int]]) -> Floats:
    """Of the series' errors, its correlations shrunk to 0 by how uncertain they are."""
    together = errors[:, np.isfinite(errors).all(axis=0)]
    count = together.shape[1]
    variance = (together**2).mean(axis=1) if count else np.zeros(len(errors))
    if not variance.any():
        return np.diag(_leaves(len(errors), links=links))
    # a series that never erred is nearly certain, not wholly: two such need not agree
    variance = np.maximum(variance, 1e-9 * variance.max())
    unit = together / np.sqrt(variance)[:, None]
    correlation = unit @ unit.T / count
    noise = ((unit**2) @ (unit**2).T / count - correlation**2) / max(count - 1, 1)
    off = ~np.eye(len(errors), dtype=bool)
    signal = (correlation[off] ** 2).sum()
    shrink = min(1.0, noise[off].sum() / signal) if signal > 0 else 1.0
    correlation = np.where(off, (1 - shrink) * correlation, 1.0)
    spread: Floats = correlation * np.sqrt(np.outer(variance, variance))
    return spread


def _leaves(series: int, *, links: dict[int, list[int]]) -> Floats:
    """How many leaves stand under each series: its error's size where none was measured."""
    under = np.ones(series)
    for parent, part in links.items():
        under[parent] = under[part].sum()
    return under
