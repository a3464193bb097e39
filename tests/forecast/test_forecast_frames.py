"""What a series has to be before it can be forecast."""

from __future__ import annotations

import pandas as pd
import pytest

from workbench.errors import ContractBroken, DataMissing, InputInvalid
from workbench.forecast import future_frame
from workbench.forecast.frames import checked_series


def test_rows_are_sorted_by_series_and_day(series):
    shuffled = pd.concat([series([4, 5], uid="b"), series([1, 2, 3], uid="a")]).iloc[
        [3, 0, 4, 1, 2]
    ]
    ordered = checked_series(shuffled)
    assert ordered["unique_id"].tolist() == ["a", "a", "a", "b", "b"]
    assert ordered["y"].tolist() == [1, 2, 3, 4, 5]


def test_the_first_missing_day_is_named(series):
    with pytest.raises(DataMissing, match="shop has no row for 2025-01-08") as refused:
        checked_series(series([1, 2, 3, 4, 5]).drop(index=[2, 3]))
    assert "0" in refused.value.hint


def test_a_day_twice_is_refused(series):
    twice = pd.concat([series([1, 2]), series([3])])
    with pytest.raises(ContractBroken, match="shop has 2025-01-06 twice"):
        checked_series(twice)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_refused(series, value):
    with pytest.raises(DataMissing, match=f"shop: y is {value} on 2025-01-07"):
        checked_series(series([1, value, 3]))


def test_columns_and_types_are_checked(series):
    good = series([1, 2])
    with pytest.raises(ContractBroken, match="no column 'y'"):
        checked_series(good.drop(columns="y"))
    with pytest.raises(ContractBroken, match=r"ds is datetime64\[ns, UTC\]"):
        checked_series(good.assign(ds=good["ds"].dt.tz_localize("UTC")))
    with pytest.raises(ContractBroken, match="y is object, not a number"):
        checked_series(good.assign(y=good["y"].astype(object)))
    with pytest.raises(DataMissing, match="there is no series"):
        checked_series(good.head(0))


def test_the_days_ahead_follow_each_series_own_end(series):
    both = pd.concat([series([1, 2, 3], uid="a"), series([1], uid="b")])
    ahead = future_frame(both, h=2)
    assert ahead["unique_id"].tolist() == ["a", "a", "b", "b"]
    assert ahead["ds"].dt.strftime("%d").tolist() == ["09", "10", "07", "08"]
    assert ahead["ds"].dtype == both["ds"].dtype
    with pytest.raises(InputInvalid, match="h is 0"):
        future_frame(both, h=0)


def test_what_is_known_in_advance_must_cover_the_horizon(series):
    history = series([1, 2]).assign(promotion=[0, 1])
    with pytest.raises(ContractBroken, match="the series has 'promotion', the days ahead do not"):
        future_frame(history, h=2)
    known = series([0], start="2025-01-08").rename(columns={"y": "promotion"})
    assert future_frame(history, h=1, known=known)["promotion"].tolist() == [0]
    with pytest.raises(DataMissing, match="shop: promotion is not known for 2025-01-09"):
        future_frame(history, h=2, known=known)
