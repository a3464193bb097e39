"""Orders, their money and what becomes of them; metrics and what is made of them; lateness."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import InputInvalid
from workbench.periods import DateRange
from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, Truth, build_shop
from workbench.sandbox.api.metric_bodies import CUSTOM_METRICS, MAPPED_METRICS
from workbench.sandbox.shop.currencies import converted, shop_currencies
from workbench.sandbox.shop.days import DAY, HOUR, NEVER
from workbench.sandbox.shop.events import Kind
from workbench.sandbox.shop.lateness import LEAST, MOST, VERY_LATE, usual_delay
from workbench.sandbox.shop.seasons import part_of_day, second_of_day

from .conftest import client_of, money, resources

Body = dict[str, Any]


@pytest.fixture(scope="module")
def trade() -> Shop:
    """A year, so that incidents, the renaming and every kind of order fall into it."""
    return build_shop(ShopPlan(profiles=700, days=364, late_share=0.05, very_late_share=0.002))


@pytest.fixture(scope="module")
def trade_client(trade: Shop) -> Iterator[httpx.Client]:
    with (
        SandboxServer(trade, limiter=Limiter(scale=math.inf)) as server,
        client_of(server) as connected,
    ):
        yield connected


def served(client: httpx.Client, shop: Shop, kind: Kind) -> list[Body]:
    metric = shop.metrics[kind].id
    asked = {"filter": f"equals(metric_id,'{metric}')", "page[size]": "1000"}
    return resources(client, "/api/events", **asked)


def properties(event: Body) -> Body:
    return dict(event["attributes"]["event_properties"])


def one(client: httpx.Client, path: str, **parameters: str) -> Any:
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


# orders


def test_the_books_equal_what_is_served(trade: Shop, trade_client: httpx.Client) -> None:
    """Oracle: orders, refunds, cancellations and shipments put together by a plain loop."""
    expected: dict[str, Body] = {}
    for event in served(trade_client, trade, Kind.PLACED_ORDER):
        of = properties(event)
        expected[of["OrderId"]] = {
            "value": money(of["$value"]),
            "currency": of["$value_currency"],
            "refunded": Decimal(0),
            "is_cancelled": False,
            "fulfilled": None,
        }
    for event in served(trade_client, trade, Kind.REFUNDED_ORDER):
        order = expected.get(properties(event)["OrderId"])
        if order is not None:  # the order itself may be late
            order["refunded"] += money(properties(event)["$value"])
            assert properties(event)["$value_currency"] == order["currency"]
    for event in served(trade_client, trade, Kind.CANCELLED_ORDER):
        if (order := expected.get(properties(event)["OrderId"])) is not None:
            order["is_cancelled"] = True
    for event in served(trade_client, trade, Kind.FULFILLED_ORDER):
        if (order := expected.get(properties(event)["OrderId"])) is not None:
            order["fulfilled"] = event["attributes"]["datetime"][:19]
            assert money(properties(event)["$value"]) == order["value"]
            assert properties(event)["$value_currency"] == order["currency"]
    found = {
        row.number: {
            "value": row.value,
            "currency": row.currency,
            "refunded": row.refunded,
            "is_cancelled": row.is_cancelled,
            "fulfilled": None if pd.isna(row.fulfilled_at) else str(row.fulfilled_at)[:19],
        }
        for row in Truth(trade).orders().itertuples()
    }
    assert found == expected
    assert len(found) > 500


def test_what_becomes_of_an_order(trade: Shop) -> None:
    orders = Truth(trade).orders()
    refunded = orders[orders.refunded > 0]
    in_part = refunded.refunded < refunded.value
    assert 0 < in_part.sum() < len(refunded)
    assert (refunded.refunded <= refunded.value).all()
    assert not (orders.is_cancelled & ~orders.fulfilled_at.isna()).any()
    assert not (orders.is_cancelled & (orders.refunded > 0)).any()
    sent = orders[~orders.fulfilled_at.isna()]
    wait = (sent.fulfilled_at - sent.placed_at).dt.total_seconds()
    assert wait.between(10 * HOUR, 4 * DAY).all()
    old = orders[orders.placed_at < orders.placed_at.max() - pd.Timedelta(days=30)]
    assert 0.94 < (~old.fulfilled_at.isna()).mean() < 1.0


def test_caused_orders_name_their_message(trade: Shop) -> None:
    orders, events = Truth(trade).orders(), trade.events
    caused = orders[orders.cause_row >= 0]
    assert 0 < len(caused) < len(orders) / 2
    by_id = {message.id: row for row, message in enumerate(trade.catalogue.messages)}
    placed_at = caused.placed_at.to_numpy().astype("datetime64[s]").astype(np.int64)
    assert (events.at[caused.cause_row] <= placed_at).all()
    messages = events.message[caused.cause_row].tolist()
    assert messages == [by_id[each] for each in caused.cause_message_id]
    assert orders[orders.cause_row < 0].cause_message_id.isna().all()
    assert not orders.credited_message_id.isna().all()


# currencies


def test_money_of_each_currency_stays_apart(trade: Shop, trade_client: httpx.Client) -> None:
    days = DateRange(dt.date(2026, 1, 1), dt.date(2026, 9, 30))
    zone = ZoneInfo(trade.account.timezone)
    expected: dict[str, Decimal] = defaultdict(Decimal)
    counts: dict[str, int] = defaultdict(int)
    for event in served(trade_client, trade, Kind.PLACED_ORDER):
        at = dt.datetime.fromisoformat(event["attributes"]["datetime"])
        if at.astimezone(zone).date() in days:
            code = properties(event)["$value_currency"]
            expected[code] += money(properties(event)["$value"])
            counts[code] += 1
    found = Truth(trade).revenue_by_currency(days).set_index("currency")
    assert found.revenue.to_dict() == expected
    assert found.orders.to_dict() == counts
    assert list(found.index) == ["USD", "EUR", "GBP"]
    numbers = Truth(trade).key_numbers(days)
    assert numbers["revenue"] == expected["USD"]
    assert numbers["orders"] == counts["USD"]
    assert numbers["orders_other_currency"] == counts["EUR"] + counts["GBP"] > 0


def test_a_customer_pays_in_one_currency_and_abroad_only() -> None:
    shop = build_shop(ShopPlan(profiles=1_500, days=120, fates_share=0.0))
    events = shop.events
    orders = events.rows(Kind.PLACED_ORDER)
    pays = pd.Series(events.currency[orders]).groupby(events.profile[orders])
    assert (pays.nunique() == 1).all()
    abroad = events.profile[orders][events.currency[orders] > 0]
    assert {shop.people.place[row] for row in abroad} == {4, 6}  # London and Berlin
    share = (pays.first() > 0).mean()
    error = math.sqrt(0.04 * 0.96 / pays.ngroups)
    assert abs(share - 0.04) < 3 * error


def test_a_shop_can_do_without_other_currencies() -> None:
    shop = build_shop(ShopPlan(profiles=300, days=60, foreign_share=0.0))
    assert shop.currencies == ("USD",)
    assert not shop.events.currency.any()


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=20), st.sampled_from(["EUR", "CAD"]))
def test_the_accounts_own_money_is_never_converted(values: list[int], currency: str) -> None:
    plan = ShopPlan(currency=currency)
    assert shop_currencies(plan)[0] == currency
    assert len(set(shop_currencies(plan))) == 3
    own = converted(plan, np.array(values), np.zeros(len(values), dtype=np.uint8))
    assert own.tolist() == values


# lateness


def test_late_events_are_late_as_their_metric_is(trade: Shop) -> None:
    """Medians of the drawn delays lie within three standard errors of their parameters."""
    events = trade.events
    delay = events.visible_at - events.at
    for kind in (Kind.RECEIVED_EMAIL, Kind.RECEIVED_SMS, Kind.ACTIVE_ON_SITE):
        mine = delay[(events.kind == kind) & (delay >= LEAST) & (delay <= MOST)]
        median, spread = usual_delay(kind)
        error = 1.2533 * spread / math.sqrt(len(mine))
        assert abs(np.log(np.median(mine) / median)) < 3 * error
    text, mail = (usual_delay(kind)[0] for kind in (Kind.RECEIVED_SMS, Kind.RECEIVED_EMAIL))
    assert text > mail
    imports = events.kind == Kind.OLD_SHOP_ORDER
    weeks = delay[~imports & (delay > MOST)]
    assert len(weeks) > 50
    assert weeks.min() >= VERY_LATE[0]
    assert weeks.max() < VERY_LATE[1]


def test_the_truth_about_lateness(trade: Shop) -> None:
    found = Truth(trade).lateness().set_index("metric_id")
    events = trade.events
    row = found.loc[trade.metrics[Kind.RECEIVED_SMS].id]
    mine = (events.kind == Kind.RECEIVED_SMS) & (events.visible_at <= trade.now)
    delay = (events.visible_at - events.at)[mine]
    assert row.events == mine.sum()
    assert row.late == (delay > 0).sum()
    assert row.p50 == pytest.approx(np.median(delay[delay > 0]) / HOUR)
    assert row.p50 <= row.p90 <= row.p99 <= row.most


def test_nothing_is_very_late_unless_asked_for() -> None:
    shop = build_shop(ShopPlan(profiles=300, days=60, very_late_share=0.0))
    events = shop.events
    delay = (events.visible_at - events.at)[events.kind != Kind.OLD_SHOP_ORDER]
    assert delay.max() <= MOST


def test_old_orders_are_imported_in_the_tail() -> None:
    shop = build_shop(ShopPlan(profiles=300, days=120, late_share=0.0, very_late_share=0.0))
    events = shop.events
    rows = events.rows(Kind.OLD_SHOP_ORDER)
    hidden = rows[events.visible_at[rows] > shop.now]
    assert 0 < len(hidden) < len(rows)
    assert (events.at[hidden] < shop.now - 60 * DAY).all()
    assert (events.visible_at[hidden] < shop.days.starts[-1]).all()
    with SandboxServer(shop, limiter=Limiter(scale=math.inf)) as server, client_of(server) as it:
        before = served(it, shop, Kind.OLD_SHOP_ORDER)
        server.advance(days=12)
        after = served(it, shop, Kind.OLD_SHOP_ORDER)
    assert (len(before), len(after)) == (len(rows) - len(hidden), len(rows))


# incidents


def first_day(shop: Shop, trouble: str) -> int:
    """Position of the first day of an incident."""
    found = Truth(shop).anomalies()
    (first,) = found.loc[found.trouble == trouble, "first"].tolist()
    return int((first - shop.days.first).days)


def test_lost_tracking_leaves_no_trace_of_its_orders(trade: Shop) -> None:
    index = first_day(trade, "tracking lost")
    events, day = trade.events, trade.days.index(trade.events.at)
    own = [kind for kind in Kind if trade.metrics[kind].integration in {"Shopify", "API"}]
    counts = np.bincount(day[np.isin(events.kind, own)], minlength=trade.days.count)
    usual = counts[index - 14 : index + 15].mean()
    assert counts[index] < 0.25 * usual
    mail = np.bincount(day[events.kind == Kind.OPENED_EMAIL], minlength=trade.days.count)
    assert mail[index] > 0  # what Klaviyo records itself arrives
    numbers = Truth(trade, now=NEVER).orders().number.astype(int)  # late ones too
    assert (numbers.diff().dropna() == 1).all()  # the shop's numbers have no gap


def test_a_viral_day_brings_visits_and_no_orders(trade: Shop) -> None:
    first = first_day(trade, "viral")
    events, day = trade.events, trade.days.index(trade.events.at)
    around = np.r_[first - 14 : first, first + 2 : first + 16]
    ratios = {}
    for kind in (Kind.ACTIVE_ON_SITE, Kind.PLACED_ORDER):
        counts = np.bincount(day[events.kind == kind], minlength=trade.days.count)
        ratios[kind] = counts[first : first + 2].mean() / counts[around].mean()
    assert ratios[Kind.ACTIVE_ON_SITE] > 1.8
    assert ratios[Kind.PLACED_ORDER] < 1.8


def test_anomalies_appear_as_they_begin(trade: Shop) -> None:
    everything = Truth(trade).anomalies()
    assert len(everything) == len(trade.incidents)
    ids = {metric.id for metric in trade.metrics}
    assert all(row and set(row) <= ids for row in everything.metric_ids)
    third = everything["first"].iloc[2]
    midnight = int(trade.days.starts[(third - trade.days.first).days])
    assert len(Truth(trade, now=midnight).anomalies()) == 3
    assert len(Truth(trade, now=midnight - 1).anomalies()) == 2


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20))
def test_the_clock_of_a_day_can_be_read_backwards(parts: list[float]) -> None:
    seconds = second_of_day(np.array(parts))
    assert ((seconds >= 0) & (seconds < DAY)).all()
    assert np.allclose(part_of_day(seconds), parts, atol=1e-4)


# metrics


def test_a_metric_is_renamed_half_way_and_keeps_its_id() -> None:
    shop = build_shop(ShopPlan(profiles=150, days=120, until=dt.date(2026, 6, 25)))
    with SandboxServer(shop, limiter=Limiter(scale=math.inf)) as server, client_of(server) as it:
        path = f"/api/metrics/{shop.metrics[Kind.RECEIVED_SMS].id}"
        before = one(it, path)["attributes"]
        server.advance(days=7)
        after = one(it, path)["attributes"]
    assert (before["name"], after["name"]) == ("Received SMS", "Received Text Message")
    assert before["created"] == before["updated"] == after["created"]
    assert after["updated"] == "2026-07-01T00:00:00+00:00"


def test_a_metric_shows_with_its_first_event(trade: Shop, trade_client: httpx.Client) -> None:
    events = trade.events
    shown = events.kind[events.visible_at <= trade.now]
    happened = {trade.metrics[kind].id for kind in np.unique(shown)}
    mapped = {trade.metrics[kind].id for kind in MAPPED_METRICS.values() if kind is not None}
    listed = resources(trade_client, "/api/metrics")
    assert {body["id"] for body in listed} == happened | mapped
    for body in listed:
        kind = next(row for row, each in enumerate(trade.metrics) if each.id == body["id"])
        mine = events.kind == kind
        first = events.visible_at[mine].min(initial=trade.now)
        created = dt.datetime.fromisoformat(body["attributes"]["created"]).timestamp()
        assert created == first or not mine.any()
    tiny = build_shop(ShopPlan(profiles=1, days=1, tail_days=0))
    with SandboxServer(tiny, limiter=Limiter(scale=math.inf)) as server, client_of(server) as it:
        names = [body["attributes"]["name"] for body in resources(it, "/api/metrics")]
    assert "Placed Order" in names
    assert "Marked Email as Spam" not in names


def test_a_metric_appears_as_the_clock_moves_on() -> None:
    shop = build_shop(ShopPlan(profiles=40, days=7))
    first = {
        metric.id: shop.events.visible_at[shop.events.kind == kind].min(initial=NEVER)
        for kind, metric in enumerate(shop.metrics)
        if kind not in MAPPED_METRICS.values()
    }
    with SandboxServer(shop, limiter=Limiter(scale=math.inf)) as server, client_of(server) as it:
        shown = []
        for _ in range(2):
            listed = {body["id"] for body in resources(it, "/api/metrics")} & set(first)
            assert listed == {metric for metric, at in first.items() if at <= server.now}
            shown.append(len(listed))
            server.advance(days=13)
    assert shown[1] > shown[0]


def test_metrics_are_found_by_integration(trade_client: httpx.Client) -> None:
    def names(condition: str) -> list[str]:
        found = resources(trade_client, "/api/metrics", filter=condition)
        return [body["attributes"]["integration"]["name"] for body in found]

    assert set(names("equals(integration.name,'WooCommerce')")) == {"WooCommerce"}
    assert set(names("equals(integration.category,'eCommerce')")) == {"Shopify", "WooCommerce"}
    assert names("equals(integration.name,'Etsy')") == []


def test_flows_that_a_metric_starts(trade: Shop, trade_client: httpx.Client) -> None:
    metric = trade.metrics[Kind.PLACED_ORDER].id
    expected = {
        flow.id
        for flow in trade.catalogue.flows
        if flow.trigger == Kind.PLACED_ORDER and flow.status == "live"
    }
    assert expected
    answer = trade_client.get(f"/api/metrics/{metric}", params={"include": "flow-triggers"}).json()
    named = answer["data"]["relationships"]["flow-triggers"]["data"]
    assert {body["id"] for body in named} == {body["id"] for body in answer["included"]} == expected
    related = resources(trade_client, f"/api/metrics/{metric}/flow-triggers")
    assert {body["id"] for body in related} == expected


def test_metric_properties_are_those_of_the_events(trade: Shop, trade_client: httpx.Client) -> None:
    metric = trade.metrics[Kind.PLACED_ORDER].id
    path = f"/api/metrics/{metric}/metric-properties"
    found = {body["attributes"]["property"]: body for body in resources(trade_client, path)}
    seen = {name for event in served(trade_client, trade, Kind.PLACED_ORDER)[:40]
            for name in properties(event)}  # fmt: skip
    assert set(found) == seen
    types = {name: body["attributes"]["inferred_type"] for name, body in found.items()}
    assert (types["$value"], types["ItemNames"], types["OrderId"]) == ("Number", "List", "String")
    assert "sample_values" not in found["$value"]["attributes"]
    asked = {"additional-fields[metric-property]": "sample_values", "include": "metric"}
    single = trade_client.get(f"/api/metric-properties/{found['ItemNames']['id']}", params=asked)
    samples = single.json()["data"]["attributes"]["sample_values"]
    assert samples
    assert set(samples) <= {product.name for product in trade.products}
    assert [body["id"] for body in single.json()["included"]] == [metric]
    assert (
        one(trade_client, f"/api/metric-properties/{found['$value']['id']}/metric")["id"] == metric
    )
    references = resources(trade_client, f"/api/metrics/{metric}/relationships/metric-properties")
    assert {body["id"] for body in references} == {body["id"] for body in found.values()}


def test_custom_metrics_are_made_of_metrics(trade: Shop, trade_client: httpx.Client) -> None:
    listed = resources(trade_client, "/api/custom-metrics")
    assert [body["attributes"]["name"] for body in listed] == [each.name for each in CUSTOM_METRICS]
    for body, custom in zip(listed, CUSTOM_METRICS, strict=True):
        ids = [trade.metrics[kind].id for kind in custom.kinds]
        groups = body["attributes"]["definition"]["metric_groups"]
        assert [group["metric_id"] for group in groups] == ids
        related = resources(trade_client, f"/api/custom-metrics/{body['id']}/metrics")
        assert {each["id"] for each in related} == set(ids)
        answer = trade_client.get(
            f"/api/custom-metrics/{body['id']}", params={"include": "metrics"}
        ).json()
        assert {each["id"] for each in answer["included"]} == set(ids)


def test_mapped_metrics_one_by_one(trade: Shop, trade_client: httpx.Client) -> None:
    for name, kind in MAPPED_METRICS.items():
        path = f"/api/mapped-metrics/{name}"
        assert one(trade_client, path)["id"] == name
        reference = one(trade_client, f"{path}/relationships/metric")
        assert one(trade_client, f"{path}/relationships/custom-metric") is None
        assert trade_client.get(f"{path}/custom-metric").status_code == 404
        if kind is None:
            assert reference is None
            assert trade_client.get(f"{path}/metric").status_code == 404
        else:
            assert reference == {"type": "metric", "id": trade.metrics[kind].id}
            assert one(trade_client, f"{path}/metric")["id"] == trade.metrics[kind].id


def test_an_event_leads_to_its_metric_and_profile(trade: Shop, trade_client: httpx.Client) -> None:
    for event in served(trade_client, trade, Kind.PLACED_ORDER)[::200]:
        path, related = f"/api/events/{event['id']}", event["relationships"]
        metric = related["metric"]["data"]
        assert one(trade_client, f"{path}/metric")["id"] == metric["id"]
        assert one(trade_client, f"{path}/relationships/metric") == metric
        if "profile" in related:
            profile = related["profile"]["data"]
            assert one(trade_client, f"{path}/profile")["id"] == profile["id"]
            assert one(trade_client, f"{path}/relationships/profile") == profile


@pytest.mark.parametrize("name", ["late_share", "very_late_share", "foreign_share"])
@pytest.mark.parametrize("wrong", [-0.1, 1.1, math.nan])
def test_a_share_lies_between_none_and_all(name: str, wrong: float) -> None:
    with pytest.raises(InputInvalid, match=f"{name} is"):
        ShopPlan(**{name: wrong})


def test_other_shares_are_another_account(trade: Shop) -> None:
    other = dataclasses.replace(trade.plan, foreign_share=0.5)
    assert build_shop(dataclasses.replace(other, profiles=20, days=30)).account.id != (
        build_shop(dataclasses.replace(trade.plan, profiles=20, days=30)).account.id
    )
