"""Tables of messages: names to the left, figures to the right and all of one length."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from workbench.analytics.figures import count_text, money_text, rate_text

__all__ = ["CAMPAIGN_COLUMNS", "FLOW_COLUMNS", "Column", "table_html"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        name: column of the frame.
        heading: what stands above it.
        kind: "text", "day", "count", "rate" (0 to 1) or "money" (major units).
        note: what the heading means, shown when pointed at.
    """

    name: str
    heading: str
    kind: str
    note: str = ""


_RESULTS = (
    Column("recipients", "Recipients", "count", "messages sent"),
    Column("human_open_rate", "Open rate", "rate", "opened by a person, of those delivered"),
    Column("click_rate", "Click rate", "rate", "clicked, of those delivered"),
    Column("conversions", "Orders", "count", "orders attributed to the message"),
    Column("revenue", "Revenue", "money", "value of those orders"),
    Column("revenue_per_recipient", "Per recipient", "money", "revenue divided by delivered"),
    Column("unsubscribes", "Unsubscribed", "count", "people who unsubscribed by the message"),
)

CAMPAIGN_COLUMNS = (
    Column("name", "Campaign", "text"),
    Column("channel", "Channel", "text"),
    Column("sent_on", "Sent", "day"),
    *_RESULTS,
)

FLOW_COLUMNS = (Column("name", "Flow", "text"), Column("status", "Status", "text"), *_RESULTS)


def table_html(rows: pd.DataFrame, *, columns: Sequence[Column], currency: str, empty: str) -> str:
    """Rows as an HTML table, in the order given.

    Args:
        rows: one row per line of the table, with the columns named; NaN reads "n/a".
        columns: which columns, left to right.
        currency: ISO 4217 code of the money.
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


def _row(row: dict[Any, Any], columns: Sequence[Column], currency: str) -> str:
    texts: dict[str, Callable[[Any], str]] = {
        "text": str,
        "day": _day,
        "count": count_text,
        "rate": rate_text,
        "money": lambda amount: money_text(amount, currency),
    }
    cells = "".join(
        f'<td class="wb-{c.kind}">{escape(texts[c.kind](row[c.name]))}</td>' for c in columns
    )
    return f"<tr>{cells}</tr>"


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%b %Y}"
