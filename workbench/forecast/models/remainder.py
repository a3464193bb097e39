"""Models of two parts: a profile takes the season, a simple path continues the remainder."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.forecast.model import Model, Said, said_from
from workbench.forecast.models.profiles import Deseasoned, deseasoned
from workbench.forecast.panel import Panel
from workbench.forecast.scales import on_roots

__all__ = ["on_remainder"]

Floats = NDArray[np.float64]

_LEAST = 2  # values without which there is nothing to continue


def on_remainder(
    path: Callable[..., Floats],
    *,
    season: float | None = None,
    discount: float = 1.0,
    smooth: int = 0,
    power: float = 0.5,
) -> Model:
    """The model that removes a season and continues what remains.

    Args:
        path: from ``(z, *, origins, h)``, z (n, t) with NaN before a series begins, to (n, origins,
            h); a step after an origin must not change what it says there.
        season: steps in the season; None removes nothing.
        discount: what a cycle counts against the next, see ``profiles.deseasoned``.
        smooth: neighbouring phases that share in what is said of one.
        power: of the root on which all this happens, see ``scales.on_roots``.
    """

    def model(panel: Panel, *, origins: Sequence[int], seed: int) -> Said:
        def both(part: Panel, origins: Sequence[int]) -> Floats:
            if season is None:
                return path(part.y, origins=origins, h=part.h)
            rest = _without(part, season=season, discount=discount, smooth=smooth)
            return path(rest.z, origins=origins, h=part.h) + rest.ahead(origins=origins, h=part.h)

        y_hat = on_roots(panel, origins=origins, path=both, power=power)
        return said_from(panel, y_hat, origins=origins, least=max(_LEAST, round(2 * (season or 0))))

    return model


def _without(panel: Panel, *, season: float, discount: float, smooth: int) -> Deseasoned:
    return panel.once(
        ("without", season, discount, smooth),
        lambda: deseasoned(panel.y, season=season, discount=discount, smooth=smooth),
    )
