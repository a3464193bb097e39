"""Forecasts of many series: loaded here, computed by workers, registered here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields, replace

import pandas as pd

from workbench.errors import DataMissing
from workbench.executor import Workers, mapped
from workbench.forecast import ForecastResult, forecast, forecast_totals, reconcile
from workbench.forecast.outlook import COMBINATION
from workbench.load import Account, Series, load_series
from workbench.periods import DateRange
from workbench.store import YARDSTICKS, store_forecast

__all__ = ["Asked", "Outlook", "make_outlooks"]

_CHUNK = 200  # series forecast at once, whoever does it: what is pooled over series depends on it
_LEVEL = 80  # percent, of the interval of a total


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


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Series that are forecast at once; the tree, where there is one, says which add up."""

    name: str
    rows: pd.DataFrame
    tree: pd.DataFrame | None
    country: str | None
    asked: Asked


@dataclass(frozen=True, slots=True)
class _Done:
    """What a worker hands back: the forecast, and the total of each series over all steps."""

    result: ForecastResult
    totals: pd.DataFrame


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
        WorkFailed: some series could not be forecast; the message says of which account and metric.
    """
    found: list[tuple[Account, Series | Outlook]] = [
        (account, _loaded(account, metric, asked=asked))
        for account in accounts
        for metric in metrics
    ]
    chunks = [
        list(_chunks(account, one, asked=asked)) if isinstance(one, Series) else []
        for account, one in found
    ]
    results = iter(
        mapped(
            _forecast,
            [chunk for some in chunks for chunk in some],
            workers=workers,
            name=lambda chunk: chunk.name,
            title="forecast",
        )
    )
    return [
        _registered(account, one, [next(results) for _ in some], asked=asked)
        if isinstance(one, Series)
        else one
        for (account, one), some in zip(found, chunks, strict=True)
    ]


def _loaded(account: Account, metric: str, *, asked: Asked) -> Series | Outlook:
    last = min(asked.as_of or account.last_day, account.last_day)
    days = DateRange(last - dt.timedelta(days=asked.history_days - 1), last)
    try:
        return load_series(account, metric, days, dimension=asked.dimension, grain=asked.grain)
    except DataMissing as error:
        return Outlook(account.account_id, metric, reason=error.message)


def _chunks(account: Account, series: Series, *, asked: Asked) -> Iterator[_Chunk]:
    rows = series.rows
    tree = None
    if series.dimension and rows["unique_id"].nunique() < _CHUNK:
        rows, tree = _with_total(series)
    ids = rows["unique_id"].unique()
    country = account.country if asked.grain == "D" else None
    for first in range(0, len(ids), _CHUNK):
        some = rows[rows["unique_id"].isin(ids[first : first + _CHUNK])]
        yield _Chunk(f"{account.account_id} {series.metric}", some, tree, country, asked)


def _with_total(series: Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The members and their sum, and that they add up to it."""
    total = series.rows.groupby("ds", as_index=False)["y"].sum().assign(unique_id=series.metric)
    rows = pd.concat([total, series.rows], ignore_index=True)[["unique_id", "ds", "y"]]
    members = series.rows["unique_id"].unique()
    return rows, pd.DataFrame({"parent": series.metric, "child": members})


def _forecast(chunk: _Chunk) -> _Done:
    result = forecast(
        chunk.rows,
        h=chunk.asked.horizon,
        seed=chunk.asked.seed,
        freq=chunk.asked.grain,
        country=chunk.country,
        origins=chunk.asked.origins,
    )
    if chunk.tree is not None:
        result = _coherent(result, tree=chunk.tree)
    return _Done(result, forecast_totals(result, seed=chunk.asked.seed))


def _coherent(result: ForecastResult, *, tree: pd.DataFrame) -> ForecastResult:
    """The forecast, its members adding up to their total where all of them can be compared."""
    if len(result.panels) == 1:
        return reconcile(result, tree=tree)
    note = f"{len(tree)} series do not add up to their total: some are too young"
    return replace(result, notes=(*result.notes, note))


def _whole(parts: Sequence[ForecastResult]) -> ForecastResult:
    """The parts as one, each note once."""

    def joined(name: str) -> object:
        values = [getattr(part, name) for part in parts]
        if isinstance(values[0], pd.DataFrame):
            return pd.concat(values, ignore_index=True)
        return tuple(dict.fromkeys(one for value in values for one in value))

    if len(parts) == 1:
        return parts[0]
    names = [one.name for one in fields(ForecastResult) if one.name != "panels"]
    panels = tuple(panel for part in parts for panel in part.panels)
    return ForecastResult(**{name: joined(name) for name in names}, panels=panels)  # type: ignore[arg-type]


def _registered(
    account: Account, series: Series, parts: Sequence[_Done], *, asked: Asked
) -> Outlook:
    result = _whole([part.result for part in parts])
    totals = pd.concat([part.totals for part in parts], ignore_index=True)
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
        series=_summary(result, totals=totals),
        notes=result.notes,
    )


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
