"""The overview as a viewer meets it: the live server, the real browser, the numbers in SQL."""

import datetime as dt
import math
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.dashboards.conftest import Serve
from workbench import load
from workbench.db import Database
from workbench.periods import DateRange
from workbench.sandbox import Truth
from workbench.settings import Settings

pytestmark = pytest.mark.browser

SECONDS = 60_000  # of a page that starts a kernel on a busy machine
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    named = os.environ.get("WORKBENCH_CHROMIUM", "")
    candidates = [named] if named else ["chromium", "chromium-browser", "google-chrome"]
    path = next(filter(None, map(shutil.which, candidates)), None)
    if path is None:
        missing = "no browser: install chromium, or name one in WORKBENCH_CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        yield context.new_page()


@pytest.fixture
def url(synced_settings: Settings, serve: Serve) -> Iterator[str]:
    with serve(synced_settings) as server:
        yield server.url


@pytest.fixture
def account(synced_database: Database) -> load.Account:
    load.use_database(synced_database)
    return load.load_account()


def show(page: Page, days: DateRange) -> None:
    """Choose the days as a viewer does, and wait until the page shows them."""
    for label, day in (("Last day", days.last), ("First day", days.first)):
        page.locator(".wb-field", has_text=label).locator("input").fill(day.isoformat())
    wait_for(page, days)


def wait_for(page: Page, days: DateRange) -> None:
    shown = f'.wb-range[data-first="{days.first}"][data-last="{days.last}"]'
    page.wait_for_selector(shown, timeout=SECONDS)
    page.wait_for_selector(".wb-chart svg", timeout=SECONDS)


def cards(page: Page) -> dict[str, float | None]:
    """The raw value behind each card; None where the card says that there is none."""
    raw = page.locator(".wb-card").evaluate_all(
        "cards => cards.map(card => [card.dataset.metric, card.dataset.value])"
    )
    return {metric: float(value) if value else None for metric, value in raw}


def computed(account: load.Account, days: DateRange) -> dict[str, float | None]:
    numbers = load.load_key_numbers(account, days)
    return {
        row.metric: None if math.isnan(row.value) else float(row.value)
        for row in numbers.itertuples()
    }


def ordered(database: Database, account: load.Account, days: DateRange) -> tuple[int, float]:
    """Orders in the account's currency, from the raw events, past every table made of them."""
    since, until = days.instants(account.timezone)
    with database.connection() as connection:
        row = connection.execute(
            """
            select count(*), coalesce(sum(event.value), 0)
            from klaviyo.event
            inner join klaviyo.metric using (account_id, metric_id)
            where
                metric.name = 'Placed Order'
                and event.currency = %s
                and occurred_at >= %s
                and occurred_at < %s
            """,
            [account.currency, since, until],
        ).fetchone()
    assert row is not None
    return int(row[0]), float(row[1])


def compare(
    page: Page, days: DateRange, *, account: load.Account, database: Database, truth: Truth
) -> None:
    shown = cards(page)
    assert shown == pytest.approx(computed(account, days), rel=1e-12)
    assert (shown["orders"], shown["revenue"]) == pytest.approx(ordered(database, account, days))
    known = truth.key_numbers(days)
    for metric in ("revenue", "orders", "attributed_revenue", "customers", "delivered"):
        assert shown[metric] == pytest.approx(float(known[metric] or 0))


def test_a_viewer_reads_what_sql_says(
    page: Page, url: str, account: load.Account, synced_database: Database, truth: Truth
) -> None:
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    account_days = DateRange(account.last_day - dt.timedelta(days=27), account.last_day)

    page.goto(url)
    wait_for(page, account_days)
    expect(page).to_have_title("How is the shop doing?")
    expect(page.locator(".wb-banner")).to_contain_text("Simulated data.")
    expect(page.locator(".wb-freshness")).to_contain_text(f"{account.last_day:%B %Y}")
    compare(page, account_days, account=account, database=synced_database, truth=truth)
    if picture := os.environ.get("WORKBENCH_SCREENSHOT"):
        page.screenshot(path=Path(picture))

    chosen = DateRange(account.last_day - dt.timedelta(days=99), account.last_day.replace(day=1))
    show(page, chosen)
    compare(page, chosen, account=account, database=synced_database, truth=truth)

    hosts = {urlsplit(address.removeprefix("blob:")).hostname for address in requests}
    assert hosts - {None} == {"127.0.0.1"}
    assert complaints == []


def test_a_range_that_ends_before_it_begins_is_told_in_place(
    page: Page, url: str, account: load.Account
) -> None:
    page.goto(f"{url}voila/render/overview.ipynb?comparison=none")
    days = DateRange(account.last_day - dt.timedelta(days=27), account.last_day)
    wait_for(page, days)
    before = cards(page)
    last = page.locator(".wb-field", has_text="Last day").locator("input")
    last.fill((days.first - dt.timedelta(days=1)).isoformat())
    expect(page.locator(".wb-message")).to_contain_text("before it begins")
    assert cards(page) == before
    last.fill(days.first.isoformat())
    wait_for(page, DateRange(days.first, days.first))
    expect(page.locator(".wb-message")).to_have_count(0)


def test_a_closed_page_takes_its_kernel_along(page: Page, url: str) -> None:
    page.goto(url)
    page.wait_for_selector(".wb-card", timeout=SECONDS)
    assert httpx.get(f"{url}health").json()["kernels"] == 1
    page.goto("about:blank")
    deadline = time.monotonic() + 30
    while httpx.get(f"{url}health").json()["kernels"]:
        assert time.monotonic() < deadline, "the kernel outlived its page"
        time.sleep(0.1)
