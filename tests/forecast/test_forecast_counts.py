"""Demand that is mostly zero: models against the loops of their papers, and who is asked when."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.forecast import MODELS, Panel, ask, forecast, models_for, skill_errors
from workbench.forecast.registry import SPARSE_MODELS
from workbench.forecast.sparse import mostly_zero

ORIGINS = (20, 7, 0)
H = 5
NAMES = ("croston", "sba", "tsb", "adida", "imapa")
every_model = pytest.mark.parametrize("name", NAMES)


def panel_of(y, *, h=H):
    y = np.asarray(y, dtype=float)
    return Panel(
        ids=np.array([f"s{row}" for row in range(len(y))], dtype=object),
        y=y,
        ds=np.arange(y.shape[1] + h),
        h=h,
        seasons=(),
        known={},
        holiday=None,
    )


def demands(*, n=8, t=120, seed=3):
    """Demand now and then, from one step in two to one in twenty; the second begins late."""
    rng = np.random.default_rng(seed)
    chance = np.linspace(0.5, 0.05, n)[:, None]
    y = np.where(rng.random((n, t)) < chance, rng.integers(1, 9, (n, t)), 0.0)
    y[1, :40] = np.nan
    return y


def said_of(name, y, *, origins=ORIGINS, h=H):
    return ask(MODELS[name], panel_of(y, h=h), origins=origins, seed=0)


def smoothed(values, alpha):
    """The level after the last value, and the squared errors on the way."""
    level, wrong = values[0], 0.0
    for value in values[1:]:
        wrong += (value - level) ** 2
        level += alpha * (value - level)
    return level, wrong


def croston(y):
    """Croston (1972): size and interval are smoothed whenever there is a demand."""
    sizes, intervals, awaited = [], [], 0
    for value in y:
        awaited += 1
        if value > 0:
            sizes.append(value)
            intervals.append(awaited)
            awaited = 0
    return smoothed(sizes, 0.1)[0] / smoothed(intervals, 0.1)[0] if sizes else 0.0


def sba(y):
    """Syntetos & Boylan (2005): times 1 - alpha / 2."""
    return 0.95 * croston(y)


def tsb(y):
    """Teunter, Syntetos & Babai (2011): the chance is smoothed at every step."""
    if not any(y):
        return 0.0
    chance = smoothed([float(value > 0) for value in y], 0.1)[0]
    return chance * smoothed([value for value in y if value > 0], 0.1)[0]


def buckets(y, length):
    """The smoothed sum of buckets that end with y, a step."""
    first = len(y) % length
    sums = [sum(y[at : at + length]) for at in range(first, len(y), length)]
    tried = [smoothed(sums, alpha) for alpha in (0.1, 0.2, 0.3)]
    return min(tried, key=lambda found: found[1])[0] / length


def mean_interval(y):
    at = [step for step, value in enumerate(y, start=1) if value > 0]
    return round(at[-1] / len(at)) if at else 0


def adida(y):
    """Nikolopoulos et al. (2011): buckets as long as the mean interval."""
    length = mean_interval(y)
    return buckets(y, length) if length else 0.0


def imapa(y):
    """Petropoulos & Kourentzes (2015): the mean over the lengths up to it."""
    lengths = range(1, mean_interval(y) + 1)
    return float(np.mean([buckets(y, length) for length in lengths])) if lengths else 0.0


LOOPS = {"croston": croston, "sba": sba, "tsb": tsb, "adida": adida, "imapa": imapa}


@every_model
@pytest.mark.parametrize("seed", [3, 4])
def test_a_model_of_counts_is_the_loop_of_its_paper(name, seed):
    y = demands(seed=seed)
    said = said_of(name, y)
    assert not said.reasons
    for row, one in enumerate(y):
        for at, back in enumerate(ORIGINS):
            past = one[: len(one) - back]
            expected = LOOPS[name](list(past[np.isfinite(past)]))
            assert said.y_hat[row, at] == pytest.approx(expected), (row, back)


def test_croston_by_hand():
    # sizes 4 and 6, awaited 2 and 3 steps: 4.2 / 2.1
    assert said_of("croston", [[0, 4, 0, 0, 6, 0]], origins=(0,)).y_hat.ravel() == pytest.approx(2)


def test_tsb_falls_while_nothing_is_sold_and_croston_does_not():
    y = np.array([[3.0, 0] * 20 + [0] * 20])
    for name, same in (("tsb", False), ("croston", True)):
        level = said_of(name, y).y_hat[0, :, 0]
        assert bool(level[0] == pytest.approx(level[2])) == same


@every_model
def test_what_lies_behind_an_origin_changes_nothing_said_there(name):
    y = demands()
    plain = said_of(name, y).y_hat
    for at, back in enumerate(ORIGINS[:-1]):
        for value in (50.0, 0.0, -3.0):
            changed = y.copy()
            changed[:, -back:] = value
            other = said_of(name, changed).y_hat
            np.testing.assert_array_equal(other[:, : at + 1], plain[:, : at + 1])


@every_model
def test_unit_and_order_of_the_series_do_not_matter(name):
    y = demands()
    plain = said_of(name, y).y_hat
    np.testing.assert_allclose(said_of(name, y * 1000).y_hat, plain * 1000)
    np.testing.assert_allclose(said_of(name, y[::-1]).y_hat, plain[::-1])


@every_model
def test_nothing_and_one_demand_and_the_same_demand(name):
    once = np.zeros(40)
    once[9] = 5.0
    said = said_of(name, [np.zeros(40), once, np.full(40, 7.0)], origins=(35, 0)).y_hat
    assert (said[0] == 0).all()
    assert said[1, 0] == pytest.approx(0)  # nothing had been sold by then
    assert said[1, 1] == pytest.approx(LOOPS[name](list(once)))
    assert said[2] == pytest.approx(np.full((2, H), 7 * (0.95 if name == "sba" else 1)))


@every_model
def test_what_is_no_demand_has_its_reason(name):
    young = np.full(40, np.nan)
    young[-5:] = [0, 2, 0, 0, 1]
    refund = demands(n=2, t=40)[0]
    refund[30] = -1.0
    said = said_of(name, [young, refund])
    assert said.reasons == {
        (0, 0): "0 steps are known, 1 are needed",
        (0, 1): "0 steps are known, 1 are needed",
        (1, 1): "a known value is negative, which no demand is",
        (1, 2): "a known value is negative, which no demand is",
    }
    assert np.isfinite(said.y_hat[0, 2]).all()
    assert np.isfinite(said.y_hat[1, 0]).all()


@pytest.fixture(scope="module")
def mixed():
    """One shop that sells every day, and twelve things of which one is sold on one day in six."""
    rng = np.random.default_rng(7)
    things = np.where(rng.random((12, 300)) < 1 / 6, rng.integers(1, 10, (12, 300)), 0)
    names = [f"thing{row:02d}" for row in range(12)]
    y = {"shop": rng.lognormal(4, 0.2, 300), **dict(zip(names, things, strict=True))}
    days = pd.date_range("2025-01-06", periods=300).astype("datetime64[ns]")
    frames = [pd.DataFrame({"unique_id": uid, "ds": days, "y": one}) for uid, one in y.items()]
    return pd.concat(frames).astype({"y": float})


def test_half_of_the_known_steps_make_a_series_mostly_zero():
    late = [np.nan, np.nan, np.nan, 0, 5, 1]
    panel = panel_of([[0, 0, 0, 1, 2, 3], [0, 0, 1, 1, 2, 3], late, np.zeros(6)])
    assert mostly_zero(panel).tolist() == [True, False, False, True]


def test_only_what_is_mostly_zero_is_forecast_by_models_of_counts(mixed):
    result = forecast(mixed, h=14, seed=0, origins=3)
    shares = result.weights.pivot(index="unique_id", columns="model", values="weight")
    assert set(shares) == set(models_for("D")) | set(SPARSE_MODELS)
    counts = shares[list(SPARSE_MODELS)].sum(axis=1)
    assert counts["shop"] == 0
    assert counts.drop("shop").mean() > 0.2
    assert set(result.dropped["model"]).isdisjoint(SPARSE_MODELS)
    members = result.members[result.members["model"].isin(SPARSE_MODELS)]
    assert "shop" not in set(members["unique_id"])


def test_a_shop_is_forecast_as_if_nothing_beside_it_were_mostly_zero(mixed):
    models = {name: MODELS[name] for name in ("naive", "seasonal_naive")}
    shop = mixed[mixed["unique_id"] == "shop"]
    both, alone = (forecast(one, h=14, seed=0, models=models, origins=3) for one in (mixed, shop))
    assert set(both.weights["model"]) == set(models)  # nobody else is asked
    mine = both.predictions.query("unique_id == 'shop'")["y_hat"].to_numpy()
    assert mine == pytest.approx(alone.predictions["y_hat"].to_numpy(), rel=0.1)


def test_what_is_sold_now_and_then_is_not_forecast_as_nothing(mixed):
    result = forecast(mixed, h=14, seed=0, origins=3)
    things = result.predictions[result.predictions["unique_id"] != "shop"]
    assert things["y_hat"].mean() == pytest.approx(5 / 6, rel=0.25)  # one in six days, five each
    champions = result.champions.set_index("unique_id")["model"].drop("shop")
    best = result.scores[result.scores["model"] != "combination"]
    best = best.loc[best.groupby("unique_id")["rmse"].idxmin()].set_index("unique_id")["model"]
    assert champions.to_dict() == best.drop("shop").to_dict()


def test_of_what_is_mostly_zero_the_errors_are_those_of_steps_and_of_their_mean():
    y = np.array([[[0.0, 0, 0, 8]], [[0.0, 0, 0, 8]]])
    y_hat = np.stack([np.zeros_like(y), np.full_like(y, 2.0)], axis=1)
    recent = np.array([[1.0, 9.0], [1.0, 9.0]])
    found = skill_errors(y, y_hat=y_hat, recent=recent, sparse=np.array([True, False]))
    # mean squares 16 and 12, of the mean 4 and 0, and a quarter of the first for chance
    assert found[0] == pytest.approx([(16 * (4 + 4)) ** 0.25, (12 * (0 + 3)) ** 0.25])
    assert found[0, 1] < found[0, 0]  # the mean of the series wins
    assert found[1, 0] < found[1, 1]  # where a forecast of 0 would
