"""Every definition over its base measures: the value, or NaN with the reason, never a made-up 0."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import ContractBroken
from workbench.metrics import DEFINITIONS, evaluated
from workbench.metrics.definitions import base_measures

MEASURES = {
    "revenue": 5000.0,
    "orders": 40.0,
    "attributed_revenue": 2000.0,
    "customers": 35.0,
    "new_customers": 7.0,
    "recipients": 1000.0,
    "delivered": 980.0,
    "bounced": 20.0,
    "unique_opens": 490.0,
    "unique_human_opens": 196.0,
    "delivered_but_machine_only": 784.0,
    "unique_clicks": 49.0,
    "unique_human_clicks": 24.5,
    "unsubscribes": 9.8,
    "spam_complaints": 0.98,
    "message_revenue": 1470.0,
}
BY_HAND = {
    "revenue": 5000,
    "orders": 40,
    "average_order_value": 125,
    "attributed_revenue": 2000,
    "attributed_share": 0.4,
    "customers": 35,
    "new_customers": 7,
    "delivered": 980,
    "open_rate": 0.5,
    "human_open_rate": 0.2,
    "adjusted_open_rate": 0.25,
    "click_rate": 0.05,
    "human_click_rate": 0.025,
    "bounce_rate": 0.02,
    "unsubscribe_rate": 0.01,
    "spam_complaint_rate": 0.001,
    "revenue_per_recipient": 1.5,
}
FROM_ORDERS = {"revenue", "orders", "attributed_revenue", "customers", "new_customers"}
SENDS = {
    "recipients",
    "delivered",
    "unique_opens",
    "unique_human_opens",
    "unique_clicks",
    "unique_human_clicks",
    "unsubscribes",
    "spam_complaints",
}


def numbers(measures: dict[str, float]) -> pd.DataFrame:
    return evaluated(measures).set_index("metric")


def test_every_definition_by_hand() -> None:
    found = numbers(MEASURES)
    assert found.value.to_dict() == pytest.approx(BY_HAND)
    assert found.index.tolist() == [definition.metric for definition in DEFINITIONS]
    assert set(found.reason) == {""}
    assert sorted(MEASURES) == base_measures()


def test_a_quiet_week_has_no_rates_and_says_why() -> None:
    found = numbers(dict.fromkeys(MEASURES, 0.0))
    divided = {d.metric: d.denominator for d in DEFINITIONS if d.denominator}
    reasons = {
        "orders": "no orders",
        "revenue": "no revenue",
        "delivered": "nothing delivered",
        "delivered_but_machine_only": "nothing delivered but to machines",
        "recipients": "nothing sent",
    }
    assert found.value.isna().to_dict() == {metric: metric in divided for metric in found.index}
    assert {metric: reasons[under] for metric, under in divided.items()} == found.reason[
        list(divided)
    ].to_dict()


def test_what_the_account_does_not_map_is_unknown_and_the_rest_stays() -> None:
    unmapped = dict.fromkeys(FROM_ORDERS | {"message_revenue"}, math.nan)
    found = numbers(MEASURES | unmapped)
    lost = found[found.value.isna()]
    assert set(lost.reason) == {"the account maps no metric to it"}
    assert set(lost.index) == {
        *FROM_ORDERS,
        "average_order_value",
        "attributed_share",
        "revenue_per_recipient",
    }


@pytest.mark.parametrize("name", MEASURES)
def test_a_missing_base_measure_is_named(name: str) -> None:
    fewer = {other: value for other, value in MEASURES.items() if other != name}
    with pytest.raises(ContractBroken, match=f"needs the base measure '{name}'"):
        evaluated(fewer)


@st.composite
def consistent_measures(draw: st.DrawFn) -> dict[str, float]:
    """Base measures as one account can have them: no more opens than deliveries, and so on."""
    counts = st.integers(min_value=0, max_value=10**6)
    cents = st.integers(min_value=0, max_value=10**11)

    def upto(most: float) -> float:
        return float(draw(st.integers(min_value=0, max_value=int(most))))

    delivered, bounced = float(draw(counts)), float(draw(counts))
    orders = float(draw(counts))
    customers = upto(orders)
    revenue = draw(cents) / 100 if orders else 0.0
    return {
        "revenue": revenue,
        "orders": orders,
        "attributed_revenue": revenue * draw(st.integers(min_value=0, max_value=100)) / 100,
        "customers": customers,
        "new_customers": upto(customers),
        "recipients": delivered + bounced - upto(min(delivered, bounced)),  # some pairs did both
        "delivered": delivered,
        "bounced": bounced,
        "unique_opens": (opens := upto(delivered)),
        "unique_human_opens": (human := upto(opens)),
        "delivered_but_machine_only": delivered - (opens - human),
        "unique_clicks": (clicks := upto(delivered)),
        "unique_human_clicks": upto(clicks),
        "unsubscribes": upto(delivered),
        "spam_complaints": upto(delivered),
        "message_revenue": draw(cents) / 100,
    }


@given(consistent_measures())
def test_rates_lie_between_0_and_1_or_have_a_reason(measures: dict[str, float]) -> None:
    found = evaluated(measures)
    rates = found.value[found.unit == "rate"].dropna()
    assert rates.between(0, 1).all()
    assert (found.value.isna() == (found.reason != "")).all()


@given(consistent_measures(), st.floats(min_value=0.01, max_value=100))
def test_another_currency_scales_money_and_nothing_else(
    measures: dict[str, float], rate: float
) -> None:
    money = ("revenue", "attributed_revenue", "message_revenue")
    before = evaluated(measures)
    after = evaluated(measures | {name: measures[name] * rate for name in money})
    expected = before.value.where(before.unit != "money", before.value * rate)
    pd.testing.assert_series_equal(after.value, expected, rtol=1e-9)


def test_only_what_adds_up_over_days_says_so() -> None:
    additive = {definition.metric for definition in DEFINITIONS if definition.is_additive}
    assert additive == {"revenue", "orders", "attributed_revenue", "new_customers"}


def test_metrics_are_told_apart_and_explained() -> None:
    ids = [definition.metric for definition in DEFINITIONS]
    assert len(set(ids)) == len(ids)
    for definition in DEFINITIONS:
        assert definition.sentence.endswith(".")
        is_send = definition.numerator in SENDS | {"bounced", "message_revenue"}
        assert definition.basis == ("send date" if is_send else "event date")
