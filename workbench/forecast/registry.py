"""The models that a forecast uses unless told otherwise, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from workbench.errors import InputInvalid
from workbench.forecast.frames import seasons_of
from workbench.forecast.model import Model
from workbench.forecast.models.arima import arima
from workbench.forecast.models.autoregression import autoregression, autoregression_path
from workbench.forecast.models.baselines import naive, season_means, seasonal_naive
from workbench.forecast.models.counts import adida, croston, imapa, sba, tsb
from workbench.forecast.models.ets import ets
from workbench.forecast.models.pooled import pooled_ridge
from workbench.forecast.models.prophet_model import prophet
from workbench.forecast.models.regression import regression, regression_with_lags
from workbench.forecast.models.remainder import on_remainder
from workbench.forecast.models.smoothing import damped_path, drift_path, ses_path, theta_path
from workbench.forecast.models.stl import stl_drift, stl_ets

__all__ = ["CANDIDATES", "MODELS", "SPARSE_MODELS", "models_for", "named_models"]

_DAY, _WEEK = 24, 168  # in hours
_YEAR = seasons_of("W")[0]  # in weeks

_WEEKS = (1, 2, 3, 4, 8, 13, 26, 51, 52, 53)
_AROUND_A_DAY, _AROUND_A_WEEK = (23, 24, 25, 48), (167, 168, 169)
_MANY_HOURS = (1, 2, 3, 4, 5, 6, 12, 22, *_AROUND_A_DAY, 26, 47, 49, 72, 96, 120)

# By frequency, what is combined; a new model is one function in one file and one line here.
# Chosen on rolling origins inside the training parts: M4 Weekly 13 to 52 weeks, M4 Hourly 48 to
# 168 hours, NN5 56 to 168 days before the end. There a root nearer to the logarithm suits seasons
# that repeat exactly, values as they are suit what is learnt from all series; both kinds together
# are better than either. Monthly candidates follow the weekly ones, no monthly set was looked at.
CANDIDATES: Mapping[str, Mapping[str, Model]] = MappingProxyType(
    {
        "h": {
            "naive": naive,
            "seasonal_naive": seasonal_naive,
            "same_hour_last_week": season_means(count=1, season=_WEEK),
            "same_hour_three_weeks": season_means(count=3, season=_WEEK),
            "day_ses": on_remainder(ses_path, season=_DAY, discount=0.9, power=1),
            "week_theta": on_remainder(theta_path, season=_WEEK, discount=0.95, power=0.25),
            "ar_week": autoregression(lags=(1, 2, 3, *_AROUND_A_DAY, *_AROUND_A_WEEK), power=0.25),
            "ar_many": autoregression(
                lags=(*_MANY_HOURS, 143, 144, 145, 166, *_AROUND_A_WEEK, 170), power=0.25
            ),
            "ar_two_weeks": autoregression(
                lags=(1, 2, 24, 25, 168, 169, 192, 336, 337), power=0.25
            ),
            "pooled_week": pooled_ridge(width=192, centre=24, stride=6),
            "pooled_two_weeks": pooled_ridge(width=336, centre=168, stride=6, power=0.25),
            "regression_with_lags": regression_with_lags,
        },
        "D": {
            "naive": naive,
            "seasonal_naive": seasonal_naive,
            "week_ses": on_remainder(ses_path, season=7),
            "week_theta": on_remainder(theta_path, season=7, power=0.25),
            "week_ar": on_remainder(autoregression_path, season=7),
            "plain_week_ar": on_remainder(autoregression_path, season=7, power=1),
            "recent_week_ar": on_remainder(autoregression_path, season=7, discount=0.9, power=1),
            "pooled_season": pooled_ridge(width=112, centre=56, stride=7, power=1),
            "pooled_year": pooled_ridge(width=371, centre=56, stride=3, power=1),
            "regression": regression,
            "regression_with_lags": regression_with_lags,
        },
        "W": {
            "naive": naive,
            "theta": on_remainder(theta_path),
            "year_theta": on_remainder(theta_path, season=_YEAR, discount=0.9, power=0.25),
            "year_damped": on_remainder(damped_path, season=_YEAR, discount=0.9),
            "year_drift": on_remainder(
                drift_path, season=_YEAR, discount=0.9, smooth=1, power=0.25
            ),
            "year_ar": on_remainder(
                autoregression_path, season=_YEAR, discount=0.9, smooth=1, power=1
            ),
            "ar_year": autoregression(lags=_WEEKS, power=0.25),
            "plain_ar_year": autoregression(lags=_WEEKS, power=1),
            "pooled_season": pooled_ridge(width=20, centre=1),
            "pooled_year": pooled_ridge(width=66, centre=52, power=1),
            "pooled_two_years": pooled_ridge(width=105, centre=1, power=1),
            "regression_with_lags": regression_with_lags,
        },
        "MS": {
            "naive": naive,
            "seasonal_naive": seasonal_naive,
            "theta": on_remainder(theta_path),
            "damped": on_remainder(damped_path),
            "year_ses": on_remainder(ses_path, season=12, discount=0.9),
            "year_theta": on_remainder(theta_path, season=12, discount=0.9),
            "year_damped": on_remainder(damped_path, season=12, discount=0.9),
            "ar_year": autoregression(lags=(1, 2, 3, 12, 13)),
            "pooled": pooled_ridge(width=24, centre=1),
            "regression_with_lags": regression_with_lags,
        },
    }
)

# what is combined besides where a series is mostly zero, whatever its frequency
SPARSE_MODELS: Mapping[str, Model] = MappingProxyType({"sba": sba, "tsb": tsb, "imapa": imapa})

# what a caller may name, beyond the candidates of a frequency
MODELS: Mapping[str, Model] = MappingProxyType(
    {
        "naive": naive,
        "seasonal_naive": seasonal_naive,
        "ets": ets,
        "arima": arima,
        "stl_ets": stl_ets,
        "stl_drift": stl_drift,
        "prophet": prophet,
        "croston": croston,
        "sba": sba,
        "tsb": tsb,
        "adida": adida,
        "imapa": imapa,
    }
)


def models_for(freq: str) -> dict[str, Model]:
    """The models that are combined for a frequency, by name.

    Raises:
        InputInvalid: there is no such frequency.
    """
    seasons_of(freq)
    return dict(CANDIDATES[freq])


def named_models(names: Sequence[str]) -> dict[str, Model]:
    """The models of those names, in that order.

    >>> list(named_models(["ets", "seasonal_naive"]))
    ['ets', 'seasonal_naive']

    Raises:
        InputInvalid: there is no model of that name.
    """
    for name in names:
        if name not in MODELS:
            raise InputInvalid(f"no model is named {name!r}", hint=f"known: {', '.join(MODELS)}")
    return {name: MODELS[name] for name in names}
