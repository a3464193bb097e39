"""Forecasts, holidays and results: what notebooks write, and that writing it again adds nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from workbench.db import Database
from workbench.errors import AccountMissing
from workbench.load import (
    load_account,
    load_accounts,
    load_daily_revenue,
    load_forecast,
    load_forecast_scores,
    use_database,
)
from workbench.store import store_forecast, store_holidays

from .conftest import Book, days

MODELS = ("ets", "seasonal_naive")


def prediction_frame(cutoff: str, *, y_hat: float = 100.0, h: int = 3) -> pd.DataFrame:
    first = pd.Timestamp(cutoff)
    return pd.DataFrame(
        [
            {
                "unique_id": "revenue",
                "ds": first + pd.Timedelta(days=step),
                "step": step,
                "model": model,
                "y_hat": y_hat + step + (0.1 if model == "ets" else 0.2),
                "lo_80": y_hat / 2,
                "hi_80": y_hat * 2,
                "lo_95": float("nan"),
                "hi_95": float("nan"),
                "is_champion": model == "ets",
                "cutoff": first,
            }
            for model in MODELS
            for step in range(1, h + 1)
        ]
    )


SCORES = pd.DataFrame(
    {
        "unique_id": "revenue",
        "model": ["seasonal_naive", "ets"],
        "n": [18, 18],
        "mae": [12.5, 10.0],
        "rmse": [14.0, 11.0],
        "mase": [1.1, 0.9],
        "smape": [0.3, 0.2],
        "bias": [1.0, -1.0],
        "coverage_80": [0.8, 0.75],
        "coverage_95": [float("nan"), float("nan")],
    }
)
DROPPED = pd.DataFrame({"unique_id": ["revenue"], "model": ["prophet"], "reason": ["no optimum"]})


def store(book: Book, predictions: pd.DataFrame, **given: Any) -> str:
    told: dict[str, Any] = {
        "scores": SCORES, "dropped": DROPPED, "unit": "USD", "parameters": {"seed": 1},
    }  # fmt: skip
    return store_forecast(book.account, predictions=predictions, **told | given)


def stored_rows(book: Book) -> list[int]:
    tables = ("forecast_model", "forecast_prediction", "model_performance")
    return [book.execute(f"select count(*) from model.{table}")[0][0] for table in tables]


def test_a_forecast_comes_back_as_its_champion_said(book: Book) -> None:
    predictions = prediction_frame("2026-11-01")
    forecast_id = store(book, predictions)
    found = load_forecast(book.account, "revenue")
    expected = predictions[predictions.is_champion].reset_index(drop=True)
    assert set(found.forecast_id) == {forecast_id}
    assert set(found.unit) == {"USD"}
    pd.testing.assert_frame_equal(found[expected.columns], expected)
    assert stored_rows(book) == [1, 6, 2]
    scores = load_forecast_scores(book.account, forecast_id, unique_id="revenue")
    assert scores.model.tolist() == ["ets", "seasonal_naive"]
    assert scores.mase.tolist() == [0.9, 1.1]
    ((dropped, champion, horizon),) = book.execute(
        "select dropped, champion, horizon_days from model.forecast_model"
    )
    assert dropped == [{"model": "prophet", "reason": "no optimum"}]
    assert (champion, horizon) == ("ets", 3)


def test_the_same_forecast_again_adds_no_row_and_is_the_newest(book: Book) -> None:
    first = store(book, prediction_frame("2026-11-01"))
    second = store(book, prediction_frame("2026-11-01", y_hat=200))
    assert load_forecast(book.account, "revenue").forecast_id.unique() == [second]
    assert store(book, prediction_frame("2026-11-01")) == first
    assert load_forecast(book.account, "revenue").forecast_id.unique() == [first]
    assert stored_rows(book) == [2, 12, 4]


def test_another_question_is_another_forecast(book: Book) -> None:
    predictions = prediction_frame("2026-11-01")
    ids = {
        store(book, predictions),
        store(book, predictions, parameters={"seed": 2}),
        store(book, predictions, unit="EUR"),
    }
    assert len(ids) == 3


def test_a_look_back_reads_what_was_known_then(book: Book) -> None:
    early = store(book, prediction_frame("2026-10-18"))
    late = store(book, prediction_frame("2026-11-01"))
    store(book, prediction_frame("2026-10-18"))  # renewed, and yet not what is known latest
    assert load_forecast(book.account, "revenue").forecast_id.unique() == [late]
    then = load_forecast(book.account, "revenue", known_until=dt.date(2026, 10, 31))
    assert then.forecast_id.unique() == [early]
    assert load_forecast(book.account, "revenue", known_until=dt.date(2026, 10, 17)).empty
    assert load_forecast(book.account, "orders").empty


def test_a_forecast_that_cannot_be_stored_leaves_nothing(book: Book) -> None:
    twice = pd.concat([SCORES, SCORES])
    with pytest.raises(Exception, match="duplicate key value"):
        store(book, prediction_frame("2026-11-01"), scores=twice)
    assert stored_rows(book) == [0, 0, 0]


def test_forecasts_of_accounts_do_not_mix(new_book: Callable[..., Book]) -> None:
    mine, other = new_book(), new_book()
    store(mine, prediction_frame("2026-11-01"))
    assert load_forecast(other.account, "revenue").empty


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
