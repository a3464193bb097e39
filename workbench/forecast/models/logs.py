"""Logarithms, where calendar and plan multiply what is sold instead of adding to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.forecast.panel import Panel
from workbench.forecast.scales import Path, on_roots, origins_alike

__all__ = ["on_logs", "scaled"]

Floats = NDArray[np.float64]

_ROOT = 0.25  # near a logarithm, and still a number at 0


def on_logs(panel: Panel, *, origins: Sequence[int], path: Path) -> Floats:
    """(n, origins, h) what ``path`` says of the logarithms of each series, on its own scale.

    A series that was 0 before an origin is taken by its fourth roots, one that was negative as it
    is. What comes back from logarithms is the median of what may happen: half of the steps should
    lie above it.

    Args:
        panel: the series.
        origins: steps before the end.
        path: from a panel on its scale to (n, origins, h) on the same scale; a step after an
            origin must not change what it says there.
    """
    positive = _always_positive(panel, origins=origins)
    y_hat = np.full((len(panel.ids), len(origins), panel.h), np.nan)
    for rows, at in origins_alike(positive):
        alike = [origins[which] for which in at]
        if rows.any():
            logs = panel.once("logs", lambda: _logs(panel))
            part = logs if rows.all() else logs.rows(rows)
            y_hat[np.ix_(rows, at)] = np.exp(path(part, alike))
        if not rows.all():
            others = panel.rows(~rows) if rows.any() else panel
            said = on_roots(others, origins=alike, path=path, power=_ROOT)
            y_hat[np.ix_(~rows, at)] = said
    return y_hat


def scaled(panel: Panel) -> Iterator[tuple[str, Panel]]:
    """The same scales at the end of the panel: name, and the series that are taken by it."""
    least = np.nan_to_num(panel.y, nan=np.inf).min(axis=1)
    scales: dict[str, tuple[NDArray[np.bool_], Callable[[Floats], Floats]]] = {
        "log": (least > 0, np.log),
        "fourth root": (least == 0, lambda y: y**_ROOT),
        "as is": (least < 0, np.asarray),
    }
    for name, (chosen, scale) in scales.items():
        if chosen.any():
            part = panel.rows(chosen)
            yield name, part.with_y(scale(part.y))


def _logs(panel: Panel) -> Panel:
    # what is not positive stands behind an origin, or in a row whose logarithms are not used
    return panel.with_y(np.log(np.maximum(panel.y, np.finfo(float).tiny)))


def _always_positive(panel: Panel, *, origins: Sequence[int]) -> NDArray[np.bool_]:
    """(n, origins) whether every value up to the origin is above 0."""
    least = np.minimum.accumulate(np.nan_to_num(panel.y, nan=np.inf), axis=1)
    last = panel.y.shape[1] - 1
    always: NDArray[np.bool_] = least[:, [last - back for back in origins]] > 0
    return always
