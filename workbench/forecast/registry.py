"""The models that a forecast uses unless told otherwise, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from workbench.errors import InputInvalid
from workbench.forecast.baselines import seasonal_naive
from workbench.forecast.model import Model
from workbench.forecast.prophet_model import prophet
from workbench.forecast.smoothing import ets

__all__ = ["MODELS", "named_models"]

MODELS: Mapping[str, Model] = MappingProxyType(
    {"seasonal_naive": seasonal_naive, "ets": ets, "prophet": prophet}
)


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
