import datetime as dt
import math
import re

import pandas as pd

from workbench.charts.tables import CAMPAIGN_COLUMNS, FLOW_COLUMNS, table_html

CAMPAIGN = {
    "name": "Spring <b>sale</b>",
    "channel": "email",
    "sent_on": dt.date(2026, 10, 5),
    "delivered": 12345,
    "open_rate": math.nan,
    "human_open_rate": 0.25,
    "click_rate": 0.0213,
    "unsubscribe_rate": 0.0,
    "conversions": 7,
    "revenue": 1234.5,
    "revenue_per_recipient": 0.1,
}


def cells(html: str) -> list[str]:
    return re.findall(r"<td[^>]*>(.*?)</td>", html)


def test_a_row_reads_in_the_units_of_its_columns() -> None:
    html = table_html(
        pd.DataFrame([CAMPAIGN]), columns=CAMPAIGN_COLUMNS, currency="EUR", empty="none"
    )
    assert cells(html) == [
        "Spring &lt;b&gt;sale&lt;/b&gt;",
        "email",
        "5 Oct 2026",
        "12,345",
        "n/a",
        "25.00%",
        "2.13%",
        "0.00%",
        "7",
        "€1,234.50",
        "€0.10",
    ]


def test_order_is_kept() -> None:
    rows = pd.DataFrame([{**CAMPAIGN, "status": "live", "name": name} for name in "bca"])
    html = table_html(rows, columns=FLOW_COLUMNS, currency="USD", empty="none")
    assert cells(html)[:: len(FLOW_COLUMNS)] == ["b", "c", "a"]


def test_figures_stand_right_and_names_left() -> None:
    html = table_html(
        pd.DataFrame([CAMPAIGN]), columns=CAMPAIGN_COLUMNS, currency="EUR", empty="none"
    )
    assert '<td class="wb-money">€1,234.50' in html
    assert '<td class="wb-text">email' in html


def test_no_row_is_a_sentence() -> None:
    html = table_html(pd.DataFrame(), columns=FLOW_COLUMNS, currency="USD", empty="No flow sent.")
    assert html == '<p class="wb-empty">No flow sent.</p>'
