"""Many series over many workers: the frames are the same, whoever computed them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.errors import DataMissing, WorkFailed
from workbench.executor import Workers
from workbench.outlooks import Asked, Forecasts, forecast_series
from workbench.outlooks.pieces import cut

ASKED = Asked(horizon=14, origins=3)
FRAMES = ("predictions", "members", "weights", "scores", "coverage", "champions", "dropped")


def sold(count: int, *, days: int = 420) -> pd.DataFrame:
    """Daily series with a week and noise; every tenth is young, every seventh mostly zero."""
    rng = np.random.default_rng(count)
    ds = pd.date_range("2024-01-01", periods=days).astype("datetime64[ns]")
    frames = []
    for at in range(count):
        y = 100 * rng.lognormal(0, 0.5, 7)[np.arange(days) % 7] * rng.lognormal(0, 0.2, days)
        if at % 7 == 0:
            y = np.where(rng.random(days) < 0.8, 0, y.round())
        first = days - 120 if at % 10 == 0 else 0
        frames.append(
            pd.DataFrame({"unique_id": f"series {at:03}", "ds": ds[first:], "y": y[first:]})
        )
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def series() -> pd.DataFrame:
    return sold(300)


@pytest.fixture(scope="module")
def expected(series: pd.DataFrame) -> Forecasts:
    return forecast_series(series, asked=ASKED, workers=Workers(1), country="US")


def assert_same(found: Forecasts, expected: Forecasts) -> None:
    """To the last bit."""
    for name in FRAMES:
        pd.testing.assert_frame_equal(
            getattr(found.result, name), getattr(expected.result, name), check_exact=True
        )
    pd.testing.assert_frame_equal(found.totals, expected.totals, check_exact=True)
    assert found.result.notes == expected.result.notes


def test_every_series_is_forecast(series: pd.DataFrame, expected: Forecasts) -> None:
    said = expected.result.predictions
    assert said.groupby("unique_id").size().eq(ASKED.horizon).sum() == 300
    assert set(said["unique_id"]) == set(expected.totals["unique_id"]) == set(series["unique_id"])
    assert np.isfinite(said["y_hat"]).all()


def test_two_processes_say_what_one_says(series: pd.DataFrame, expected: Forecasts) -> None:
    found = forecast_series(series, asked=ASKED, workers=Workers(2), country="US")
    assert_same(found, expected)


def test_two_workers_of_dask_say_what_one_process_says(
    series: pd.DataFrame, expected: Forecasts, scheduler: str
) -> None:
    workers = Workers(1, scheduler=scheduler)
    assert scheduler.startswith("tcp://127.0.0.1:")
    found = forecast_series(series, asked=ASKED, workers=workers, country="US")
    assert_same(found, expected)


def test_pieces_are_of_about_the_same_size_and_hold_every_row_once() -> None:
    rows = sold(201, days=130)
    pieces = cut(rows, name="shop", asked=ASKED)
    assert [piece.rows["unique_id"].nunique() for piece in pieces] == [101, 100]
    assert [piece.name for piece in pieces] == [
        "shop: 101 series from series 000 to series 100",
        "shop: 100 series from series 101 to series 200",
    ]
    for given in (rows, rows.sample(frac=1, random_state=1)):  # in any order
        again = [piece.rows for piece in cut(given, name="shop", asked=ASKED)]
        for found, piece in zip(again, pieces, strict=True):
            pd.testing.assert_frame_equal(found, piece.rows, check_exact=True)
        pd.testing.assert_frame_equal(pd.concat(again, ignore_index=True), rows, check_exact=True)
    assert cut(rows.head(0), name="shop", asked=ASKED) == []


@pytest.mark.parametrize(("count", "total"), [(3, "sales"), (199, "sales"), (200, "")])
def test_members_share_a_piece_with_their_total_while_there_is_room(count: int, total: str) -> None:
    rows = sold(count, days=20)
    first, *others = cut(rows, name="shop", asked=ASKED, total="sales")
    assert (first.total, others) == (total, [])
    sums = first.rows[first.rows["unique_id"] == "sales"]
    if total:
        np.testing.assert_allclose(sums["y"], rows.groupby("ds")["y"].sum())
    else:
        assert sums.empty


def test_only_days_have_holidays() -> None:
    rows = sold(1, days=40)
    (days,) = cut(rows, name="shop", asked=Asked(grain="D"), country="US")
    (weeks,) = cut(rows, name="shop", asked=Asked(grain="W"), country="US")
    assert (days.country, weeks.country) == ("US", None)


@pytest.mark.parametrize("is_dask", [False, True])
def test_series_that_cannot_be_forecast_are_named(scheduler: str, is_dask: bool) -> None:
    rows = sold(3, days=40)
    rows.loc[rows["unique_id"] == "series 001", "y"] = np.inf
    workers = Workers(2, scheduler=scheduler if is_dask else "")
    with pytest.raises(WorkFailed, match=r"3 series from series 000 to series 002: .*series 001"):
        forecast_series(rows, asked=ASKED, workers=workers)


def test_no_series_are_no_forecast() -> None:
    with pytest.raises(DataMissing, match="no series"):
        forecast_series(sold(1).head(0), asked=ASKED, workers=Workers(1))
