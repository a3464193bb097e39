"""The generator against its own parameters: what it draws is what it says it draws."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize
from scipy.special import betaln, gammaln

from workbench.errors import InputInvalid
from workbench.periods import DateRange
from workbench.sandbox import Shop, ShopPlan, Truth, build_shop
from workbench.sandbox.shop.incidents import Trouble
from workbench.sandbox.shop.orders import PROMOTION_PRICE
from workbench.sandbox.shop.plan import Buying
from workbench.sandbox.shop.seasons import GROWTH, HARMONICS, WEEKDAY, YEAR

STANDARD_ERRORS = 3.0
TAIL = 60

Floats = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def big() -> Shop:
    """Everybody buys, so that there are some thousand customers."""
    return build_shop(ShopPlan(profiles=4_500, tail_days=TAIL, buying=Buying(share=1.0)))


@pytest.fixture(scope="module")
def customers(big: Shop) -> pd.DataFrame:
    last = big.plan.until + dt.timedelta(days=TAIL - 1)
    return Truth(big).clv(DateRange(big.plan.until, last))


@pytest.fixture(scope="module")
def days(big: Shop) -> pd.DataFrame:
    return Truth(big).components()


def estimated(loss: Callable[[Floats], float], start: Floats) -> tuple[Floats, Floats]:
    """The parameters that minimise a loss over their logarithms, and the standard errors of those.

    The covariance is the inverse of the Hessian, which comes from central differences.
    """
    found = minimize(loss, np.log(start), method="Nelder-Mead", options={"maxiter": 4_000})
    best, step = found.x, 1e-3
    steps = np.eye(len(best)) * step
    hessian = np.array(
        [
            [
                loss(best + one + two) - loss(best + one - two)
                - loss(best - one + two) + loss(best - one - two)
                for two in steps
            ]
            for one in steps
        ]
    ) / (4 * step**2)  # fmt: skip
    return best, np.sqrt(np.diag(np.linalg.inv(hessian)))


def agree(found: npt.ArrayLike, truth: npt.ArrayLike, errors: npt.ArrayLike) -> None:
    off = (np.asarray(found) - np.asarray(truth)) / np.asarray(errors)
    assert np.abs(off).max() < STANDARD_ERRORS, f"off by {off.round(1)} standard errors"


def test_bg_nbd_recovers_rate_and_stop(big: Shop, customers: pd.DataFrame) -> None:
    """Fader, Hardie and Lee (2005), equation 6, over the customers whose first order is known."""
    whole = customers[customers.is_whole]
    assert len(whole) > 2_500
    x, t_x, length = (whole[name].to_numpy() for name in ("frequency", "recency", "T"))

    def loss(logs: Floats) -> float:
        r, alpha, a, b = np.exp(logs)
        orders = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        alive = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + length)
        stopped = betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b)
        stopped = np.where(x > 0, stopped - (r + x) * np.log(alpha + t_x), -np.inf)
        return -float(np.sum(orders + np.logaddexp(alive, stopped)))

    found, errors = estimated(loss, np.array([1.0, 50.0, 1.0, 3.0]))
    buying = big.plan.buying
    agree(found, np.log([buying.r, buying.alpha, buying.a, buying.b]), errors)
    assert errors.max() < 0.25  # or the test could not fail


def test_gamma_gamma_recovers_order_values(big: Shop, customers: pd.DataFrame) -> None:
    """Fader and Hardie (2013), equation 1a."""
    own = customers[(customers.currency == big.account.currency) & (customers.monetary_orders > 0)]
    x, mean = own.monetary_orders.to_numpy(), own.monetary_value.to_numpy()

    def loss(logs: Floats) -> float:
        p, q, gamma = np.exp(logs)
        shapes = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(gamma)
        sums = p * x * np.log(x * mean) - np.log(mean) - (p * x + q) * np.log(gamma + x * mean)
        return -float(np.sum(shapes + sums))

    found, errors = estimated(loss, np.array([3.0, 3.0, 30.0]))
    buying = big.plan.buying
    agree(found, np.log([buying.p, buying.q, buying.gamma]), errors)
    assert errors.max() < 0.15


def test_a_regression_recovers_the_season(days: pd.DataFrame) -> None:
    """Poisson regression of daily orders, given who is a customer, on week, year and growth."""
    date = pd.to_datetime(days.ds)
    angle = 2 * np.pi * date.dt.dayofyear / YEAR
    columns: dict[str, npt.ArrayLike] = {"constant": np.ones(len(days))}
    truth: dict[str, float] = {}
    for weekday in range(1, 7):
        columns[f"weekday {weekday}"] = (date.dt.weekday == weekday).astype(float)
        truth[f"weekday {weekday}"] = np.log(WEEKDAY[weekday] / WEEKDAY[0])
    for times, cos, sin in HARMONICS:
        columns |= {f"cos {times}": np.cos(times * angle), f"sin {times}": np.sin(times * angle)}
        truth |= {f"cos {times}": cos, f"sin {times}": sin}
    columns["growth"] = np.arange(len(days)) / YEAR
    truth["growth"] = np.log(1 + GROWTH)
    known = np.log(days.base * days.holidays * days.incidents)
    fit = sm.GLM(
        days.baseline_orders.to_numpy(),
        np.column_stack(list(columns.values())),
        family=sm.families.Poisson(),
        offset=known.to_numpy(),
    ).fit()
    agree(fit.params[1:], list(truth.values()), fit.bse[1:])
    assert fit.bse[1:].max() < 0.05


def test_days_scatter_around_what_was_to_be_expected_as_a_poisson_count_does(
    days: pd.DataFrame,
) -> None:
    factors = days.trend * days.week * days.year * days.holidays * days.incidents
    assert np.allclose(days.base * factors, days.expected_orders)
    off = (days.baseline_orders - days.expected_orders) / days.noise
    agree(off.mean(), 0.0, 1 / np.sqrt(len(off)))
    # a squared Poisson residual has variance 2 + 1 / mean
    error = np.sqrt((2 + 1 / days.expected_orders).sum()) / len(off)
    agree((off**2).mean(), 1.0, error)


def test_the_window_brings_what_was_to_be_expected(customers: pd.DataFrame) -> None:
    for of in (customers, customers[customers.is_alive], customers[customers.orders == 0]):
        expected = of.expected_orders.sum()
        assert expected > 80
        agree(of.realised_orders.sum(), expected, np.sqrt(expected))
    own = customers[customers.currency == "USD"]
    # the variance of a sum of orders: each order's mean square
    square = (own.expected_orders * own.spend**2).sum() * (1 + 1 / Buying().p)
    agree(float(own.realised_value.sum()), own.expected_value.sum(), np.sqrt(square))


def test_who_has_stopped_orders_no_more(big: Shop, customers: pd.DataFrame) -> None:
    gone = customers[~customers.stopped_at.isna() & (customers.customers == 1)]
    assert len(gone) > 500
    assert not gone.is_alive.any()
    assert gone.realised_orders.sum() == 0
    assert gone.expected_orders.sum() == 0
    seen = gone[gone.stopped_at >= pd.Timestamp(big.plan.until - dt.timedelta(days=600))]
    orders = Truth(big).orders()
    baseline = orders[orders.cause_message_id.isna()]
    last = baseline.groupby("profile_id").placed_at.max()
    difference = (seen.stopped_at - seen.profile_id.map(last)).dt.total_seconds().abs()
    # but for orders that are late, or were lost with the day's tracking
    assert (difference < 1_000).mean() > 0.98


@pytest.mark.parametrize(
    ("trouble", "least"), [(Trouble.PROMOTION, 1.7), (Trouble.TRACKING_LOST, 0.1)]
)
def test_orders_of_an_incident_are_multiplied(
    big: Shop, days: pd.DataFrame, trouble: Trouble, least: float
) -> None:
    found = Truth(big).anomalies()
    for incident in found[found.trouble == str(trouble)].itertuples():
        inside = days[(days.ds >= incident.first) & (days.ds <= incident.last)]
        usual = (inside.expected_orders / inside.incidents).sum()
        assert incident.factor == least
        shift = inside.incidents.iloc[0] / incident.factor  # the level had shifted by then
        assert round(shift, 6) in {1.0, 1.25}
        expected = usual * incident.factor * shift
        agree(inside.baseline_orders.sum(), expected, np.sqrt(expected))


def test_the_level_shifts_once_and_for_good(days: pd.DataFrame) -> None:
    quiet = days[days.incidents.isin([1.0, 1.25])]
    shifted = quiet.incidents == 1.25
    assert shifted.is_monotonic_increasing
    for part, factor in ((quiet[~shifted], 1.0), (quiet[shifted], 1.25)):
        usual = (part.base * part.trend * part.week * part.year * part.holidays).sum()
        agree(part.baseline_orders.sum() / usual, factor, np.sqrt(factor / usual))


def test_values_scatter_around_the_mean_of_their_customer_and_are_lower_in_promotions(
    big: Shop, customers: pd.DataFrame
) -> None:
    orders = Truth(big).orders()
    orders = orders[orders.cause_message_id.isna() & (orders.currency == "USD")]
    spend = customers.set_index("profile_id").spend
    price = orders.value.astype(float) / orders.profile_id.map(spend)
    zone = big.account.timezone
    day = orders.placed_at.dt.tz_localize("UTC").dt.tz_convert(zone).dt.date
    anomalies = Truth(big).anomalies()
    promotions = anomalies[anomalies.trouble == "promotion"]
    inside = np.zeros(len(orders), dtype=bool)
    for incident in promotions.itertuples():
        inside |= (day >= incident.first) & (day <= incident.last)
    for part, truth in ((price[inside], PROMOTION_PRICE), (price[~inside], 1.0)):
        agree(part.mean(), truth, truth / np.sqrt(big.plan.buying.p * len(part)))
    # around a customer's mean, values are gamma-distributed with shape p
    p, usual = big.plan.buying.p, price[~inside]
    agree(usual.var(), 1 / p, np.sqrt((2 + 6 / p) / len(usual)) / p)


def test_nobody_knows_the_causes_beyond_the_simulation(big: Shop) -> None:
    late = DateRange(big.plan.until, big.plan.until + dt.timedelta(days=TAIL))
    early = DateRange(big.plan.until - dt.timedelta(days=1), big.plan.until)
    for window in (late, early):
        with pytest.raises(InputInvalid, match="not one of simulated days to come"):
            Truth(big).clv(window)
    with pytest.raises(InputInvalid, match="nobody knows what caused them"):
        Truth(dataclasses.replace(big, has_real_orders=True)).components()
