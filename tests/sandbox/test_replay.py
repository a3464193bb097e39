"""Real orders served as an account: every invoice once, to the last tenth of a penny."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import pandas as pd
import pytest

from workbench.errors import InputInvalid
from workbench.periods import DateRange
from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, Truth, replayed_shop

from .conftest import client_of, money, resources

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
LINES = """\
536365,85123A,WHITE HEART,6,2010-12-01 08:26:00,2.55,17850,United Kingdom
536365,71053,WHITE METAL LANTERN,6,2010-12-01 08:26:00,3.39,17850,United Kingdom
536365,22752,BROKEN,-2,2010-12-01 08:26:00,7.65,17850,United Kingdom
536366,22633,HAND WARMER,3,2010-12-01 23:59:00,0.001,13047,France
536367,22634,,1,2011-06-30 23:30:00,1.25,,EIRE
536368,22635,GIFT,5,2011-01-05 10:00:00,0,13047,France
C536379,D,Discount,-1,2010-12-02 09:41:00,27.5,17850,United Kingdom
A536380,B,Adjust bad debt,1,2010-12-03 09:41:00,11062.06,,United Kingdom
"""


@pytest.fixture(scope="module", params=["csv", "parquet"])
def orders_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("orders") / f"orders.{request.param}"
    if request.param == "csv":
        path.write_text(f"{HEADER}\n{LINES}", encoding="utf-8")
        return path
    rows = [line.split(",") for line in LINES.splitlines()]
    frame = pd.DataFrame(rows, columns=HEADER.split(","))
    frame["Quantity"] = frame["Quantity"].astype("int64")
    frame["UnitPrice"] = frame["UnitPrice"].astype("float64")
    frame["CustomerID"] = pd.to_numeric(frame["CustomerID"])
    frame["InvoiceDate"] = pd.to_datetime(frame["InvoiceDate"])
    frame["Description"] = frame["Description"].replace("", None)
    frame.to_parquet(path)
    return path


@pytest.fixture(scope="module")
def replay(orders_path: Path) -> Shop:
    return replayed_shop(ShopPlan(), orders_path)


@pytest.fixture(scope="module")
def client(replay: Shop) -> Iterator[httpx.Client]:
    with (
        SandboxServer(replay, limiter=Limiter(scale=math.inf)) as server,
        client_of(server) as connected,
    ):
        yield connected


def _served(client: httpx.Client, name: str) -> dict[str, dict]:
    metrics = {
        b["attributes"]["name"]: b["id"] for b in reversed(resources(client, "/api/metrics"))
    }
    found = resources(client, "/api/events", filter=f"equals(metric_id,'{metrics[name]}')")
    return {body["attributes"]["event_properties"]["OrderId"]: body for body in found}


def test_each_invoice_is_one_order(client: httpx.Client) -> None:
    placed = _served(client, "Placed Order")
    values = {
        number: money(body["attributes"]["event_properties"]["$value"])
        for number, body in placed.items()
    }
    assert values == {
        "536365": Decimal("35.64"),
        "536366": Decimal("0.003"),
        "536367": Decimal("1.25"),
        "A536380": Decimal("11062.06"),
    }
    items = placed["536365"]["attributes"]["event_properties"]["Items"]
    assert items[1] == {
        "SKU": "71053", "ProductName": "WHITE METAL LANTERN", "Quantity": 6, "ItemPrice": 3.39,
    }  # fmt: skip
    properties = placed["536365"]["attributes"]["event_properties"]
    assert properties["$value_currency"] == "GBP"
    assert len(items) == 2


def test_each_cancellation_is_one_cancelled_order(client: httpx.Client) -> None:
    cancelled = _served(client, "Cancelled Order")
    assert list(cancelled) == ["C536379"]
    properties = cancelled["C536379"]["attributes"]["event_properties"]
    assert money(properties["$value"]) == Decimal("27.5")


def test_times_are_london_wall_times(client: httpx.Client) -> None:
    placed = _served(client, "Placed Order")
    assert placed["536365"]["attributes"]["datetime"] == "2010-12-01 08:26:00+00:00"
    assert placed["536367"]["attributes"]["datetime"] == "2011-06-30 22:30:00+00:00"


def test_orders_without_a_customer_have_no_profile(client: httpx.Client) -> None:
    placed = _served(client, "Placed Order")
    nobody = {n for n, body in placed.items() if "profile" not in body["relationships"]}
    assert nobody == {"536367", "A536380"}
    known = resources(client, "/api/events", filter="has(profile)")
    assert all("profile" in body["relationships"] for body in known)
    assert not {body["id"] for body in known} & {placed[number]["id"] for number in nobody}


def test_customers_are_the_files_and_messages_are_labelled(client: httpx.Client) -> None:
    profiles = resources(client, "/api/profiles")
    assert {body["attributes"]["external_id"] for body in profiles} == {"17850", "13047"}
    assert {body["attributes"]["location"]["country"] for body in profiles} == {
        "United Kingdom",
        "France",
    }
    campaigns = resources(client, "/api/campaigns", filter="equals(messages.channel,'email')")
    flows = resources(client, "/api/flows")
    assert campaigns
    for body in (*campaigns, *flows):
        assert body["attributes"]["name"].endswith("(simulated)")


def test_the_account_is_the_replays(client: httpx.Client, replay: Shop) -> None:
    (account,) = resources(client, "/api/accounts")
    about = account["attributes"]
    assert about["timezone"] == "Europe/London"
    assert about["preferred_currency"] == "GBP"
    contact = about["contact_information"]
    assert contact["organization_name"] == "Online Retail replay (simulated messages)"
    assert contact["street_address"]["country"] == "United Kingdom"
    assert client.get("/api/accounts").headers["Date"] == "Thu, 30 Jun 2011 23:00:00 GMT"


def test_the_truth_of_a_replay(replay: Shop) -> None:
    numbers = Truth(replay).key_numbers(DateRange(dt.date(2010, 12, 1), dt.date(2011, 6, 30)))
    assert numbers["revenue"] == Decimal("11098.953")
    assert numbers["orders"] == 4
    assert numbers["customers"] == 2
    assert numbers["new_customers"] == 2


def test_other_orders_are_another_account(replay: Shop, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(f"{HEADER}\n{LINES.replace('2.55', '2.56')}", encoding="utf-8")
    assert replayed_shop(ShopPlan(), path).account.id != replay.account.id


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("orders.xlsx", "", "is no order file"),
        ("missing.csv", None, "cannot be read"),
        ("broken.parquet", "not parquet", "cannot be read"),
        ("empty.csv", "", "cannot be read"),
        ("none.csv", HEADER, "holds no order"),
        ("short.csv", "InvoiceNo,Quantity\n1,2", "lacks the columns StockCode, Description"),
        ("word.csv", f"{HEADER}\n1,A,B,two,2010-12-01,1,1,X", "Quantity holds something"),
        ("fine.csv", f"{HEADER}\n1,A,B,2,2010-12-01,1.2345,1,X", "more than 3 decimals"),
        ("hole.csv", f"{HEADER}\n1,A,B,2,2010-12-01,,1,X", "UnitPrice has an empty value"),
        ("date.csv", f"{HEADER}\n1,A,B,2,someday,1,1,X", "InvoiceDate holds something"),
        ("who.csv", f"{HEADER}\n1,A,B,2,2010-12-01,1,me,X", "CustomerID holds something"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    tmp_path: Path, name: str, content: str | None, message: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(InputInvalid, match=message):
        replayed_shop(ShopPlan(), path)
