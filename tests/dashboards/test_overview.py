import pandas as pd
import pytest

from workbench import load
from workbench.dashboards.overview import OverviewPage, requested, revenue_note
from workbench.db import Database
from workbench.errors import InputInvalid
from workbench.refresh import refresh_facts

DEFAULTS = {"account": "", "first": "", "last": "", "comparison": "period before"}


@pytest.fixture
def empty_database(embedded_database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr(load.current, "_current", [embedded_database])
    return embedded_database


def test_the_address_wins_over_the_notebook() -> None:
    asked = requested(
        "account=XyZ789&first=2026-10-01&token=abc", {**DEFAULTS, "last": "2026-11-01"}
    )
    assert asked == {
        "account": "XyZ789",
        "first": "2026-10-01",
        "last": "2026-11-01",
        "comparison": "period before",
    }


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("first=yesterday", "'yesterday' is not a date"),
        ("last=2026-02-30", "'2026-02-30' is not a date"),
        ("comparison=%3Cb%3E", "'<b>' is no comparison"),
    ],
)
def test_an_address_that_asks_for_nonsense_is_refused(query: str, message: str) -> None:
    with pytest.raises(InputInvalid, match=message):
        requested(query, DEFAULTS)


@pytest.mark.usefixtures("empty_database")
def test_an_empty_database_says_what_to_do() -> None:
    page = OverviewPage(**DEFAULTS)
    assert 'class="wb-message wb-stop"' in page.notice.value
    assert "workbench sync" in page.notice.value
    assert page.controls.children == ()


@pytest.mark.usefixtures("empty_database")
def test_an_unknown_account_is_not_replaced_by_another() -> None:
    page = OverviewPage("account=NoOne", **DEFAULTS)
    assert "NoOne" in page.notice.value
    assert page.key_numbers.value == ""


def test_revenue_that_is_not_known_is_told_and_the_rest_is_shown(
    synced_database: Database,
) -> None:
    with synced_database.connection() as connection:
        connection.execute("update klaviyo.mapped_metric set metric_id = null")
    load.use_database(synced_database)
    refresh_facts(load.load_account())
    page = OverviewPage(**DEFAULTS)
    assert "maps no metric to revenue" in page.revenue_note.value
    assert "map revenue to one metric in Klaviyo" in page.revenue_note.value
    assert "maps no metric to revenue" in page.key_numbers.value
    assert 'class="wb-message' not in page.notice.value
    assert "<td" in page.campaigns.value


def test_the_sentence_on_revenue_is_computed() -> None:
    daily = pd.DataFrame(
        {
            "ds": pd.to_datetime(["2026-10-31", "2026-11-01"]),
            "revenue": [100.0, 300.0],
            "attributed_revenue": [60.0, 40.0],
            "orders": [2, 3],
        }
    )
    assert revenue_note(daily, currency="USD") == (
        "<p>$400.00 from 5 orders; 25.00% of it is attributed to messages. "
        "The best day was Sunday 1 November 2026 with $300.00.</p>"
    )
    assert "No revenue" in revenue_note(daily.iloc[:0], currency="USD")
