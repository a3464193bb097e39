"""A week in three sentences, every figure of them computed."""

from __future__ import annotations

import math

import pandas as pd

from workbench.analytics.figures import (
    change_text,
    count_text,
    day_text,
    money_text,
    range_text,
    rate_text,
)
from workbench.periods import DateRange

__all__ = ["weekly_sentences"]


def weekly_sentences(
    changes: pd.DataFrame,
    *,
    year_changes: pd.DataFrame,
    campaigns: pd.DataFrame,
    predictions: pd.DataFrame,
    currency: str,
) -> list[str]:
    """What happened, what earned it, and what is expected.

    Args:
        changes: key numbers of the week beside the week before (``key_number_changes``).
        year_changes: the same beside the year before.
        campaigns: one row per campaign message of the week: name, revenue, conversions.
        predictions: one row per day after the week: ds, y_hat, lo_80, hi_80; may be empty.
        currency: ISO 4217 code of the money.
    """
    now = changes.set_index("metric")
    then = year_changes.set_index("metric")
    return [
        _revenue_sentence(now, then, currency),
        _messages_sentence(now, campaigns, currency),
        _outlook_sentence(predictions, currency),
    ]


def _revenue_sentence(now: pd.DataFrame, then: pd.DataFrame, currency: str) -> str:
    if math.isnan(now.value["revenue"]):
        return f"Revenue is not known: {now.reason['revenue']}."
    return (
        f"{count_text(now.value['orders'])} orders brought"
        f" {money_text(now.value['revenue'], currency)},"
        f" {_moved(now, 'revenue')} the week before"
        f" and {_moved(then, 'revenue')} the same week a year earlier."
    )


def _moved(changes: pd.DataFrame, metric: str) -> str:
    change = float(changes.change[metric])
    if math.isnan(change):
        return f"not comparable ({changes.reason_change[metric]}) with"
    if change_text(change) == "0.0%":
        return "the same as"
    return f"{change_text(abs(change)).lstrip('+')} {'above' if change > 0 else 'below'}"


def _messages_sentence(now: pd.DataFrame, campaigns: pd.DataFrame, currency: str) -> str:
    share = now.value["attributed_share"]
    credited = (
        f"Klaviyo credits {rate_text(share)} of revenue to messages"
        if not math.isnan(share)
        else f"The share of messages in revenue is not known ({now.reason['attributed_share']})"
    )
    if campaigns.empty:
        return f"{credited}; no campaign was received in the week."
    best = campaigns.sort_values(["revenue", "name"], ascending=[False, True]).iloc[0]
    if math.isnan(best.revenue):
        return f"{credited}."
    if best.revenue == 0:
        return f"{credited}; no campaign of the week has earned an order so far."
    return (
        f"{credited}; the campaign that earned most is “{best['name']}” with"
        f" {money_text(best.revenue, currency)} from {count_text(best.conversions)} orders so far."
    )


def _outlook_sentence(predictions: pd.DataFrame, currency: str) -> str:
    ahead = predictions.sort_values("ds").head(7)
    if len(ahead) < 7:
        return "No forecast made before the week ended reaches the next one."
    days = DateRange(ahead.ds.iloc[0].date(), ahead.ds.iloc[-1].date())
    best = ahead.iloc[int(ahead.y_hat.to_numpy().argmax())]
    between = " to ".join(money_text(best[bound], currency) for bound in ("lo_80", "hi_80"))
    is_known = not math.isnan(best.lo_80) and not math.isnan(best.hi_80)
    how_sure = f"four times in five {between}" if is_known else "how sure, is not known yet"
    return (
        f"For {range_text(days)} the forecast expects"
        f" {money_text(ahead.y_hat.sum(), currency)} of revenue; the best day is"
        f" {day_text(best.ds)} with {money_text(best.y_hat, currency)}"
        f" ({how_sure})."
    )
