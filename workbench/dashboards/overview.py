"""The overview page: widgets that stay, and contents that follow the controls.

The notebook lays the widgets out; this module fills them. Contents are computed whole before the
first of them is replaced, so a page never shows two ranges at once.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import ipywidgets as widgets
import pandas as pd

from workbench.analytics import key_number_changes
from workbench.analytics.figures import count_text, day_text, money_text, rate_text
from workbench.charts import empty_chart, plot_revenue
from workbench.charts.tables import CAMPAIGN_COLUMNS, FLOW_COLUMNS, table_html
from workbench.dashboards.chart import ChartView
from workbench.dashboards.controls import COMPARISONS, PRESETS, Controls, Selection
from workbench.dashboards.key_numbers import key_numbers_html
from workbench.dashboards.notice import message_html, notice_html, stopped_html
from workbench.errors import DataMissing, InputInvalid, WorkbenchError
from workbench.load import (
    Account,
    load_account,
    load_accounts,
    load_campaigns,
    load_daily_revenue,
    load_flows,
    load_key_numbers,
)
from workbench.periods import DateRange, parse_day

__all__ = ["OverviewPage", "requested"]

_STYLE = f"<style>{Path(__file__).with_name('style.css').read_text(encoding='utf-8')}</style>"
_UNFORESEEN = WorkbenchError(
    "these numbers could not be computed; the ones below are of an earlier choice",
    hint="the reason is in the server's log",
)
_FIELDS = ("account", "first", "last", "comparison")


def requested(query: str, defaults: dict[str, str]) -> dict[str, str]:
    """What a page's address asks for, over the notebook's own parameters.

    Args:
        query: the query string, "account=AbC123&first=2026-10-01"; other names are ignored.
        defaults: account, first, last and comparison; first and last may be empty.

    Raises:
        InputInvalid: a date or the comparison cannot be read.

    >>> requested("first=2026-10-01&theme=dark", {"first": "", "comparison": "none"})
    {'first': '2026-10-01', 'comparison': 'none'}
    """
    asked = {name: value for name, value in parse_qsl(query) if name in _FIELDS}
    wanted = {**defaults, **asked}
    for name in ("first", "last"):
        if wanted.get(name):
            parse_day(wanted[name])
    if wanted["comparison"] not in COMPARISONS:
        raise InputInvalid(
            f"{wanted['comparison']!r} is no comparison", hint=f"one of: {', '.join(COMPARISONS)}"
        )
    return wanted


class OverviewPage:
    """Notice, controls, key numbers, revenue chart and tables of one account.

    Every attribute is a widget for the notebook to place. Where the page cannot start (nothing
    synced, no such account, an address that asks for nonsense) the notice says so and what to do.

    Args:
        query: query string of the page's address; wins over what follows.
        parameters: account, first, last, comparison, as the notebook's parameters cell has them.
    """

    def __init__(self, query: str = "", **parameters: str) -> None:
        self.notice = widgets.HTML(_STYLE)
        self.controls = widgets.VBox()
        self.key_numbers = widgets.HTML()
        self.revenue = ChartView(label="Revenue by day")
        self.revenue_note = widgets.HTML()
        self.campaigns = widgets.HTML()
        self.flows = widgets.HTML()
        self._message = widgets.HTML()
        try:
            self._start(requested(query, parameters))
        except WorkbenchError as error:
            self.notice.value = _STYLE + stopped_html(error)

    def _start(self, wanted: dict[str, str]) -> None:
        self._take(_account_with_data(wanted["account"]))
        days = _default_days(self._account)
        fields = Controls(
            _account_names(),
            selection=Selection(
                account_id=self._account.account_id,
                first=parse_day(wanted["first"]) if wanted["first"] else days.first,
                last=parse_day(wanted["last"]) if wanted["last"] else days.last,
                comparison=wanted["comparison"],
            ),
        )
        fields.limit(self._account)
        self._fields = fields
        self.controls.children = (fields, self._message)
        self._follow(fields.selection)
        fields.observe(lambda change: self._follow(change.new), names="selection")

    def _take(self, account: Account) -> None:
        self._account = account
        self.notice.value = _STYLE + notice_html(account)

    def _follow(self, selection: Selection) -> None:
        self._message.value = ""
        self.key_numbers.add_class("wb-busy")
        try:
            self._show(selection)
        except WorkbenchError as error:
            self._message.value = message_html(error)
        except Exception:
            self._message.value = message_html(_UNFORESEEN)
            raise  # the kernel writes it to the server's log
        finally:
            self.key_numbers.remove_class("wb-busy")

    def _show(self, selection: Selection) -> None:
        if selection.account_id != self._account.account_id:
            self._take(_account_with_data(selection.account_id))
            self._fields.limit(self._account)
            if self._fields.selection != selection:
                return  # its days were moved into the account's, which has come back here already
        contents = _contents(self._account, selection.days, selection.compared)
        self.key_numbers.value = contents.key_numbers
        self.revenue.show(contents.revenue)
        self.revenue_note.value = contents.revenue_note
        self.campaigns.value = contents.campaigns
        self.flows.value = contents.flows


@dataclass(frozen=True, slots=True)
class _Contents:
    key_numbers: str
    revenue: Any
    revenue_note: str
    campaigns: str
    flows: str


def _contents(account: Account, days: DateRange, compared: DateRange | None) -> _Contents:
    numbers = load_key_numbers(account, days)
    if compared:
        numbers = key_number_changes(numbers, load_key_numbers(account, compared))
    revenue, note = _revenue(account, days, compared)
    campaigns = load_campaigns(account, days).sort_values("revenue", ascending=False)
    flows = load_flows(account, days).sort_values("revenue", ascending=False)
    currency = account.currency
    return _Contents(
        key_numbers=key_numbers_html(numbers, currency=currency, days=days, compared=compared),
        revenue=revenue,
        revenue_note=note,
        campaigns=table_html(
            campaigns,
            columns=CAMPAIGN_COLUMNS,
            currency=currency,
            empty="No campaign was sent on these days.",
        ),
        flows=table_html(
            flows,
            columns=FLOW_COLUMNS,
            currency=currency,
            empty="No flow sent a message on these days.",
        ),
    )


def _revenue(account: Account, days: DateRange, compared: DateRange | None) -> tuple[Any, str]:
    """The chart of daily revenue and the sentence below it; it says why where none is known."""
    try:
        daily = load_daily_revenue(account, days)
        earlier = load_daily_revenue(account, compared) if compared else None
    except DataMissing as missing:
        return empty_chart("Revenue is not known.", title="Revenue per day"), message_html(missing)
    chart = plot_revenue(daily, currency=account.currency, comparison=earlier)
    return chart, revenue_note(daily, currency=account.currency)


def revenue_note(daily: pd.DataFrame, *, currency: str) -> str:
    """One sentence on daily revenue: the total, the best day, the share of messages.

    Args:
        daily: one row per account day: ds, revenue and attributed_revenue in major units, orders.
        currency: ISO 4217 code.
    """
    total = daily["revenue"].sum()
    if total <= 0:
        return "<p>No revenue on these days.</p>"
    best: Any = daily.loc[daily["revenue"].idxmax()]
    share = daily["attributed_revenue"].sum() / total
    return (
        f"<p>{money_text(total, currency)} from {count_text(daily['orders'].sum())} orders; "
        f"{rate_text(share)} of it is attributed to messages. The best day was "
        f"{day_text(best['ds'])} with {money_text(best['revenue'], currency)}.</p>"
    )


def _account_with_data(account_id: str) -> Account:
    account = load_account(account_id)
    if account.first_day is None or account.first_day > account.last_day:
        raise DataMissing(
            f"{account.name} has no complete day of data yet",
            hint="run: workbench sync; a day shows once it is over in the account's time zone",
        )
    return account


def _account_names() -> list[tuple[str, str]]:
    accounts = load_accounts()
    return list(zip(accounts["name"], accounts["account_id"], strict=True))


def _default_days(account: Account) -> DateRange:
    last: dt.date = account.last_day
    return DateRange(PRESETS["last 28 days"](last), last)
