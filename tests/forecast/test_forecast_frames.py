"""What a series has to be before it can be forecast, and the arrays that models read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.errors import ContractBroken, DataMissing, InputInvalid
from workbench.forecast import future_frame, panels
from workbench.forecast.frames import FREQUENCIES, checked_series, seasons_of


def test_rows_are_sorted_by_series_and_day(series):
    shuffled = pd.concat([series([4, 5], uid="b"), series([1, 2, 3], uid="a")]).iloc[
        [3, 0, 4, 1, 2]
    ]
    ordered = checked_series(shuffled, freq="D")
    assert ordered["unique_id"].tolist() == ["a", "a", "a", "b", "b"]
    assert ordered["y"].tolist() == [1, 2, 3, 4, 5]


def test_the_first_missing_day_is_named(series):
    with pytest.raises(DataMissing, match="shop has no row for 2025-01-08") as refused:
        checked_series(series([1, 2, 3, 4, 5]).drop(index=[2, 3]), freq="D")
    assert "0" in refused.value.hint


def test_a_day_twice_is_refused(series):
    twice = pd.concat([series([1, 2]), series([3])])
    with pytest.raises(ContractBroken, match="shop has 2025-01-06 twice"):
        checked_series(twice, freq="D")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_refused(series, value):
    with pytest.raises(DataMissing, match=f"shop: y is {value} on 2025-01-07"):
        checked_series(series([1, value, 3]), freq="D")


def test_columns_and_types_are_checked(series):
    good = series([1, 2])
    with pytest.raises(ContractBroken, match="no column 'y'"):
        checked_series(good.drop(columns="y"), freq="D")
    with pytest.raises(ContractBroken, match=r"ds is datetime64\[ns, UTC\]"):
        checked_series(good.assign(ds=good["ds"].dt.tz_localize("UTC")), freq="D")
    with pytest.raises(ContractBroken, match="y is object, not a number"):
        checked_series(good.assign(y=good["y"].astype(object)), freq="D")
    with pytest.raises(DataMissing, match="there is no series"):
        checked_series(good.head(0), freq="D")


@pytest.mark.parametrize(
    ("freq", "start", "missing"),
    [
        ("h", "2025-03-30 01:00", "2025-03-30 03:00"),
        ("D", "2024-02-27", "2024-02-29"),
        ("W", "2024-12-23", "2025-01-06"),
        ("MS", "2024-12-01", "2025-02-01"),
    ],
)
def test_steps_follow_each_other_as_pandas_counts_them(freq, start, missing):
    every = pd.Timedelta(days=7) if freq == "W" else freq
    ds = pd.date_range(start, periods=9, freq=every).astype("datetime64[ns]")
    history = pd.DataFrame({"unique_id": "shop", "ds": ds[:5], "y": 1.0})
    assert checked_series(history, freq=freq)["ds"].tolist() == list(ds[:5])
    assert future_frame(history, h=4, freq=freq)["ds"].tolist() == list(ds[5:])
    with pytest.raises(DataMissing, match=f"shop has no row for {missing}"):
        checked_series(history.drop(index=2), freq=freq)


def test_steps_without_dates_follow_each_other_by_one():
    history = pd.DataFrame({"unique_id": "T1", "ds": [3, 4, 5], "y": [1.0, 2, 3]})
    assert checked_series(history, freq="W")["ds"].tolist() == [3, 4, 5]
    assert future_frame(history, h=2, freq="W")["ds"].tolist() == [6, 7]
    with pytest.raises(DataMissing, match="T1 has no row for step 4"):
        checked_series(history.drop(index=1), freq="W")


def test_a_frequency_that_is_none_is_refused(series):
    assert [seasons_of(freq)[0] for freq in FREQUENCIES] == [24, 7, 365.25 / 7, 12]
    with pytest.raises(InputInvalid, match="freq is 'Q'") as refused:
        checked_series(series([1, 2]), freq="Q")
    assert "D (day)" in refused.value.hint


def test_the_days_ahead_follow_each_series_own_end(series):
    both = pd.concat([series([1, 2, 3], uid="a"), series([1], uid="b")])
    ahead = future_frame(both, h=2, freq="D")
    assert ahead["unique_id"].tolist() == ["a", "a", "b", "b"]
    assert ahead["ds"].dt.strftime("%d").tolist() == ["09", "10", "07", "08"]
    assert ahead["ds"].dtype == both["ds"].dtype
    with pytest.raises(InputInvalid, match="h is 0"):
        future_frame(both, h=0, freq="D")


def test_what_is_known_in_advance_must_cover_the_horizon(series):
    history = series([1, 2]).assign(promotion=[0, 1])
    with pytest.raises(ContractBroken, match="has 'promotion', the steps ahead do not"):
        future_frame(history, h=2, freq="D")
    known = series([0], start="2025-01-08").rename(columns={"y": "promotion"})
    assert future_frame(history, h=1, freq="D", known=known)["promotion"].tolist() == [0]
    with pytest.raises(DataMissing, match="shop: promotion is not known for 2025-01-09"):
        future_frame(history, h=2, freq="D", known=known)


def test_series_of_one_end_and_calendar_share_a_panel_aligned_at_the_end(series):
    old = series([1, 2, 3, 4], uid="old")
    young = series([5, 6], uid="young", start="2025-01-08")
    ended = series([7, 8, 9], uid="ended")
    both = pd.concat([young, old, ended]).assign(sends=lambda rows: rows["y"] * 10)
    known = future_frame(both[["unique_id", "ds", "y"]], h=2, freq="D").assign(sends=1.0)
    ahead = future_frame(both, h=2, freq="D", known=known)
    first, last = panels(checked_series(both, freq="D"), future=ahead, seasons=(7,))
    assert list(first.ids) == ["ended"]
    assert list(last.ids) == ["old", "young"]
    np.testing.assert_array_equal(last.y, [[1, 2, 3, 4], [np.nan, np.nan, 5, 6]])
    np.testing.assert_array_equal(
        last.known["sends"], [[10, 20, 30, 40, 1, 1], [0, 0, 50, 60, 1, 1]]
    )
    assert last.lengths.tolist() == [4, 2]
    assert pd.DatetimeIndex(last.ds).strftime("%d").tolist() == ["06", "07", "08", "09", "10", "11"]


def test_a_panel_gives_back_the_frames_it_was_made_of(series):
    both = pd.concat([series([1, 2, 3], uid="a"), series([5], uid="b", start="2025-01-08")])
    both = both.assign(holiday=["", "Epiphany", "", ""])
    known = future_frame(both[["unique_id", "ds", "y"]], h=2, freq="D").assign(holiday="")
    ahead = future_frame(both, h=2, freq="D", known=known)
    made = panels(checked_series(both, freq="D"), future=ahead, seasons=(7,))
    columns = ["unique_id", "ds", "y", "holiday"]
    histories, futures = zip(*(pair for panel in made for pair in panel.frames()), strict=True)
    again = pd.concat(histories)[columns].sort_values(["unique_id", "ds"], ignore_index=True)
    pd.testing.assert_frame_equal(again, both[columns].reset_index(drop=True))
    pd.testing.assert_frame_equal(
        pd.concat(futures).sort_values(["unique_id", "ds"], ignore_index=True), ahead
    )
