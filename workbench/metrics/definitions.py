"""The definitions: what each number divides, on which dates, and whether it adds up.

A definition is computed from base measures, each counted by the database on the basis that the
definition names; a rate is never an average of rates, and a unique never a sum of uniques.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from workbench.errors import ContractBroken

__all__ = ["DEFINITIONS", "Definition", "evaluated"]

Unit = Literal["money", "count", "rate"]
Basis = Literal["event date", "send date"]


@dataclass(frozen=True, slots=True)
class Definition:
    """One number.

    Attributes:
        metric: its id.
        label: Klaviyo's word for it.
        unit: money is in the account's currency, a rate is a fraction from 0 to 1.
        basis: whose date decides which day it counts on: the event's, or the send's.
        is_additive: whether days may be summed; never true of uniques and rates.
        numerator: base measure.
        denominator: base measure, or None where the number is the numerator itself.
        sentence: what it means, for a tooltip or a footnote.
        source: Klaviyo's page (help.klaviyo.com article) that says so.
    """

    metric: str
    label: str
    unit: Unit
    basis: Basis
    is_additive: bool
    numerator: str
    denominator: str | None
    sentence: str
    source: str = ""


_EVENT: Basis = "event date"
_SEND: Basis = "send date"

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        "revenue",
        "Revenue",
        "money",
        _EVENT,
        True,
        "revenue",
        None,
        "Value of all orders of the metric that the account maps to revenue, counted when placed;"
        " later refunds and cancellations are not taken off.",
        "115005248128",
    ),
    Definition(
        "orders",
        "Orders",
        "count",
        _EVENT,
        True,
        "orders",
        None,
        "Orders of the metric that the account maps to revenue.",
        "115005248128",
    ),
    Definition(
        "average_order_value",
        "Average order value",
        "money",
        _EVENT,
        False,
        "revenue",
        "orders",
        "Revenue divided by orders.",
        "360037957832",
    ),
    Definition(
        "attributed_revenue",
        "Attributed revenue",
        "money",
        _EVENT,
        True,
        "attributed_revenue",
        None,
        "Revenue of orders that Klaviyo itself credits to a campaign or a flow.",
        "1260804504250",
    ),
    Definition(
        "attributed_share",
        "Attributed share",
        "rate",
        _EVENT,
        False,
        "attributed_revenue",
        "revenue",
        "Attributed revenue divided by revenue.",
        "1260804504250",
    ),
    Definition(
        "customers",
        "Customers",
        "count",
        _EVENT,
        False,
        "customers",
        None,
        "Distinct profiles that placed an order.",
        "115005085427",
    ),
    Definition(
        "new_customers",
        "New customers",
        "count",
        _EVENT,
        True,
        "new_customers",
        None,
        "Profiles whose first order of all falls in the period.",
    ),
    Definition(
        "delivered",
        "E-mails delivered",
        "count",
        _SEND,
        False,
        "delivered",
        None,
        "Distinct recipients of each e-mail that was received in the period, summed over e-mails.",
        "115005085427",
    ),
    Definition(
        "open_rate",
        "Open rate",
        "rate",
        _SEND,
        False,
        "unique_opens",
        "delivered",
        "Recipients who opened, divided by delivered; opens by machines (Apple Mail Privacy) count,"
        " as in Klaviyo.",
        "115005085427",
    ),
    Definition(
        "human_open_rate",
        "Open rate, humans only",
        "rate",
        _SEND,
        False,
        "unique_human_opens",
        "delivered",
        "Recipients with an open that no machine made, divided by delivered.",
        "4416791883163",
    ),
    Definition(
        "adjusted_open_rate",
        "Open rate, adjusted",
        "rate",
        _SEND,
        False,
        "unique_human_opens",
        "delivered_but_machine_only",
        "Recipients with an open that no machine made, divided by delivered without those whom only"
        " a machine opened for: the rate among people whose opens can be seen.",
        "4416791883163",
    ),
    Definition(
        "click_rate",
        "Click rate",
        "rate",
        _SEND,
        False,
        "unique_clicks",
        "delivered",
        "Recipients who clicked, divided by delivered; clicks by bots count, as in Klaviyo.",
        "115005085427",
    ),
    Definition(
        "human_click_rate",
        "Click rate, humans only",
        "rate",
        _SEND,
        False,
        "unique_human_clicks",
        "delivered",
        "Recipients with a click that no bot made, divided by delivered.",
        "4416803987739",
    ),
    Definition(
        "bounce_rate",
        "Bounce rate",
        "rate",
        _SEND,
        False,
        "bounced",
        "recipients",
        "Recipients whose e-mail bounced, divided by all recipients.",
        "115000201131",
    ),
    Definition(
        "unsubscribe_rate",
        "Unsubscribe rate",
        "rate",
        _SEND,
        False,
        "unsubscribes",
        "delivered",
        "Recipients who unsubscribed through the e-mail, divided by delivered.",
        "115000201131",
    ),
    Definition(
        "spam_complaint_rate",
        "Spam complaint rate",
        "rate",
        _SEND,
        False,
        "spam_complaints",
        "delivered",
        "Recipients who marked the e-mail as spam, divided by delivered.",
        "115000201131",
    ),
    Definition(
        "revenue_per_recipient",
        "Revenue per recipient",
        "money",
        _SEND,
        False,
        "message_revenue",
        "delivered",
        "Revenue credited to e-mails received in the period, whenever it was placed, divided by"
        " delivered.",
        "115005258568",
    ),
)


def evaluated(
    measures: Mapping[str, float], *, unmapped: str = "the account maps no metric to it"
) -> pd.DataFrame:
    """Every definition computed from base measures.

    Args:
        measures: base measure -> value; NaN where it could not be counted.
        unmapped: why it could not.

    Returns:
        One row per definition, in their order: metric, label, unit, basis, value, reason,
        definition. ``value`` is NaN where ``reason`` says why, never 0 in its place.

    Raises:
        ContractBroken: a base measure is missing altogether.

    >>> evaluated(dict.fromkeys(base_measures(), 0.0)).set_index("metric").reason["open_rate"]
    'nothing delivered'
    """
    rows = [_row(definition, measures, unmapped) for definition in DEFINITIONS]
    return pd.DataFrame(rows)


def base_measures() -> list[str]:
    """The base measures that the definitions need."""
    named = {d.numerator for d in DEFINITIONS} | {d.denominator for d in DEFINITIONS}
    return sorted(name for name in named if name)


def _row(definition: Definition, measures: Mapping[str, float], unmapped: str) -> dict[str, object]:
    value, reason = _value(definition, measures, unmapped)
    return {
        "metric": definition.metric,
        "label": definition.label,
        "unit": definition.unit,
        "basis": definition.basis,
        "value": value,
        "reason": reason,
        "definition": definition.sentence,
    }


_NOTHING = {
    "delivered": "nothing delivered",
    "delivered_but_machine_only": "nothing delivered but to machines",
    "recipients": "nothing sent",
    "orders": "no orders",
    "revenue": "no revenue",
}


def _value(
    definition: Definition, measures: Mapping[str, float], unmapped: str
) -> tuple[float, str]:
    try:
        over = measures[definition.numerator]
        under = measures[definition.denominator] if definition.denominator else 1.0
    except KeyError as missing:
        raise ContractBroken(
            f"{definition.metric} needs the base measure {missing}",
            hint="select it in sql/reads/base_measures.sql",
        ) from None
    if math.isnan(over) or math.isnan(under):
        return math.nan, unmapped
    if definition.denominator and under == 0:
        return math.nan, _NOTHING[definition.denominator]
    return over / under, ""
