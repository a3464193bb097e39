"""The main job, end to end: account to report, its first page beside the simulator's own truth."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from bs4 import BeautifulSoup, Tag

from workbench.db import Database, open_database
from workbench.load import load_account, load_daily_revenue, load_forecast, use_database
from workbench.periods import DateRange, account_day, iso_week
from workbench.refresh import refresh_facts
from workbench.runs import Run, list_runs, run_notebook
from workbench.sandbox import Shop, Truth
from workbench.sandbox.shop.events import Flag, Kind
from workbench.settings import Settings

pytestmark = pytest.mark.notebook

REPOSITORY = Path(__file__).resolve().parents[1]
# the last complete week, in which summer time ends, and one in which flows and campaigns earned
WEEKS = {"2026-W44": "", "2026-W38": "2026-09-16"}


@dataclass(frozen=True)
class Report:
    """A weekly report of the synced shop, and what stands on its page."""

    days: DateRange
    run: Run
    page: BeautifulSoup
    settings: Settings

    def table(self, heading: str) -> list[list[str]]:
        """Texts of the rows of the table whose first column has that heading."""
        (table,) = (t for t in self.page.select("table") if t.select("thead th")[0].text == heading)
        return [[td.text for td in row.select("td")] for row in table.select("tbody tr")]

    @property
    def sentences(self) -> list[str]:
        return [tag.get_text() for tag in self.page.select("section.outputs p:not([class])")]


@pytest.fixture(scope="module")
def reports(
    embedded_server: Any, synced_embedded: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Report]]:
    """The three notebooks, run on the synced shop: the report once a week."""
    folder = tmp_path_factory.mktemp("reports")
    with (
        embedded_server.copy(folder, template=synced_embedded) as settings,
        open_database(settings) as database,
    ):

        def run(name: str, **parameters: object) -> Run:
            return run_notebook(name, parameters=parameters, database=database, settings=settings)

        def report(name: str) -> Report:
            made = run("report_weekly", week=WEEKS[name])
            page = BeautifulSoup(made.report_html.read_text(encoding="utf-8"), "html.parser")
            return Report(iso_week(name), made, page, settings)

        assert run("aggregate_daily_metrics").result["orders"] == 0  # refreshed already
        assert run("forecast_metric", origins=2, horizon=14).result["champion"]
        yield {name: report(name) for name in WEEKS}


@pytest.fixture(params=WEEKS)
def report(request: pytest.FixtureRequest, reports: dict[str, Report]) -> Report:
    return reports[request.param]


def periods(days: DateRange) -> dict[str, DateRange]:
    return {"now": days, "before": days.before(), "year before": days.year_before()}


def receipt_day(shop: Shop, receipt: int) -> dt.date:
    received = dt.datetime.fromtimestamp(int(shop.events.at[receipt]), dt.UTC)
    return account_day(received, shop.account.timezone)


def human_opens(shop: Shop, days: DateRange) -> dict[int, int]:
    """By message: profiles who received it in the days and opened it themselves."""
    machines = Flag.APPLE_PRIVACY | Flag.MACHINE
    return answers(shop, days, kind=Kind.OPENED_EMAIL, but=machines)


def answers(shop: Shop, days: DateRange, *, kind: Kind, but: Flag) -> dict[int, int]:
    """By message: profiles who received it in the days and answered, by a loop."""
    events, pairs = shop.events, set()
    owner = shop.people.fates.owner(shop.now)
    for row in events.rows(kind).tolist():
        receipt = int(events.receipt[row])
        if receipt < 0 or events.flags[row] & but:
            continue
        is_visible = max(events.visible_at[row], events.visible_at[receipt]) <= shop.now
        profile = int(owner[events.profile[row]])  # whoever a profile was merged into; -1 deleted
        if is_visible and profile >= 0 and receipt_day(shop, receipt) in days:
            pairs.add((int(events.message[row]), profile))
    found: dict[int, int] = defaultdict(int)
    for message, _ in pairs:
        found[message] += 1
    return found


def true_numbers(shop: Shop, truth: Truth, days: DateRange) -> dict[str, Decimal | None]:
    """The key numbers by hand, from what the simulator says that it holds."""
    said = {name: Decimal(value or 0) for name, value in truth.key_numbers(days).items()}
    said["unique_human_opens"] = Decimal(sum(human_opens(shop, days).values()))
    human_clicks = answers(shop, days, kind=Kind.CLICKED_EMAIL, but=Flag.BOT)
    said["unique_human_clicks"] = Decimal(sum(human_clicks.values()))
    machine_only = said["unique_opens"] - said["unique_human_opens"]
    said["delivered_but_machine_only"] = said["delivered"] - machine_only

    def over(name: str, under: str) -> Decimal | None:
        return said[name] / said[under] if said[under] else None

    counted = ("revenue", "orders", "attributed_revenue", "customers", "new_customers", "delivered")
    return {name: said[name] for name in counted} | {
        "average_order_value": over("revenue", "orders"),
        "attributed_share": over("attributed_revenue", "revenue"),
        "open_rate": over("unique_opens", "delivered"),
        "human_open_rate": over("unique_human_opens", "delivered"),
        "adjusted_open_rate": over("unique_human_opens", "delivered_but_machine_only"),
        "click_rate": over("unique_clicks", "delivered"),
        "human_click_rate": over("unique_human_clicks", "delivered"),
        "bounce_rate": over("bounced", "recipients"),
        "unsubscribe_rate": over("unsubscribes", "delivered"),
        "spam_complaint_rate": over("spam_complaints", "delivered"),
        "revenue_per_recipient": over("message_revenue", "delivered"),
    }


def raw(cell: Tag) -> float | None:
    return float(str(cell["data-value"])) if cell["data-value"] else None


def test_every_key_number_is_the_simulator_s(
    report: Report, synced_shop: Shop, truth: Truth
) -> None:
    compared = periods(report.days)
    found: dict[str, dict[str, float | None]] = {period: {} for period in compared}
    for row in report.page.select("tr[data-metric]"):
        for period, cell in zip(compared, row.select("td[data-value]"), strict=True):
            found[period][str(row["data-metric"])] = raw(cell)
    for period, days in compared.items():
        wanted = true_numbers(synced_shop, truth, days)
        assert found[period] == {
            name: None if value is None else pytest.approx(float(value), rel=1e-12)
            for name, value in wanted.items()
        }, period
        assert wanted["orders"], f"{period} proves nothing"
        assert wanted["human_open_rate"], f"{period} proves nothing"


def test_what_is_shown_is_what_was_counted(report: Report, truth: Truth) -> None:
    shown = {
        str(row["data-metric"]): row.select("td[data-value]")[0].get_text(strip=True)
        for row in report.page.select("tr[data-metric]")
    }
    said = truth.key_numbers(report.days)
    assert shown["revenue"] == f"${said['revenue']:,.2f}"
    assert shown["orders"] == f"{said['orders']:,}"
    assert shown["open_rate"] == percent(said["unique_opens"], said["delivered"])


def percent(part: object, whole: object) -> str:
    return f"{Decimal(str(part)) / Decimal(str(whole)) * 100:.2f}%"


def campaigns_of(truth: Truth, shop: Shop, days: DateRange) -> pd.DataFrame:
    """The truth of campaigns received in the days; one received on other days too is refused."""
    by_message: dict[str, set[dt.date]] = defaultdict(set)
    for kind in (Kind.RECEIVED_EMAIL, Kind.RECEIVED_SMS):
        for row in shop.events.rows(kind).tolist():
            message = shop.catalogue.messages[shop.events.message[row]]
            by_message[message.id].add(receipt_day(shop, row))
    frame = truth.campaign_numbers()
    inside = frame[[any(day in days for day in by_message[m]) for m in frame.message_id]]
    assert all(day in days for message in inside.message_id for day in by_message[message])
    return inside


def table_row(row: Any, *, humans: int, has_opens: bool = True) -> tuple[str, ...]:
    """The truth of a campaign or flow as a reader sees it, from delivered to per recipient."""
    return (
        f"{row.delivered:,}",
        percent(row.unique_opens, row.delivered) if has_opens else "n/a",
        percent(humans, row.delivered) if has_opens else "n/a",
        percent(row.unique_clicks, row.delivered),
        percent(row.unsubscribes, row.delivered),
        f"{row.conversions:,}",
        f"${row.revenue:,.2f}",
        f"${row.revenue / int(row.delivered):,.2f}",
    )


def test_the_campaigns_are_the_simulator_s(report: Report, synced_shop: Shop, truth: Truth) -> None:
    opens = human_opens(synced_shop, report.days)
    humans = {m.id: opens[n] for n, m in enumerate(synced_shop.catalogue.messages)}
    wanted = {
        (row.name, row.channel): table_row(
            row, humans=humans[row.message_id], has_opens=row.channel == "email"
        )
        for row in campaigns_of(truth, synced_shop, report.days).itertuples(name="Row")
    }
    found = {(name, channel): rest for name, channel, _, *rest in report.table("Campaign")}
    assert {named: tuple(rest) for named, rest in found.items()} == wanted
    assert len(found) == len(report.table("Campaign")) > 1


def test_the_flows_are_the_simulator_s(report: Report, synced_shop: Shop, truth: Truth) -> None:
    catalogue, humans = synced_shop.catalogue, defaultdict[str, int](int)
    for message, count in human_opens(synced_shop, report.days).items():
        humans[catalogue.flows[catalogue.messages[message].flow].id] += count
    names = {flow.id: flow.name for flow in catalogue.flows}
    said = truth.flow_numbers(report.days).groupby("flow_id").sum(numeric_only=False)
    wanted = {names[uid]: table_row(row, humans=humans[uid]) for uid, row in said.iterrows()}
    assert {name: tuple(rest) for name, _, *rest in report.table("Flow")} == wanted


def test_flows_and_campaigns_of_a_week_have_earned(synced_shop: Shop, truth: Truth) -> None:
    """Else the tables above would compare noughts."""
    week = iso_week("2026-W38")
    assert truth.flow_numbers(week).revenue.sum() > 0
    assert campaigns_of(truth, synced_shop, week).revenue.sum() > 0


def moved(now: Decimal, then: Decimal) -> str:
    return f"{abs(now / then - 1) * 100:.1f}% {'above' if now > then else 'below'}"


def test_the_sentences_tell_the_simulator_s_figures(
    report: Report, synced_shop: Shop, truth: Truth
) -> None:
    said = [truth.key_numbers(days) for days in periods(report.days).values()]
    revenue, earlier, then = (Decimal(numbers["revenue"] or 0) for numbers in said)
    first, second, _ = report.sentences
    assert first == (
        f"{said[0]['orders']} orders brought ${revenue:,.2f},"
        f" {moved(revenue, earlier)} the week before"
        f" and {moved(revenue, then)} the same week a year earlier."
    )
    best = campaigns_of(truth, synced_shop, report.days).sort_values("revenue").iloc[-1]
    assert second == (
        f"Klaviyo credits {percent(said[0]['attributed_revenue'], revenue)} of revenue to messages;"
        f" the campaign that earned most is “{best['name']}” with ${best.revenue:,.2f}"
        f" from {best.conversions} orders so far."
    )


def test_the_outlook_is_the_forecast_that_was_known(reports: dict[str, Report]) -> None:
    now, then = reports["2026-W44"], reports["2026-W38"]
    with open_database(now.settings) as database:
        use_database(database)
        ahead = load_forecast(load_account(), "revenue").head(7)
    best = ahead.loc[ahead.y_hat.idxmax()]
    outlook = now.sentences[2]
    assert outlook.startswith("For 2 November to 8 November 2026 the forecast expects ")
    assert f" ${ahead.y_hat.sum():,.2f} of revenue;" in outlook
    assert f"{best.ds:%A} {best.ds.day} November 2026 with ${best.y_hat:,.2f}" in outlook
    assert then.sentences[2] == "No forecast made before the week ended reaches the next one."


def test_the_page_is_whole_and_alone(report: Report) -> None:
    page, text = report.page, report.page.get_text()
    assert "Simulated data." in text
    assert "Sandbox (simulated)" in text
    assert not page.select("script, link, iframe, object, embed, input, button")
    assert all(str(tag["src"]).startswith("data:") for tag in page.select("[src]"))
    assert all(str(tag["href"]).startswith("#") for tag in page.select("[href]"))
    assert not re.search(r"@import|url\((?![\"']?(#|data:))", str(page))
    notebook = json.loads((REPOSITORY / "notebooks/report_weekly.ipynb").read_text("utf-8"))
    code = "".join("".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code")
    lines = {line.strip() for line in code.splitlines() if len(line.strip()) > 12}
    assert len(lines) > 30
    assert not [line for line in lines if line in text]


def test_the_result_of_a_run_is_what_its_page_shows(report: Report) -> None:
    result = report.run.result
    assert DateRange(*map(dt.date.fromisoformat, (result["first"], result["last"]))) == report.days
    assert result["sentences"] == report.sentences
    for row in report.page.select("tr[data-metric]"):
        assert result["key_numbers"][str(row["data-metric"])] == raw(row.select("td")[0])


# Real orders, replayed: a file written by hand, and what pandas finds in it.

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
ODD_LINES = """\
900001,85123A,TWO LINES,6,2011-01-10 08:26:00,2.55,17850,United Kingdom
900001,71053,OF ONE INVOICE,4,2011-01-10 08:26:00,3.395,17850,United Kingdom
900001,22752,TAKEN BACK AT ONCE,-2,2011-01-10 08:26:00,7.65,17850,United Kingdom
900002,22633,THE SAME SECOND,3,2011-01-10 08:26:00,0.001,13047,France
900003,22633,A MINUTE,1,2011-01-10 09:00:00,1.1,13047,France
900003,22634,LATER,1,2011-01-10 09:01:00,2.2,13047,France
900004,22635,NOBODY,1,2011-01-11 23:30:00,1.25,,EIRE
900005,22635,A GIFT,5,2011-01-12 10:00:00,0,13047,France
900006,22635,HALF A GIFT,5,2011-01-12 10:00:00,0,13047,France
900006,22636,HALF SOLD,2,2011-01-12 10:00:00,4.25,13047,France
A900007,B,Adjust bad debt,1,2011-01-13 09:41:00,-11062.06,,United Kingdom
C900008,D,Discount,-1,2011-01-14 09:41:00,27.5,17850,United Kingdom
C900009,22635,SENT BACK,-3,2011-01-15 09:41:00,1.25,99999,United Kingdom
900010,22637,AN HOUR THAT IS NOT,1,2011-03-27 01:30:00,10,14000,Germany
900011,22637,SUMMER NIGHT,1,2011-06-30 23:30:00,100,14000,Germany
900012,22637,SUMMER MORNING,1,2011-07-01 00:15:00,1000,14000,Germany
900013,22637,AN HOUR THAT IS TWICE,1,2011-10-30 01:30:00,20.125,14000,Germany
900014,22637,LAST,1,2011-10-31 12:00:00,5,14000,Germany
"""


def orders_file(folder: Path, *, days: int) -> Path:
    """Odd lines, and before the last of them an invoice on most of so many days."""
    lines = ODD_LINES
    for number in range(days):
        day = dt.date(2011, 10, 30) - dt.timedelta(days=number)
        if day.weekday() != 5:  # closed on Saturdays
            price = 10 + 7 * (number % 5) + number % 100 / 100
            customer = 15000 + number % 40
            lines += f"{100000 + number},1,ITEM,{1 + number % 3},{day} 10:05:00,{price:.2f},"
            lines += f"{customer},United Kingdom\n"
    path = folder / "orders.csv"
    path.write_text(f"{HEADER}\n{lines}", encoding="utf-8")
    return path


def true_orders(path: Path) -> pd.DataFrame:
    """One row an invoice that sold something: day, customer (may be missing), value, exact."""
    lines = pd.read_csv(path, dtype=str)
    lines["price"] = lines.UnitPrice.map(Decimal)
    lines["quantity"] = lines.Quantity.map(int)
    sold = lines[
        ~lines.InvoiceNo.str.startswith("C") & (lines.quantity > 0) & (lines.price > 0)
    ].copy()
    sold["value"] = sold.quantity * sold.price
    sold["day"] = pd.to_datetime(sold.InvoiceDate).dt.date
    return sold.groupby("InvoiceNo").agg(
        day=("day", "first"), customer=("CustomerID", "first"), value=("value", "sum")
    )


def workbench(
    *words: str, settings: Settings, **variables: str
) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, with no other settings than these."""
    ours = ("KLAVIYO_", "WORKBENCH_")
    told = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    told |= {
        "WORKBENCH_PROJECT_DIR": str(settings.project_dir),
        "WORKBENCH_DATA_DIR": str(settings.data_dir),
        "WORKBENCH_RUNS_DIR": str(settings.runs_dir),
        "WORKBENCH_DATABASE_URL": str(settings.database_url),
    }
    return subprocess.run(
        [sys.executable, "-m", "workbench", *words],
        env=told | variables,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )


def orders_of(database: Database, condition: str) -> dict[dt.date, tuple[int, Decimal]]:
    with database.connection() as connection:
        rows = connection.execute(
            "select day, count(*), sum(revenue) from mart.orders"
            f" where {condition} group by day order by day"
        ).fetchall()
    return {day: (count, revenue) for day, count, revenue in rows}


def by_day(orders: pd.DataFrame) -> dict[dt.date, tuple[int, Decimal]]:
    found = orders.groupby("day").value.agg(["size", "sum"])
    return {day: (int(row["size"]), row["sum"]) for day, row in found.iterrows()}


@dataclass(frozen=True)
class Replayed:
    """Two demos of one file, one after the other."""

    first: subprocess.CompletedProcess[str]
    second: subprocess.CompletedProcess[str]
    orders: pd.DataFrame
    settings: Settings


@pytest.fixture(scope="module")
def replayed(embedded_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    folder = tmp_path_factory.mktemp("replayed")
    path = orders_file(folder, days=300)
    with embedded_server.copy(folder) as settings:
        first, second = (
            workbench("demo", "--orders", str(path), settings=settings) for _ in range(2)
        )
        yield Replayed(first, second, true_orders(path), settings)


def test_replayed_orders_are_the_file_s_day_by_day(replayed: Replayed) -> None:
    assert replayed.first.returncode == 0, replayed.first.stderr
    known = replayed.orders[replayed.orders.customer.notna()]
    nobody = replayed.orders[replayed.orders.customer.isna()]
    with open_database(replayed.settings) as database:
        assert orders_of(database, "profile_id is not null") == by_day(known)
        assert orders_of(database, "profile_id is null") == by_day(nobody)
        use_database(database)
        daily = load_daily_revenue(
            load_account(), DateRange(dt.date(2011, 1, 1), dt.date(2011, 11, 1))
        )
    found = {row.ds.date(): row.revenue for row in daily.itertuples() if row.orders}
    exact = {day: float(revenue) for day, (_, revenue) in by_day(replayed.orders).items()}
    assert found == pytest.approx(exact, rel=1e-12)
    assert len(known) > 250
    assert len(nobody) == 1


def test_the_demo_ends_with_its_totals_and_the_report(replayed: Replayed) -> None:
    said = replayed.first.stdout
    known = replayed.orders[replayed.orders.customer.notna()].value
    assert f"of known customers {len(known):,}, £{sum(known):,.2f}" in said
    assert re.search(r"^[\d,]+ rows added$", said, re.MULTILINE)
    assert "forecast_metric in " in said
    report = re.search(r"^report: (.+)$", said, re.MULTILINE)
    assert report
    page = BeautifulSoup(Path(report[1]).read_text(encoding="utf-8"), "html.parser")
    assert "Online Retail replay (simulated messages)" in page.get_text()
    assert "Traceback" not in replayed.first.stderr


def test_the_second_demo_adds_no_row_and_says_so(replayed: Replayed) -> None:
    assert replayed.second.returncode == 0, replayed.second.stderr
    assert "no row added" in replayed.second.stdout
    assert re.search(r"^0 new and 0 changed of [\d,]+ rows read", replayed.second.stdout, re.M)


def test_a_history_too_short_to_test_a_model_is_forecast_by_one_that_is_named(
    embedded_settings: Settings, embedded_database: Database, tmp_path: Path
) -> None:
    path = orders_file(tmp_path, days=20)
    late = [line for line in path.read_text("utf-8").splitlines() if "2011-10" in line]
    path.write_text("\n".join([HEADER, *late, ""]), encoding="utf-8")
    done = workbench("demo", "--orders", str(path), settings=embedded_settings)
    assert done.returncode == 0, done.stderr
    runs = list_runs(embedded_database).set_index("notebook")
    assert runs.status.to_dict() == {
        "aggregate_daily_metrics": "succeeded",
        "forecast_metric": "succeeded",
        "report_weekly": "succeeded",
    }
    page = embedded_settings.runs_dir / runs.run_dir["forecast_metric"] / "report.html"
    text = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").get_text()
    assert "seasonal_naive" in text
    assert "how sure, is not known" in text
    assert "The history is too short to test a model." in text
    report = re.search(r"^report: (.+)$", done.stdout, re.MULTILINE)
    assert report
    text = BeautifulSoup(Path(report[1]).read_text(encoding="utf-8"), "html.parser").get_text()
    assert "No forecast made before the week ended reaches the next one." in text
    assert "No forecast of these days was made before them." in text
    assert orders_of(embedded_database, "profile_id is not null") == by_day(true_orders(path))


def test_a_report_without_revenue_says_why_and_shows_the_rest(
    synced_settings: Settings, synced_database: Database
) -> None:
    with synced_database.connection() as connection:
        connection.execute("update klaviyo.mapped_metric set metric_id = null")
    use_database(synced_database)
    refresh_facts(load_account())
    run = run_notebook(
        "report_weekly", parameters={}, database=synced_database, settings=synced_settings
    )
    report = synced_settings.runs_dir / run.run_dir / "report.html"
    page = report.read_text(encoding="utf-8")
    text = BeautifulSoup(page, "html.parser").get_text()
    assert "Revenue is not known: the account maps no metric to revenue." in text
    assert "The revenue of messages is not known." in text
    assert "It is not known." in text
    done = workbench("doctor", "--json", settings=synced_settings)
    [told] = [each for each in json.loads(done.stdout) if each["subject"] == "revenue"]
    assert (told["state"], done.returncode) == ("absent", 0)
    assert "is not known: the account maps no metric to revenue" in told["told"]
    assert "map revenue to one metric in Klaviyo" in told["mend"]


def test_a_failing_notebook_ends_with_1_and_its_run_is_kept(
    synced_settings: Settings, synced_database: Database
) -> None:
    done = workbench("run", "report_weekly", "-p", "week", "2026-W60", settings=synced_settings)
    assert done.returncode == 1
    assert done.stdout == ""
    error, hint = done.stderr.splitlines()
    assert "report_weekly failed in cell " in error
    assert "'2026-W60' is not a week" in error
    page = Path(hint.removeprefix("  try: see "))
    assert page.name == "failed.html"
    assert "This run failed" in page.read_text(encoding="utf-8")
    (run,) = list_runs(synced_database).to_dict("records")
    assert run["status"] == "failed"
    assert synced_settings.runs_dir / run["run_dir"] == page.parent
    assert json.loads((page.parent / "params.json").read_text())["parameters"]["week"] == "2026-W60"
    assert not list(synced_settings.runs_dir.rglob("report.html"))
