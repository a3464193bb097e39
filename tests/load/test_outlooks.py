"""Forecasts of many series in one go, and what became of them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from workbench.cli.app import app
from workbench.db import Database
from workbench.errors import InputInvalid
from workbench.executor import Workers
from workbench.load import load_forecast, sql
from workbench.outlooks import Asked, make_outlooks, score_outlooks
from workbench.settings import Settings

from .conftest import Book

HERE = Workers(1)
WEEKS = Asked(horizon=14, origins=4)
AS_OF = dt.date(2026, 10, 12)  # four weeks before the last day
CREATE = """
insert into mart.fact_revenue (account_id, day, currency, source, channel, count_orders, revenue)
select %(account_id)s, day, 'USD', %(source)s, %(channel)s, 1, revenue
from unnest(%(days)s::date[], %(revenue)s::numeric[]) as t (day, revenue)
"""


def earned(book: Book, *, source: str = "none", channel: str = "", times: float = 1.0) -> pd.Series:
    """Revenue by day, written where a refresh would: a week's pattern and noise, for 200 days."""
    rng = np.random.default_rng(len(source + channel))
    last = pd.Timestamp(book.account.last_day)
    index = pd.date_range(end=last, periods=200)
    week = np.tile([80, 90, 100, 110, 120, 150, 130], 29)[:200]
    revenue = pd.Series((times * week * rng.lognormal(0, 0.1, 200)).round(2), index=index)
    book.execute(
        CREATE,
        source=source,
        channel=channel,
        days=[day.date() for day in index],
        revenue=revenue.tolist(),
    )
    return revenue


@pytest.fixture
def shop(new_book: Callable[..., Book]) -> Book:
    return begun(new_book())


def begun(book: Book) -> Book:
    """Known from before its first order on."""
    first = book.account.last_day - dt.timedelta(days=205)
    book.event("viewed", f"{first} 15:00+00")
    book.refresh()
    return book


def change(book: Book, *, since: dt.date, times: float) -> None:
    book.execute(
        "update mart.fact_revenue set revenue = revenue * %(times)s"
        " where account_id = %(account_id)s and day >= %(since)s",
        since=since,
        times=times,
    )


def test_metrics_of_accounts_are_forecast_and_registered(new_book: Callable[..., Book]) -> None:
    mine, other = begun(new_book()), begun(new_book(timezone="Asia/Kolkata"))
    actual = earned(mine)
    earned(other, times=10)
    made = make_outlooks(
        [mine.account, other.account], ["revenue", "orders", "opens"], asked=WEEKS, workers=HERE
    )
    told = [(one.account_id, one.metric, one.unit, len(one.series)) for one in made]
    assert told == [
        (book.account_id, metric, unit, count)
        for book in (mine, other)
        for metric, unit, count in (
            ("revenue", "USD", 1),
            ("orders", "orders", 1),
            ("opens", "", 0),
        )
    ]
    assert [bool(one.forecast_id) for one in made] == [True, True, False] * 2
    assert "has no opens" in made[2].reason
    revenue = load_forecast(mine.account, "revenue")
    row = made[0].series.iloc[0]
    assert row.expected == pytest.approx(revenue.y_hat.sum())
    assert row.lo_80 < row.expected < row.hi_80
    assert row.expected == pytest.approx(14 * actual.mean(), rel=0.1)
    assert set(revenue.champion) == {row.champion}
    assert row.mase < row.naive_mase
    assert load_forecast(other.account, "revenue").y_hat.sum() > 5 * row.expected
    (parameters,) = mine.execute(
        "select parameters from model.forecast_model"
        " where account_id = %(account_id)s and metric = 'revenue'"
    )[0]
    assert parameters == {
        "horizon": 14, "grain": "D", "dimension": "", "as_of": None, "history_days": 1096,
        "origins": 4, "seed": 1,
    }  # fmt: skip


def test_members_are_forecast_with_their_total_and_add_up_to_it(shop: Book) -> None:
    earned(shop)
    earned(shop, source="campaign", channel="email", times=2)
    (made,) = make_outlooks(
        [shop.account],
        ["revenue"],
        asked=Asked(horizon=14, origins=4, dimension="channel"),
        workers=HERE,
    )
    names = ["revenue", "revenue/channel/email", "revenue/channel/none"]
    assert made.series.unique_id.tolist() == names
    said = [load_forecast(shop.account, name).y_hat for name in names]
    np.testing.assert_allclose(said[0], said[1] + said[2])
    assert set(load_forecast(shop.account, "revenue").forecast_id) == {made.forecast_id}
    dimensions = shop.execute("select unique_id, dimension from model.forecast_model order by 1")
    assert [dimension for _, dimension in dimensions] == ["", "channel", "channel"]
    assert "3 series add up along the tree" in made.notes


def test_what_two_workers_say_one_says_too(
    shop: Book, monkeypatch: pytest.MonkeyPatch, scheduler: str
) -> None:
    monkeypatch.setattr("workbench.outlooks.pieces._MOST", 1)  # each series a piece of its own
    for channel in ("email", "sms"):
        earned(shop, source="campaign", channel=channel)
    asked = Asked(horizon=7, origins=3, dimension="channel")
    made = [
        make_outlooks([shop.account], ["revenue"], asked=asked, workers=workers)[0]
        for workers in (Workers(1), Workers(2), Workers(1, scheduler=scheduler))
    ]
    assert len({one.forecast_id for one in made}) == 1  # a digest of all that was said
    assert len({one.notes for one in made}) == 1
    assert "2 series are too many to be forecast so that they add up to revenue" in made[0].notes


def test_a_forecast_as_of_a_day_knows_nothing_behind_it(shop: Book) -> None:
    earned(shop)
    asked = Asked(horizon=14, origins=4, as_of=AS_OF)
    (first,) = make_outlooks([shop.account], ["revenue"], asked=asked, workers=HERE)
    change(shop, since=AS_OF + dt.timedelta(days=1), times=5)
    (second,) = make_outlooks([shop.account], ["revenue"], asked=asked, workers=HERE)
    assert first.forecast_id == second.forecast_id
    found = load_forecast(shop.account, "revenue")
    assert set(found.cutoff) == {pd.Timestamp(AS_OF)}
    assert found.ds.min() == pd.Timestamp(AS_OF) + pd.Timedelta(days=1)


def scored_as_of(book: Book, *, horizon: int = 28) -> None:
    asked = Asked(horizon=horizon, origins=4, as_of=AS_OF)
    make_outlooks([book.account], ["revenue"], asked=asked, workers=HERE)


def test_errors_are_those_of_the_forecast_by_how_far_ahead(shop: Book) -> None:
    actual = earned(shop)
    scored_as_of(shop, horizon=40)  # of which 28 days are over
    scored = score_outlooks(shop.account)
    assert scored.actuals == 28
    said = load_forecast(shop.account, "revenue")
    said = said[said.step <= 28].assign(y=lambda rows: actual.reindex(rows.ds).to_numpy())
    found = sql(
        "select * from model.model_performance where model = 'combination' order by step_from"
    )
    bands = pd.cut(said.step, [0, 1, 7, 14, 28], labels=[1, 2, 8, 15])
    assert found.step_from.tolist() == [1, 2, 8, 15]
    assert found.n.tolist() == [1, 6, 7, 14]
    for row, (_, some) in zip(found.itertuples(), said.groupby(bands, observed=True), strict=True):
        error = some.y_hat - some.y
        assert row.mae == pytest.approx(error.abs().mean())
        assert row.rmse == pytest.approx(np.sqrt((error**2).mean()))
        assert row.bias == pytest.approx(error.mean())
        inside = some.y.between(some.lo_80, some.hi_80)
        assert row.coverage_80 == pytest.approx(inside.mean())
        assert (row.first_on, row.last_on) == (some.ds.min(), some.ds.max())
    known = actual[: pd.Timestamp(AS_OF)]
    usual = known.diff(7).abs().mean()
    np.testing.assert_allclose(found.mase, found.mae / usual)
    models = set(sql("select distinct model from model.model_performance").model)
    assert {"combination", "seasonal_naive"} <= models


def test_scoring_again_changes_nothing_until_a_fact_does(shop: Book) -> None:
    earned(shop)
    scored_as_of(shop)
    assert score_outlooks(shop.account).scores > 0
    again = score_outlooks(shop.account)
    assert (again.actuals, again.scores) == (0, 0)
    late = shop.account.last_day
    before = sql("select mae from model.model_performance where step_from = 15 order by model").mae
    change(shop, since=late, times=3)
    changed = score_outlooks(shop.account)
    assert changed.actuals == 1
    after = sql("select mae from model.model_performance where step_from = 15 order by model").mae
    assert (after != before).all()


def alerts() -> list[tuple[str, str, bool]]:
    rows = sql("select subject, message, resolved_at is not null as is_over from ops.alert")
    return [tuple(row) for row in rows.itertuples(index=False)]


def test_forecasts_that_have_become_worse_raise_an_alert_until_they_are_not(shop: Book) -> None:
    earned(shop)
    scored_as_of(shop)
    assert score_outlooks(shop.account).drifting.empty
    assert alerts() == []
    since = AS_OF + dt.timedelta(days=1)
    change(shop, since=since, times=3)
    scored = score_outlooks(shop.account)
    assert scored.drifting.unique_id.tolist() == ["revenue"]
    ((subject, message, is_over),) = alerts()
    assert (subject, is_over) == ("revenue D", False)
    assert "forecasts of revenue (D) have become worse: the error is " in message
    score_outlooks(shop.account)
    assert len(alerts()) == 1  # told anew, not twice
    change(shop, since=since, times=1 / 3)
    assert score_outlooks(shop.account).drifting.empty
    assert [is_over for *_, is_over in alerts()] == [True]


def test_a_forecast_made_before_the_register_is_scored_too(shop: Book) -> None:
    """As a version without combination, packages and watermark left it."""
    actual = earned(shop)
    shop.execute(
        "insert into model.forecast_model (forecast_id, account_id, unique_id, metric, stated,"
        " champion, cutoff, horizon, unit, parameters) values ('old', %(account_id)s, 'revenue',"
        " 'revenue', 'ets', 'ets', %(day)s, 1, 'USD', '{}')",
        day=AS_OF,
    )
    ahead = AS_OF + dt.timedelta(days=1)
    shop.execute(
        "insert into model.forecast_prediction"
        " (forecast_id, unique_id, model, ds, starts_at, step, y_hat)"
        " values ('old', 'revenue', 'ets', %(day)s, %(at)s, 1, 100)",
        day=ahead,
        at=f"{ahead} 04:00+00",
    )
    assert score_outlooks(shop.account).scores == 1
    found = sql("select mae, mase, coverage_80 from model.model_performance").iloc[0]
    assert found.mae == pytest.approx(abs(100 - actual[pd.Timestamp(ahead)]))
    assert np.isnan(found.mase)
    assert np.isnan(found.coverage_80)


def test_nothing_forecast_is_nothing_to_score(shop: Book) -> None:
    earned(shop)
    scored = score_outlooks(shop.account)
    assert (scored.actuals, scored.scores, scored.unread) == (0, 0, {})
    assert scored.drifting.empty


def test_a_metric_of_which_nothing_can_be_read_any_more_is_named(shop: Book) -> None:
    earned(shop)
    scored_as_of(shop)
    shop.execute("delete from mart.fact_revenue")
    assert "has no revenue" in score_outlooks(shop.account).unread["revenue"]


def test_a_metric_that_is_none_is_refused_before_anything_is_computed(shop: Book) -> None:
    with pytest.raises(InputInvalid, match="has no metric 'sales'"):
        make_outlooks([shop.account], ["sales"], asked=WEEKS, workers=HERE)


def typed(settings: Settings, *words: str) -> tuple[int, str]:
    told = {"WORKBENCH_DATABASE_URL": settings.database_url}
    done = CliRunner().invoke(app, ["forecast", *words], env=told, catch_exceptions=False)
    return done.exit_code, done.stdout


def test_the_command_forecasts_shows_and_scores(
    embedded_settings: Settings, embedded_database: Database, new_embedded_book: Callable[..., Book]
) -> None:
    first, second = begun(new_embedded_book()), begun(new_embedded_book())
    for book in (first, second):
        earned(book)
    options = ("--horizon", "14", "--processes", "1")
    code, said = typed(embedded_settings, "revenue", "orders", "opens", "--all-accounts", *options)
    assert code == 0
    assert f"{first.account_id} revenue, next 14 (D)" in said
    assert f"{second.account_id} orders, next 14 (D)" in said
    assert (
        f"{first.account_id} opens: not forecast: account {first.account_id} has no opens" in said
    )
    code, said = typed(
        embedded_settings, "--account", first.account_id, "--as-of", str(AS_OF), "--json", *options
    )
    (told,) = json.loads(said)
    assert (told["account_id"], told["metric"], told["unit"]) == (
        first.account_id,
        "revenue",
        "USD",
    )
    assert told["series"][0]["cutoff"].startswith(str(AS_OF))
    assert told["series"][0]["lo_80"] < told["series"][0]["expected"]
    code, said = typed(embedded_settings, "--score", "--account", first.account_id)
    assert f"{first.account_id}: 28 steps are over that were not known, " in said
    code, said = typed(embedded_settings, "--score", "--all-accounts", "--json")
    assert {one["account_id"]: one["actuals"] for one in json.loads(said)} == {
        first.account_id: 0,
        second.account_id: 0,
    }
    code, said = typed(embedded_settings, "opens")
    assert code == 1


def test_options_that_contradict_each_other(
    embedded_settings: Settings, new_embedded_book: Callable[..., Book]
) -> None:
    new_embedded_book()
    with pytest.raises(InputInvalid, match="contradict each other"):
        typed(embedded_settings, "--account", "A1", "--all-accounts")
    with pytest.raises(InputInvalid, match="scores every forecast"):
        typed(embedded_settings, "revenue", "--score")
