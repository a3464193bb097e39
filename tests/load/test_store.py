"""Forecasts, holidays and results: what notebooks write, and that writing it again adds nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from workbench.db import Database
from workbench.errors import AccountMissing
from workbench.forecast import ForecastResult, Panel
from workbench.load import (
    load_account,
    load_accounts,
    load_daily_revenue,
    load_forecast,
    load_forecast_coverage,
    load_forecast_scores,
    use_database,
)
from workbench.store import store_forecast, store_holidays

from .conftest import Book, days

LEVELS = (50, 80, 90, 95)


def result_of(cutoff: str, *, y_hat: float = 100.0, h: int = 3) -> ForecastResult:
    """A forecast written by hand: ets is the champion of a series, revenue."""
    last = pd.Timestamp(cutoff).as_unit("ns")
    steps = pd.DataFrame(
        {
            "unique_id": "revenue",
            "cutoff": last,
            "ds": pd.date_range(last, periods=h + 1)[1:].astype("datetime64[ns]"),
            "step": range(1, h + 1),
        }
    )
    said = {"combination": 0.0, "ets": 0.1, "seasonal_naive": 0.2, "naive": 0.3}
    single = {m: steps.assign(model=m, y_hat=y_hat + steps.step + more) for m, more in said.items()}
    bounds = {f"lo_{level}": y_hat - level for level in LEVELS}
    bounds |= {f"hi_{level}": y_hat + level for level in LEVELS}
    bounds |= {"lo_95": float("nan"), "hi_95": float("nan")}
    models = ["ets", "seasonal_naive", "naive"]
    ids = np.array(["revenue"], dtype=object)
    panel = Panel(
        ids, np.ones((1, 10)), pd.date_range(end=last, periods=10).to_numpy(), h, (7.0,), {}, None
    )
    return ForecastResult(
        predictions=single["combination"].assign(**bounds),
        members=pd.concat([single[m] for m in models]),
        weights=pd.DataFrame({"unique_id": "revenue", "model": models, "weight": [0.5, 0.3, 0.2]}),
        scores=SCORES,
        coverage=pd.DataFrame(
            {"unique_id": "revenue", "level": LEVELS, "coverage": [0.5, 0.75, 0.9, np.nan]}
        ),
        champions=pd.DataFrame({"unique_id": ["revenue"], "model": ["ets"]}),
        dropped=DROPPED,
        notes=("a note",),
        panels=(SimpleNamespace(tested=SimpleNamespace(panel=panel)),),  # type: ignore[arg-type]
    )


SCORES = pd.DataFrame(
    {
        "unique_id": "revenue",
        "model": ["combination", "ets", "seasonal_naive"],
        "n": [18, 18, 18],
        "mae": [9.0, 10.0, 12.5],
        "rmse": [10.0, 11.0, 14.0],
        "mase": [0.8, 0.9, 1.1],
        "smape": [0.2, 0.2, 0.3],
        "bias": [0.0, -1.0, 1.0],
    }
)
DROPPED = pd.DataFrame({"unique_id": ["revenue"], "model": ["prophet"], "reason": ["no optimum"]})


def store(book: Book, result: ForecastResult, **given: Any) -> str:
    told: dict[str, Any] = {"metric": "revenue", "unit": "USD", "parameters": {"seed": 1}}
    return store_forecast(book.account, result, **told | given)


def stored_rows(book: Book) -> list[int]:
    tables = ("forecast_model", "forecast_prediction", "backtest_score", "backtest_coverage")
    return [book.execute(f"select count(*) from model.{table}")[0][0] for table in tables]


def test_a_forecast_comes_back_as_it_was_said(book: Book) -> None:
    result = result_of("2026-11-01")
    forecast_id = store(book, result)
    found = load_forecast(book.account, "revenue")
    assert set(found.forecast_id) == {forecast_id}
    assert set(found.unit) == {"USD"}
    assert set(found.champion) == {"ets"}
    expected = result.predictions
    pd.testing.assert_frame_equal(found[expected.columns], expected)
    # midnight of New York, after summer time
    assert found.starts_at[0] == pd.Timestamp("2026-11-02 05:00", tz="UTC")
    # kept of the others: the champion, and what both are measured against
    assert stored_rows(book) == [1, 9, 4, 4]


def test_the_register_says_what_a_forecast_was_made_of(book: Book) -> None:
    forecast_id = store(book, result_of("2026-11-01"))
    (row,) = book.execute(
        "select metric, dimension, grain, stated, champion, horizon, unit, cutoff, history_from,"
        " data_as_of, parameters, dropped, notes, packages from model.forecast_model"
    )
    assert row[:7] == ("revenue", "", "D", "combination", "ets", 3, "USD")
    assert row[7:9] == (dt.date(2026, 11, 1), dt.date(2026, 10, 23))
    assert row[9] == book.account.as_of
    assert row[10:13] == ({"seed": 1}, [{"model": "prophet", "reason": "no optimum"}], ["a note"])
    assert row[13]["numpy"] == np.__version__
    assert set(row[13]) >= {"workbench", "pandas", "scipy"}
    scores = load_forecast_scores(book.account, forecast_id, unique_id="revenue")
    assert scores.model.tolist() == ["combination", "ets", "seasonal_naive", "naive"]
    assert scores.mase.tolist()[:3] == [0.8, 0.9, 1.1]
    assert scores.weight.tolist()[1:] == [0.5, 0.3, 0.2]
    assert scores.n.tolist() == [18, 18, 18, 0]  # too short a series to test naive is no failure
    coverage = load_forecast_coverage(book.account, forecast_id, unique_id="revenue")
    assert coverage.level.tolist() == list(LEVELS)
    assert coverage.coverage.tolist()[:3] == [0.5, 0.75, 0.9]
    assert np.isnan(coverage.coverage[3])


def test_the_same_forecast_again_adds_no_row_and_is_the_newest(book: Book) -> None:
    first = store(book, result_of("2026-11-01"))
    second = store(book, result_of("2026-11-01", y_hat=200))
    assert load_forecast(book.account, "revenue").forecast_id.unique() == [second]
    assert store(book, result_of("2026-11-01")) == first
    found = load_forecast(book.account, "revenue")
    assert found.forecast_id.unique() == [first]
    assert stored_rows(book) == [2, 18, 8, 8]
    ((made_at, confirmed_at),) = book.execute(
        "select created_at, confirmed_at from model.forecast_model where forecast_id = %(id)s",
        id=first,
    )
    assert made_at < confirmed_at
    assert set(found.made_at) == {pd.Timestamp(made_at)}


def test_another_question_is_another_forecast(book: Book) -> None:
    result = result_of("2026-11-01")
    ids = {
        store(book, result),
        store(book, result, parameters={"seed": 2}),
        store(book, result, unit="EUR"),
        store(book, result, grain="W"),
        store(book, result, metric="orders"),
    }
    assert len(ids) == 5


def test_a_look_back_reads_what_was_known_then(book: Book) -> None:
    early = store(book, result_of("2026-10-18"))
    late = store(book, result_of("2026-11-01"))
    store(book, result_of("2026-10-18"))  # said again, and yet not what is known latest
    assert load_forecast(book.account, "revenue").forecast_id.unique() == [late]
    then = load_forecast(book.account, "revenue", known_until=dt.date(2026, 10, 31))
    assert then.forecast_id.unique() == [early]
    assert load_forecast(book.account, "revenue", known_until=dt.date(2026, 10, 17)).empty
    assert load_forecast(book.account, "orders").empty
    assert load_forecast(book.account, "revenue", grain="W").empty


def made_at(book: Book, forecast_id: str, at: str) -> None:
    book.execute(
        "update model.forecast_model set created_at = %(at)s, confirmed_at = %(at)s"
        " where forecast_id = %(id)s",
        at=at,
        id=forecast_id,
    )


def test_what_was_forecast_in_march_for_june(book: Book) -> None:
    long = store(book, result_of("2026-02-28", h=120))
    short = store(book, result_of("2026-03-15", h=14))
    april = store(book, result_of("2026-04-10", h=120))
    for forecast_id, at in ((long, "2026-03-01"), (short, "2026-03-16"), (april, "2026-04-11")):
        made_at(book, forecast_id, f"{at} 12:00+00")
    asked = {
        "made_before": dt.datetime(2026, 4, 1, tzinfo=dt.UTC),
        "for_days": days("2026-06-01", "2026-06-30"),
    }
    found = load_forecast(book.account, "revenue", **asked)
    # the newer one of March does not reach June
    assert found.forecast_id.unique() == [long]
    assert found.ds.min() == pd.Timestamp("2026-06-01")
    assert found.ds.max() == pd.Timestamp("2026-06-28")  # as far as 120 days reach
    near = load_forecast(book.account, "revenue", **asked | {"for_days": days("2026-03-20")})
    assert near.forecast_id.unique() == [short]
    assert load_forecast(book.account, "revenue").forecast_id.unique() == [april]


@pytest.mark.parametrize(
    ("grain", "first", "cutoff", "starts"),
    [
        # half past five from UTC: an hour of UTC begins within an hour of the account
        ("h", "2026-11-01 19:00", "2026-11-01", ["2026-11-02"]),
        ("W", "2026-11-02", "2026-11-01", ["2026-11-02"]),
        ("MS", "2026-11-01", "2026-10-31", ["2026-11-01"]),
    ],
)
def test_steps_of_every_grain_lie_on_days_of_the_account(
    new_book: Callable[..., Book], grain: str, first: str, cutoff: str, starts: list[str]
) -> None:
    book = new_book(timezone="Asia/Kolkata")
    step = {"h": pd.Timedelta(hours=1), "W": pd.Timedelta(days=7), "MS": pd.offsets.MonthBegin()}
    result = result_of("2026-01-01", h=1)
    ahead = pd.Timestamp(first)
    of_step = {"ds": ahead, "cutoff": ahead - step[grain]}
    result = replace(
        result,
        predictions=result.predictions.assign(**of_step),
        members=result.members.assign(**of_step),
    )
    store(book, result, grain=grain)
    found = load_forecast(book.account, "revenue", grain=grain)
    assert found.ds.tolist() == [pd.Timestamp(day) for day in starts]
    assert found.cutoff.tolist() == [pd.Timestamp(cutoff)]
    known = ahead.tz_localize("UTC" if grain == "h" else "Asia/Kolkata").tz_convert("UTC")
    assert found.starts_at.tolist() == [known]


def test_what_was_predicted_can_neither_be_changed_nor_removed(book: Book) -> None:
    store(book, result_of("2026-11-01"))
    for told in (
        "update model.forecast_prediction set y_hat = 0",
        "delete from model.forecast_prediction",
        "truncate model.forecast_prediction",
        "delete from model.forecast_model",
        "update model.backtest_score set mase = 0",
        "update model.backtest_coverage set coverage = 1",
    ):
        with pytest.raises(Exception, match="is append-only"):
            book.execute(told)
    assert stored_rows(book) == [1, 9, 4, 4]
    with book.database.connection() as connection:  # an owner who must
        connection.execute("set local workbench.upkeep = 'forecasts'")
        connection.execute("delete from model.forecast_model")
    assert stored_rows(book) == [0, 0, 0, 0]


def test_a_forecast_that_cannot_be_stored_leaves_nothing(book: Book) -> None:
    result = result_of("2026-11-01")
    twice = replace(result, coverage=pd.concat([result.coverage, result.coverage]))
    with pytest.raises(Exception, match="duplicate key value"):
        store(book, twice)
    assert stored_rows(book) == [0, 0, 0, 0]


def test_forecasts_of_accounts_do_not_mix(new_book: Callable[..., Book]) -> None:
    mine, other = new_book(), new_book()
    forecast_id = store(mine, result_of("2026-11-01"))
    assert load_forecast(other.account, "revenue").empty
    assert load_forecast_scores(other.account, forecast_id, unique_id="revenue").empty
    assert load_forecast_coverage(other.account, forecast_id, unique_id="revenue").empty


def calendar(**names: str) -> pd.DataFrame:
    """Holidays by day: d2026_10_30="..."."""
    found = [day.removeprefix("d").replace("_", "-") for day in names]
    return pd.DataFrame({"ds": pd.to_datetime(found), "holiday": list(names.values())})


def holidays(book: Book) -> list[str | None]:
    return load_daily_revenue(book.account, days("2026-10-29", "2026-11-01")).holiday.tolist()


def test_holidays_are_written_renamed_and_taken_back(book: Book) -> None:
    book.event("viewed", "2026-10-29 15:00+00")
    book.refresh()
    assert holidays(book) == [None] * 4
    both = calendar(d2026_10_30="Friday of rest", d2026_11_01="All Saints", d2020_01_01="Long ago")
    assert store_holidays(book.account, both) == 2
    assert holidays(book) == [None, "Friday of rest", None, "All Saints"]
    assert store_holidays(book.account, both) == 2
    assert holidays(book) == [None, "Friday of rest", None, "All Saints"]

    assert store_holidays(book.account, calendar(d2026_10_30="Renamed")) == 1
    assert holidays(book) == [None, "Renamed", None, None]
    assert store_holidays(book.account, calendar()) == 0
    assert holidays(book) == [None] * 4


def test_two_holidays_on_a_day_are_both_named(book: Book) -> None:
    book.event("viewed", "2026-10-29 15:00+00")
    book.refresh()
    twice = pd.concat([calendar(d2026_10_30="Rest"), calendar(d2026_10_30="Joy")])
    assert store_holidays(book.account, twice) == 1
    assert holidays(book)[1] == "Joy, Rest"


def test_holidays_are_the_account_s_alone(new_book: Callable[..., Book]) -> None:
    mine, other = new_book(), new_book()
    for book in (mine, other):
        book.event("viewed", "2026-10-29 15:00+00")
        book.refresh()
    store_holidays(mine.account, calendar(d2026_10_30="Mine"))
    assert holidays(other) == [None] * 4


def test_an_account_is_found_by_id_or_as_the_one_synced_last(
    new_book: Callable[..., Book],
) -> None:
    first, second = new_book(timezone="Asia/Kolkata"), new_book()
    assert load_account().account_id == second.account_id
    account = load_account(first.account_id)
    assert account.first_day is None
    assert (account.timezone, account.is_simulated) == ("Asia/Kolkata", True)
    # synced up to half past ten in the morning of the tenth: the ninth is the last whole day
    assert account.last_day == dt.date(2026, 11, 9)
    first.event("viewed", "2026-10-28 20:00+00")
    first.refresh()
    assert load_account(first.account_id).first_day == dt.date(2026, 10, 29)
    assert load_accounts().account_id.tolist() == [second.account_id, first.account_id]


def test_no_account_says_what_to_type(database: Database) -> None:
    use_database(database)
    with pytest.raises(AccountMissing, match="no account is in the database") as missing:
        load_account()
    assert "workbench sync" in missing.value.hint


def test_an_unknown_account_is_named(book: Book) -> None:
    with pytest.raises(AccountMissing, match="account nobody is not in the database"):
        load_account("nobody")


def test_an_account_whose_first_sync_has_not_finished(book: Book) -> None:
    book.execute("update ops.sync_run set status = 'running', finished_at = null")
    with pytest.raises(AccountMissing, match=f"no sync of account {book.account_id} has finished"):
        load_account()
