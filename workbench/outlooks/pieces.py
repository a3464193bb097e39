"""Many series cut into pieces, each forecast by one worker, and put together again.

What is learnt from all series together depends on which of them share a piece. So the pieces depend
on the series alone, never on who works: the same frames come out of one process, two, or Dask.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.errors import DataMissing
from workbench.executor import Workers, mapped
from workbench.forecast import ForecastResult, forecast, forecast_totals, reconcile

__all__ = ["Asked", "Forecasts", "Piece", "cut", "forecast_pieces", "forecast_series", "joined"]

_MOST = 200  # series in a piece
# by the forecasts when they need them, which takes longer than many a piece
_IMPORTED_LATE = ("scipy.linalg", "scipy.special")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a forecast is asked with.

    Attributes:
        horizon: steps ahead.
        grain: length of a step: h, D, W or MS.
        dimension: what the metrics are split by; empty for the whole account.
        as_of: last account day that is known; all that was synced when None.
        history_days: of history used, at most.
        origins: past steps from which the models are tested.
        seed: same seed, same result.
    """

    horizon: int = 56
    grain: str = "D"
    dimension: str = ""
    as_of: dt.date | None = None
    history_days: int = 1096
    origins: int = 6
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Piece:
    """Series that are forecast together; ``total`` names the one that the others add up to."""

    name: str
    rows: pd.DataFrame
    asked: Asked
    country: str | None
    total: str


@dataclass(frozen=True, slots=True)
class Forecasts:
    """What is expected of each step, and of all steps of a series together.

    Attributes:
        result: of the steps, see ``ForecastResult``.
        totals: one row per series, see ``forecast_totals``.
    """

    result: ForecastResult
    totals: pd.DataFrame


def cut(
    rows: pd.DataFrame, *, name: str, asked: Asked, country: str | None = None, total: str = ""
) -> list[Piece]:
    """Pieces of about the same size, of at most 200 series each, by the names of the series.

    Args:
        rows: ``unique_id ds y``, a row for every step of a series, in any order.
        name: what the series are, for whoever reads that some of them failed.
        asked: how they are forecast.
        country: whose holidays are known; only days have holidays.
        total: what the sum of all series is called, to forecast it with them so that they add up
            to it; "" for none. More series than a piece holds are forecast without it.
    """
    count = rows["unique_id"].nunique()
    if total and count >= _MOST:
        total = ""
    if total:
        rows = _with_total(rows, total=total)
        count += 1
    rows = rows.sort_values(["unique_id", "ds"], ignore_index=True)
    pieces = -(-count // _MOST)
    pieces += pieces > 1 and pieces % 2  # two processes, the usual number, end together
    parts = np.array_split(rows["unique_id"].unique(), pieces) if count else []
    return [
        Piece(
            _named(name, ids),
            rows[rows["unique_id"].isin(ids)].reset_index(drop=True),
            asked,
            country if asked.grain == "D" else None,
            total,
        )
        for ids in parts
    ]


def _with_total(rows: pd.DataFrame, *, total: str) -> pd.DataFrame:
    summed = rows.groupby("ds", as_index=False)["y"].sum().assign(unique_id=total)
    return pd.concat([summed, rows], ignore_index=True)[["unique_id", "ds", "y"]]


def _named(name: str, ids: NDArray[np.object_]) -> str:
    if len(ids) == 1:
        return f"{name}: {ids[0]}"
    return f"{name}: {len(ids)} series from {ids[0]} to {ids[-1]}"


def forecast_pieces(pieces: Sequence[Piece], *, workers: Workers) -> list[Forecasts]:
    """The forecasts of each piece, in the order of the pieces.

    Raises:
        WorkFailed: a piece could not be forecast; the message says which series are in it.
    """
    return mapped(
        _forecast,
        pieces,
        workers=workers,
        name=lambda piece: piece.name,
        title="forecast",
        imports=_IMPORTED_LATE,
    )


def forecast_series(
    rows: pd.DataFrame, *, asked: Asked, workers: Workers, country: str | None = None
) -> Forecasts:
    """Forecast many series over as many workers as there are.

    Args:
        rows: ``unique_id ds y``, a row for every step of a series, in any order.
        asked: how; of its attributes ``dimension``, ``as_of`` and ``history_days`` have no effect
            on series at hand.
        workers: who computes; the result does not depend on them.
        country: whose holidays are known; only days have holidays.

    Raises:
        DataMissing: there are no series.
        WorkFailed: some series could not be forecast; the message says among which.
    """
    if rows.empty:
        raise DataMissing("there are no series to forecast")
    pieces = cut(rows, name="forecast", asked=asked, country=country)
    return joined(forecast_pieces(pieces, workers=workers))


def _forecast(piece: Piece) -> Forecasts:
    result = forecast(
        piece.rows,
        h=piece.asked.horizon,
        seed=piece.asked.seed,
        freq=piece.asked.grain,
        country=piece.country,
        origins=piece.asked.origins,
    )
    if piece.total:
        members = piece.rows["unique_id"].unique()
        tree = pd.DataFrame({"parent": piece.total, "child": members[members != piece.total]})
        result = _coherent(result, tree=tree)
    return Forecasts(result, forecast_totals(result, seed=piece.asked.seed))


def _coherent(result: ForecastResult, *, tree: pd.DataFrame) -> ForecastResult:
    """The forecast, its members adding up to their total where all of them can be compared."""
    if len(result.panels) == 1:
        return reconcile(result, tree=tree)
    note = f"{len(tree)} series do not add up to their total: some are too young"
    return replace(result, notes=(*result.notes, note))


def joined(parts: Sequence[Forecasts]) -> Forecasts:
    """The forecasts of all pieces as one, each note once."""
    results = [part.result for part in parts]
    totals = pd.concat([part.totals for part in parts], ignore_index=True)

    def whole(name: str) -> object:
        values = [getattr(result, name) for result in results]
        if isinstance(values[0], pd.DataFrame):
            return pd.concat(values, ignore_index=True)
        if name == "panels":
            return tuple(panel for panels in values for panel in panels)
        return tuple(dict.fromkeys(note for notes in values for note in notes))

    names = [one.name for one in fields(ForecastResult)]
    return Forecasts(ForecastResult(**{name: whole(name) for name in names}), totals)  # type: ignore[arg-type]
