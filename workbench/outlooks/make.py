"""Forecasts of many series: loaded here, computed by workers, registered here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import pandas as pd

from workbench.errors import DataMissing
from workbench.executor import Workers
from workbench.forecast import ForecastResult
from workbench.forecast.result import COMBINATION
from workbench.load import Account, Series, load_series
from workbench.outlooks.pieces import Asked, Forecasts, Piece, cut, forecast_pieces, joined
from workbench.periods import DateRange
from workbench.store import YARDSTICKS, store_forecast

__all__ = ["Outlook", "make_outlooks"]

_LEVEL = 80  # percent, of the interval of a total


@dataclass(frozen=True, slots=True)
class Outlook:
    """A metric of an account, forecast and registered; or why it was not.

    Attributes:
        forecast_id: as registered; empty where nothing could be forecast.
        series: one row per series: ``unique_id champion cutoff``; ``expected``, the sum over all
            steps, with its 80 % interval ``lo_80 hi_80``; ``mase`` of the forecast and of the
            seasonal naive one (by weeks, naive) as ``naive_mase`` in the backtest; ``coverage_80``
            reached there.
        notes: what a reader should know, one sentence each.
        reason: why nothing was forecast.
    """

    account_id: str
    metric: str
    unit: str = ""
    forecast_id: str = ""
    series: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: tuple[str, ...] = ()
    reason: str = ""


def make_outlooks(
    accounts: Sequence[Account], metrics: Sequence[str], *, asked: Asked, workers: Workers
) -> list[Outlook]:
    """Forecast metrics of accounts and register what was said; one outlook for each of both.

    A metric of which an account has nothing costs only itself. The result is the same whoever the
    workers are.

    Args:
        accounts: whose metrics.
        metrics: as ``load_series`` takes them.
        asked: how.
        workers: who computes.

    Raises:
        InputInvalid: there is no such metric, or it cannot be split so.
        WorkFailed: some series could not be forecast; the message says of which account, and among
            which series.
    """
    found: list[tuple[Account, Series | Outlook]] = [
        (account, _loaded(account, metric, asked=asked))
        for account in accounts
        for metric in metrics
    ]
    pieces = [
        _pieces(account, one, asked=asked) if isinstance(one, Series) else []
        for account, one in found
    ]
    done = iter(forecast_pieces([piece for some in pieces for piece in some], workers=workers))
    return [
        _registered(account, one, joined([next(done) for _ in some]), asked=asked)
        if isinstance(one, Series)
        else one
        for (account, one), some in zip(found, pieces, strict=True)
    ]


def _loaded(account: Account, metric: str, *, asked: Asked) -> Series | Outlook:
    last = min(asked.as_of or account.last_day, account.last_day)
    days = DateRange(last - dt.timedelta(days=asked.history_days - 1), last)
    try:
        return load_series(account, metric, days, dimension=asked.dimension, grain=asked.grain)
    except DataMissing as error:
        return Outlook(account.account_id, metric, reason=error.message)


def _pieces(account: Account, series: Series, *, asked: Asked) -> list[Piece]:
    return cut(
        series.rows,
        name=account.account_id,
        asked=asked,
        country=account.country,
        total=series.metric if series.dimension else "",
    )


def _registered(account: Account, series: Series, done: Forecasts, *, asked: Asked) -> Outlook:
    result = done.result
    told = asdict(asked) | {"as_of": asked.as_of.isoformat() if asked.as_of else None}
    forecast_id = store_forecast(
        account,
        result,
        metric=series.metric,
        dimension=series.dimension,
        grain=series.grain,
        unit=series.unit,
        parameters=told,
    )
    return Outlook(
        account.account_id,
        series.metric,
        unit=series.unit,
        forecast_id=forecast_id,
        series=_summary(result, totals=done.totals),
        notes=(*result.notes, *_apart(series, result)),
    )


def _apart(series: Series, result: ForecastResult) -> list[str]:
    """That members were forecast without their total, where they were."""
    ids = result.champions["unique_id"]
    if not series.dimension or series.metric in set(ids):
        return []
    return [f"{len(ids)} series are too many to be forecast so that they add up to {series.metric}"]


def _summary(result: ForecastResult, *, totals: pd.DataFrame) -> pd.DataFrame:
    """One row per series, as ``Outlook.series`` has them."""
    stated = result.predictions.groupby("unique_id", as_index=False).agg(cutoff=("cutoff", "first"))
    bounds = [f"lo_{_LEVEL}", f"hi_{_LEVEL}"]
    sums = totals.rename(columns={"y_hat": "expected"})[["unique_id", "expected", *bounds]]
    mase = result.scores.set_index(["unique_id", "model"])["mase"]
    said = set(result.members["model"])
    yardstick = next((name for name in YARDSTICKS if name in said), "")
    champions = result.champions.set_index("unique_id")["model"]
    reached = result.coverage[result.coverage.level == _LEVEL].set_index("unique_id")["coverage"]

    def error_of(model: str) -> list[float]:
        pairs = pd.MultiIndex.from_product([stated["unique_id"], [model]])
        return mase.reindex(pairs).tolist()

    return stated.merge(sums, on="unique_id").assign(
        champion=stated["unique_id"].map(champions),
        mase=error_of(COMBINATION),
        naive_mase=error_of(yardstick),
        coverage_80=stated["unique_id"].map(reached),
    )
