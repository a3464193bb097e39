"""The whole job: series in; backtested, combined and calibrated forecasts out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from workbench.forecast.calendar import special_days, with_holidays
from workbench.forecast.frames import checked_series, future_frame, seasons_of
from workbench.forecast.model import Model
from workbench.forecast.origins import rolling_origins
from workbench.forecast.panel import panels
from workbench.forecast.panel_forecast import forecast_panel
from workbench.forecast.registry import SPARSE_MODELS, models_for
from workbench.forecast.result import ForecastResult, result_of

__all__ = ["forecast"]


def forecast(
    series: pd.DataFrame,
    *,
    h: int,
    seed: int,
    freq: str = "D",
    seasons: Sequence[float] | None = None,
    models: Mapping[str, Model] | None = None,
    country: str | None = None,
    future: pd.DataFrame | None = None,
    origins: int = 6,
    step: int | None = None,
    by: str = "mase",
) -> ForecastResult:
    """Forecast each series by a combination of models, weighted by their skill on its past.

    Args:
        series: one row per (unique_id, ds), a row for every step; see ``frames.checked_series``.
        h: steps ahead.
        seed: handed to every model; same inputs and seed, same result.
        freq: of the steps: h, D, W or MS.
        seasons: their lengths in steps, the shortest first; those of ``freq`` when not given.
        models: by the name under which they are reported; those of ``freq`` when not given, and
            then those for demand that is mostly zero are tried on series of that kind.
        country: name or ISO code; its public holidays and the days that shops live by enter as
            the column ``holiday``.
        future: one row per (unique_id, ds) ahead, with the columns known in advance that the
            series has; not needed when it has none.
        origins: of the backtest; more of them make weights and intervals finer.
        step: steps between two origins; half of h when not given.
        by: the score that crowns the champion; of a series that is mostly zero it is rmse, because
            a forecast of 0 has the smallest absolute error.

    Raises:
        ContractBroken, DataMissing: the series or ``future`` cannot be forecast as it is.
        InputInvalid: a number is below 1, ``by`` is no score, or ``freq`` no frequency.
        ModelFailed: every model failed for some series.
    """
    series = checked_series(series, freq=freq)
    ahead = future_frame(series, h=h, freq=freq, known=future)
    notes: tuple[str, ...] = ()
    if country and series["ds"].dtype.kind != "M":
        notes = (f"no holidays of {country}: the steps have no dates",)
    elif country:
        days = _holidays(country, series=series, ahead=ahead)
        series = with_holidays(series, days=days, freq=freq)
        ahead = with_holidays(ahead, days=days, freq=freq)
        notes = tuple(days.attrs.values())
    backs = rolling_origins(h=h, origins=origins, step=step or max(1, h // 2))
    done = tuple(
        forecast_panel(
            panel,
            models=models_for(freq) if models is None else models,
            sparse_models=SPARSE_MODELS if models is None else {},
            origins=backs,
            seed=seed,
        )
        for panel in panels(series, future=ahead, seasons=seasons or seasons_of(freq))
    )
    return result_of(done, notes=notes, by=by)


def _holidays(country: str, *, series: pd.DataFrame, ahead: pd.DataFrame) -> pd.DataFrame:
    first, last = series["ds"].min().year, ahead["ds"].max().year
    return special_days(country, years=range(first, last + 1))
