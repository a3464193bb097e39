"""Tables as HTML: words to the left, figures to the right and of one length."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from workbench.analytics.figures import (
    count_text,
    figure_text,
    money_text,
    moved_text,
    rate_text,
)

__all__ = [
    "CAMPAIGN_COLUMNS",
    "FLOW_COLUMNS",
    "MODEL_COLUMNS",
    "REFRESH_COLUMNS",
    "SCORE_COLUMNS",
    "Column",
    "key_numbers_table",
    "table_html",
]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        name: column of the frame.
        heading: what stands above it.
        kind: "text", "day", "count", "rate" (0 to 1), "money" (major units), "amount" (money
            where a currency is given, else a number), "instant" or "score".
        note: what the heading means, shown when pointed at.
    """

    name: str
    heading: str
    kind: str
    note: str = ""


_RESULTS = (
    Column("delivered", "Delivered", "count", "distinct recipients who received it"),
    Column("open_rate", "Open rate", "rate", "opened, machines included, of those delivered"),
    Column("human_open_rate", "by humans", "rate", "opened by a person, of those delivered"),
    Column("click_rate", "Click rate", "rate", "clicked, of those delivered"),
    Column("unsubscribe_rate", "Unsub. rate", "rate", "unsubscribed, of those delivered"),
    Column("conversions", "Orders", "count", "orders that Klaviyo credits to it, so far"),
    Column("revenue", "Revenue", "money", "value of those orders"),
    Column("revenue_per_recipient", "Per recipient", "money", "revenue divided by delivered"),
)

CAMPAIGN_COLUMNS = (
    Column("name", "Campaign", "text"),
    Column("channel", "Channel", "text"),
    Column("sent_on", "Received", "day", "account day of the first receipt in the period"),
    *_RESULTS,
)

FLOW_COLUMNS = (Column("name", "Flow", "text"), Column("status", "Status", "text"), *_RESULTS)

MODEL_COLUMNS = (
    Column("model", "Model", "text"),
    Column("mase", "MASE", "score", "error as a share of the seasonal naive's in the past"),
    Column("mae", "Mean error", "amount", "mean absolute error a step"),
    Column("bias", "Bias", "amount", "mean of forecast minus actual a step"),
    Column("weight", "Share", "rate", "of the model in the forecast"),
)

SCORE_COLUMNS = (
    Column("metric", "Metric", "text"),
    Column("grain", "Step", "text", "h hour, D day, W week, MS month"),
    Column("ahead", "Steps ahead", "text"),
    Column("n", "Compared", "count", "steps that are over, of all series and forecasts"),
    Column("mase", "MASE", "score", "error as a share of the seasonal naive's in the past"),
    Column("against_naive", "Against naive", "rate", "error as a share of the naive forecast's"),
    Column("bias_rate", "Bias", "rate", "mean of forecast minus actual, by the mean error"),
    Column("coverage_80", "In the 80% band", "rate", "steps inside the interval"),
    Column("coverage_95", "In the 95% band", "rate", "steps inside the interval"),
)

REFRESH_COLUMNS = (
    Column("finished_at", "Finished (UTC)", "instant"),
    Column("count_metric_days", "Metric days", "count"),
    Column("count_orders", "Orders", "count"),
    Column("count_recipients", "Sends", "count", "sends of a message to a profile"),
    Column("count_message_days", "Message days", "count"),
)


def table_html(rows: pd.DataFrame, *, columns: Sequence[Column], currency: str, empty: str) -> str:
    """Rows as an HTML table, in the order given.

    Args:
        rows: one row per line of the table, with the columns named; NaN reads "n/a".
        columns: which columns, left to right.
        currency: ISO 4217 code of the money; empty where there is none.
        empty: the sentence shown where there is no row.
    """
    if rows.empty:
        return f'<p class="wb-empty">{escape(empty)}</p>'
    head = "".join(
        f'<th scope="col" class="wb-{c.kind}" title="{escape(c.note)}">{escape(c.heading)}</th>'
        for c in columns
    )
    body = "".join(_row(row, columns, currency) for row in rows.to_dict("records"))
    return (
        '<div class="wb-table" tabindex="0"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def key_numbers_table(
    changes: pd.DataFrame, *, year_changes: pd.DataFrame, currency: str, before: str
) -> str:
    """Key numbers as an HTML table: now, before, a year before; each cell holds its raw value.

    Args:
        changes: one row per metric: metric label unit basis value reason definition before change
            reason_change (``key_number_changes``).
        year_changes: the same metrics beside those of a year before.
        currency: ISO 4217 code of the money.
        before: what the nearer comparison is called, such as "week before".
    """
    years = {row["metric"]: row for row in year_changes.to_dict("records")}
    body = "".join(
        f'<tr data-metric="{escape(str(row["metric"]))}" title="{escape(str(row["definition"]))}">'
        f'<th scope="row">{escape(str(row["label"]))}</th>'
        f"{_now(row, currency)}{_then(row, currency)}{_then(years[row['metric']], currency)}"
        f'<td class="wb-text">{escape(str(row["basis"]))}</td></tr>'
        for row in changes.to_dict("records")
    )
    return (
        '<div class="wb-table" tabindex="0"><table class="wb-key-numbers"><thead><tr>'
        '<th scope="col"></th><th scope="col">this period</th>'
        f'<th scope="col">{escape(before)}</th><th scope="col">change</th>'
        '<th scope="col">year before</th><th scope="col">change</th>'
        '<th scope="col" class="wb-text">counted by</th>'
        f"</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _now(row: dict[Any, Any], currency: str) -> str:
    value = row["value"]
    if math.isnan(value):
        return f'<td class="wb-missing" data-value="">n/a: {escape(row["reason"])}</td>'
    shown = figure_text(value, unit=row["unit"], currency=currency)
    return f'<td data-value="{value!r}"><strong>{escape(shown)}</strong></td>'


def _then(row: dict[Any, Any], currency: str) -> str:
    shown = figure_text(row["before"], unit=row["unit"], currency=currency)
    raw = "" if math.isnan(row["before"]) else repr(row["before"])
    note = f' title="{escape(row["reason_change"])}"' if row["reason_change"] else ""
    return (
        f'<td data-value="{raw}">{escape(shown)}</td>'
        f'<td class="wb-change"{note}>{escape(_changed(row))}</td>'
    )


def _changed(row: dict[Any, Any]) -> str:
    return moved_text(**{name: row[name] for name in ("value", "before", "change", "unit")})


def _row(row: dict[Any, Any], columns: Sequence[Column], currency: str) -> str:
    texts: dict[str, Callable[[Any], str]] = {
        "text": str,
        "day": _day,
        "count": count_text,
        "rate": rate_text,
        "money": lambda amount: money_text(amount, currency),
        "amount": lambda amount: _amount(amount, currency),
        "instant": lambda instant: f"{instant:%Y-%m-%d %H:%M}",
        "score": lambda score: "n/a" if math.isnan(score) else f"{score:.3f}",
    }
    cells = "".join(
        f'<td class="wb-{c.kind}">{escape(texts[c.kind](row[c.name]))}</td>' for c in columns
    )
    return f"<tr>{cells}</tr>"


def _amount(amount: float, currency: str) -> str:
    if currency:
        return money_text(amount, currency)
    return "n/a" if math.isnan(amount) else f"{amount:,.1f}"


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%b %Y}"
