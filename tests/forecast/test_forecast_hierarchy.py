"""Forecasts that add up, and trees that cannot."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.errors import ContractBroken, InputInvalid, NotAdditive
from workbench.forecast import (
    forecast,
    forecast_totals,
    naive,
    per_panel,
    reconcile,
    seasonal_naive,
)

TREE = pd.DataFrame(
    {
        "parent": ["total", "total", "campaigns", "campaigns"],
        "child": ["campaigns", "flows", "email", "sms"],
    }
)
PARTS = {"total": ["campaigns", "flows"], "campaigns": ["email", "sms"]}
MODELS = {"naive": naive, "seasonal_naive": seasonal_naive}


@per_panel
def medians(past, *, seed):
    """Adds up to nothing: the median of a sum is no sum of medians."""
    return np.repeat(np.median(past.y[:, -28:], axis=1)[:, None], past.h, axis=1)


@pytest.fixture
def account(series):
    """Revenue of flows, of e-mail and of text messages, and what they add up to."""
    rng = np.random.default_rng(9)
    flows = 100 * rng.lognormal(0, 0.2, 210)
    email = np.where(np.arange(210) % 7 == 3, 400, 5) * rng.lognormal(0, 0.5, 210)
    sms = np.where(np.arange(210) % 7 == 5, 90, 0) * rng.lognormal(0, 0.9, 210)
    parts = {"flows": flows, "email": email, "sms": sms, "campaigns": email + sms}
    parts["total"] = parts["campaigns"] + flows
    return pd.concat([series(y, uid=uid) for uid, y in parts.items()], ignore_index=True)


@pytest.fixture
def base(account):
    return forecast(account, h=14, seed=0, models={**MODELS, "medians": medians})


def wide(predictions, column="y_hat"):
    return predictions.pivot(index="step", columns="unique_id", values=column)


def gaps(predictions):
    y_hat = wide(predictions)
    return [(y_hat[parent] - y_hat[part].sum(axis=1)).abs().max() for parent, part in PARTS.items()]


def test_children_add_up_to_their_parents(base):
    assert min(gaps(base.predictions)) > 1
    result = reconcile(base, tree=TREE)
    assert max(gaps(result.predictions)) < 1e-9
    assert "5 series add up along the tree" in result.notes


def test_nothing_falls_below_zero_and_bounds_hold_the_forecast(base):
    found = reconcile(base, tree=TREE).predictions
    assert (found["y_hat"] >= 0).all()
    assert (found["lo_95"] >= 0).all()
    assert (found["lo_95"] <= found["lo_80"]).all()
    assert (found["lo_80"] <= found["y_hat"]).all()
    assert (found["y_hat"] <= found["hi_80"]).all()
    assert (found["hi_80"] <= found["hi_95"]).all()


def test_the_worse_forecast_moves_more(series):
    # the total is known to one, its children to a hundred: they give way
    rng = np.random.default_rng(1)
    a = 1000 + rng.normal(0, 100, 120)
    steady = rng.normal(0, 1, 120)
    frame = pd.concat(
        [series(a, uid="a"), series(2000 + steady - a, uid="b"), series(2000 + steady, uid="t")]
    )
    base = forecast(frame, h=7, seed=0, models={"naive": naive})
    # naive adds up by itself: the forecasts of the children are pushed apart by hand
    done = base.panels[0]
    done.y_hat[:2] += 50
    tree = pd.DataFrame({"parent": "t", "child": ["a", "b"]})
    found = wide(reconcile(base, tree=tree).predictions)
    assert found["t"].to_numpy() == pytest.approx(done.y_hat[2], abs=2)
    assert (found["a"] + found["b"]).to_numpy() == pytest.approx(found["t"].to_numpy())


def test_forecasts_that_add_up_stay_as_they_are(account):
    base = forecast(account, h=14, seed=0, models={"naive": naive})
    before, after = wide(base.predictions), wide(reconcile(base, tree=TREE).predictions)
    pd.testing.assert_frame_equal(before, after)


def test_it_is_the_textbook_formula(account):
    # S (S' W^-1 S)^-1 S' W^-1 y, with W of the leaves where nothing was tested
    young = account[account["ds"] >= "2025-07-25"]
    assert len(young) == 5 * 10
    base = forecast(young, h=3, seed=0, models={"medians": medians})
    assert np.isnan(base.panels[0].past).all()
    order = ["campaigns", "email", "flows", "sms", "total"]
    sums = np.array([[1, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])
    inverse = np.diag(1 / np.array([2.0, 1, 1, 1, 3]))
    y_hat = wide(base.predictions)[order].to_numpy().T
    leaves = np.linalg.solve(sums.T @ inverse @ sums, sums.T @ inverse @ y_hat)
    found = wide(reconcile(base, tree=TREE).predictions)[order].to_numpy().T
    assert found == pytest.approx(sums @ np.maximum(leaves, 0))


def test_series_outside_the_tree_are_left_alone(base):
    tree = TREE[TREE["parent"] == "campaigns"]
    before, after = base.predictions, reconcile(base, tree=tree).predictions
    for uid in ("total", "flows"):
        pd.testing.assert_frame_equal(
            before[before["unique_id"] == uid], after[after["unique_id"] == uid]
        )


def test_reconciled_forecasts_have_totals_of_their_own(base):
    result = reconcile(base, tree=TREE)
    totals = forecast_totals(result, seed=0).set_index("unique_id")
    assert totals.loc["total", "y_hat"] == pytest.approx(
        totals.loc[["flows", "email", "sms"], "y_hat"].sum()
    )
    assert (totals["lo_80"] < totals["hi_80"]).all()


def test_a_past_that_does_not_add_up_is_named(account):
    account.loc[(account["unique_id"] == "total") & (account["ds"] == "2025-03-01"), "y"] += 500
    base = forecast(account, h=7, seed=0, models=MODELS)
    with pytest.raises(NotAdditive, match=r"total is .* on 2025-03-01, its 2 children .* 1 steps"):
        reconcile(base, tree=TREE)


@pytest.mark.parametrize(
    ("parent", "child", "told"),
    [
        ("total", "push", "push of the tree is not forecast"),
        ("flows", "email", "email stands under two parents"),
        ("sms", "total", "campaigns is its own ancestor"),
    ],
)
def test_trees_that_are_none_are_refused(base, parent, child, told):
    tree = pd.concat([TREE, pd.DataFrame({"parent": [parent], "child": [child]})])
    with pytest.raises(InputInvalid, match=told):
        reconcile(base, tree=tree)


def test_a_tree_needs_its_columns_and_a_row(base):
    with pytest.raises(ContractBroken, match="no column 'child'"):
        reconcile(base, tree=TREE[["parent"]])
    with pytest.raises(InputInvalid, match="no row"):
        reconcile(base, tree=TREE.iloc[:0])


def test_series_of_a_tree_end_together(account):
    early = account[~((account["unique_id"] == "sms") & (account["ds"] > "2025-07-20"))]
    base = forecast(early, h=7, seed=0, models=MODELS)
    with pytest.raises(InputInvalid, match="end on different steps"):
        reconcile(base, tree=TREE)
