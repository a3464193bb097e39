"""Reports: whole account days, a budget that is kept, every version of a value."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import httpx
import numpy as np
import orjson
import pytest
from conftest import unhurried_client

from workbench.db import Database
from workbench.klaviyo import KlaviyoClient
from workbench.klaviyo.reports import REPORTS
from workbench.periods import account_day
from workbench.sandbox import Limiter, SandboxServer, Shop, ShopPlan, Truth, build_shop
from workbench.sandbox.shop.events import Kind
from workbench.settings import REVISION
from workbench.sync import Asked, Progress, SyncSummary, sync_account
from workbench.sync.streams.report_plan import Period, periods

from .conftest import KEY, Edited, with_body

BASIS = ("metrics", "mapped_metrics")
MIDNIGHT = dt.datetime(2026, 11, 2, tzinfo=dt.UTC).timestamp()


@pytest.fixture(scope="module")
def shop() -> Shop:
    """Busy enough for a flow's e-mail on most days; nobody is merged or deleted."""
    return build_shop(ShopPlan(profiles=400, days=90, late_share=0.1, fates_share=0.0))


def rows(database: Database, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with database.connection() as connection:
        return connection.execute(query, parameters).fetchall()


def synced(database: Database, client: KlaviyoClient, *names: str, **asked: Any) -> SyncSummary:
    with client, Progress() as progress:
        return sync_account(
            database,
            client,
            progress=progress,
            clock=itertools.count().__next__,
            asked=Asked(resources=names, **asked),
        )


class Recorded(Edited):
    """The network, and the bodies that were sent over it."""

    def __init__(self) -> None:
        super().__init__(lambda request, response: response)
        self.bodies: list[dict[str, Any]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.bodies.append(orjson.loads(request.read())["data"]["attributes"])
        return super().handle_request(request)


def over(sandbox: SandboxServer, transport: httpx.BaseTransport) -> KlaviyoClient:
    unhurried = unhurried_client(sandbox)
    return KlaviyoClient(
        key=KEY,
        url=sandbox.url,
        revision=REVISION,
        transport=transport,
        limiter=unhurried.limiter,
    )


def posts(sandbox: SandboxServer, path: str = "") -> int:
    return sum(each.method == "POST" and path in each.path for each in sandbox.requests)


def test_row_11_periods_are_whole_account_days_that_never_overlap(
    database: Database, sandbox: SandboxServer
) -> None:
    sent = Recorded()
    synced(database, over(sandbox, sent), *BASIS, "campaign_reports")
    frames = sorted((each["timeframe"]["start"], each["timeframe"]["end"]) for each in sent.bodies)
    # both ends are included, and yesterday was the last day that is over
    assert frames == [
        ("2026-08-01T00:00:00+00:00", "2026-08-31T23:59:59+00:00"),
        ("2026-09-01T00:00:00+00:00", "2026-09-30T23:59:59+00:00"),
        ("2026-10-01T00:00:00+00:00", "2026-10-31T23:59:59+00:00"),
        ("2026-11-01T00:00:00+00:00", "2026-11-01T23:59:59+00:00"),
    ]


def test_row_11_one_call_a_period_whatever_it_groups(
    database: Database, sandbox: SandboxServer, shop: Shop
) -> None:
    sent = Recorded()
    synced(database, over(sandbox, sent), *BASIS, *REPORTS)
    assert len(sent.bodies) == posts(sandbox) == 4 * len(REPORTS)
    revenue = shop.metrics[Kind.PLACED_ORDER].id
    metrics = {each.get("conversion_metric_id") for each in sent.bodies}
    assert metrics == {revenue, None}


def test_row_11_the_sum_of_the_periods_is_what_the_shop_did(
    database: Database, sandbox: SandboxServer, shop: Shop
) -> None:
    synced(database, unhurried_client(sandbox), *BASIS, *REPORTS)
    found = rows(
        database,
        """
        select message_id, sum(value) from mart.report_value
        where report = 'campaign_reports' and statistic = 'conversions'
        group by message_id order by message_id
        """,
    )
    truth = Truth(shop).campaign_numbers()
    expected = truth.groupby("message_id").conversions.sum().sort_index()
    assert [(message, int(value)) for message, value in found] == list(expected.items())
    assert expected.sum() > 0


def sent_by_flows(shop: Shop, day: dt.date) -> dict[str, int]:
    """Flow message -> profiles that received it on an account day; a plain loop."""
    events = shop.events
    people: dict[str, set[int]] = {}
    kinds = {Kind.RECEIVED_EMAIL, Kind.RECEIVED_SMS, Kind.RECEIVED_PUSH}
    for row in np.flatnonzero(np.isin(events.kind, list(kinds)) & (events.visible_at <= shop.now)):
        message = shop.catalogue.messages[events.message[row]]
        if message.flow >= 0 and _day(shop, int(events.at[row])) == day:
            people.setdefault(message.id, set()).add(int(events.profile[row]))
    return {message: len(who) for message, who in sorted(people.items())}


def _day(shop: Shop, at: int) -> dt.date:
    return account_day(dt.datetime.fromtimestamp(at, dt.UTC), shop.account.timezone)


@pytest.mark.parametrize("day", ["2026-10-31", "2026-11-01"])
def test_row_11_a_day_of_25_hours_counts_once(
    database: Database, sandbox: SandboxServer, shop: Shop, day: str
) -> None:
    for _ in range(2):
        synced(database, unhurried_client(sandbox), *BASIS, "flow_series", full=True)
    found = rows(
        database,
        """
        select message_id, sum(value)::int from mart.report_value
        where report = 'flow_series' and statistic = 'delivered' and value > 0 and first_on = %s
        group by message_id order by message_id
        """,
        day,
    )
    expected = sent_by_flows(shop, dt.date.fromisoformat(day))
    assert dict(found) == expected
    assert expected


def test_row_11_a_second_reading_adds_nothing(database: Database, sandbox: SandboxServer) -> None:
    first = synced(database, unhurried_client(sandbox), *BASIS, *REPORTS)
    kept = rows(database, "select count(*) from klaviyo.report_value")
    again = synced(database, unhurried_client(sandbox), *BASIS, *REPORTS, full=True)
    for name in REPORTS:
        assert first.streams[name].new > 0, name
        assert first.streams[name].changed == 0
        assert again.streams[name].read == first.streams[name].read
        assert (again.streams[name].new, again.streams[name].changed) == (0, 0), name
    assert rows(database, "select count(*) from klaviyo.report_value") == kept


def test_row_11_every_version_of_a_value_is_kept(
    database: Database, sandbox: SandboxServer, shop: Shop
) -> None:
    told = {}
    for _ in range(4):
        synced(database, unhurried_client(sandbox), *BASIS, "flow_reports", full=True)
        told[sandbox.now] = _opens(shop, sandbox.now)
        sandbox.advance(days=2)
    found = rows(
        database,
        """
        select observed_at, sum(value) over (order by observed_at)
        from (
            select
                observed_at,
                sum(value - coalesce(before, 0)) as value
            from (
                select
                    observed_at, value,
                    lag(value) over (partition by groupings order by observed_at) as before
                from klaviyo.report_value
                where first_on = '2026-10-01' and statistic = 'opens'
            ) as versions
            group by observed_at
        ) as steps
        order by observed_at
        """,
    )
    history = {int(at.timestamp()): int(value) for at, value in found}
    latest = 0
    for now, expected in told.items():
        latest = history.get(now, latest)
        assert latest == expected
    assert len(set(told.values())) > 1
    ((now,),) = rows(
        database,
        """
        select sum(value) from mart.report_value
        where first_on = '2026-10-01' and statistic = 'opens'
        """,
    )
    assert now == latest


def _opens(shop: Shop, now: int) -> int:
    """Opens visible by now that answer a flow's send in October; a plain loop."""
    events, total = shop.events, 0
    opens = np.isin(events.kind, [Kind.OPENED_EMAIL, Kind.OPENED_PUSH])
    for row in np.flatnonzero(opens & (events.visible_at <= now)):
        receipt = events.receipt[row]
        is_flow = shop.catalogue.messages[events.message[row]].flow >= 0
        if is_flow and receipt >= 0 and events.visible_at[receipt] <= now:
            sent = _day(shop, int(events.at[receipt]))
            total += (sent.year, sent.month) == (2026, 10)
    return total


def test_what_klaviyo_no_longer_tells_is_null_and_not_zero(
    database: Database, sandbox: SandboxServer
) -> None:
    synced(database, unhurried_client(sandbox), *BASIS, "campaign_reports")
    ((gone,),) = rows(database, "select min(message_id) from mart.report_value")

    def without(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.method != "POST":
            return response
        body = orjson.loads(response.content)
        said = body["data"]["attributes"]
        said["results"] = [
            each for each in said["results"] if each["groupings"]["campaign_message_id"] != gone
        ]
        return with_body(response, body)

    synced(database, over(sandbox, Edited(without)), *BASIS, "campaign_reports", full=True)
    found = rows(
        database,
        "select message_id = %s, bool_or(is_reported), bool_and(is_reported)"
        " from mart.report_value group by 1 order by 1",
        gone,
    )
    assert found == [(False, True, True), (True, False, False)]


def test_pages_of_a_report_are_followed(
    database: Database, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = synced(database, unhurried_client(sandbox), *BASIS, "campaign_reports")
    before = posts(sandbox)
    monkeypatch.setattr("workbench.sandbox.api.reports.PAGE_RESULTS", 3)
    sandbox.advance(days=0)  # forget the pages that were served
    paged = synced(database, unhurried_client(sandbox), *BASIS, "campaign_reports", full=True)
    assert posts(sandbox) - before > 4
    assert paged.streams["campaign_reports"].read == whole.streams["campaign_reports"].read
    assert paged.streams["campaign_reports"].changed == 0


def test_a_plain_sync_reads_two_periods_a_day_and_says_what_is_left(
    database: Database, sandbox: SandboxServer
) -> None:
    first = synced(database, unhurried_client(sandbox))
    assert posts(sandbox, "campaign-values") == 2
    assert any(note.startswith("campaign_reports: 2 older periods") for note in first.notes)
    again = synced(database, unhurried_client(sandbox))
    assert posts(sandbox, "campaign-values") == 2
    assert again.streams["campaign_reports"].read == 0
    sandbox.advance(days=1)
    last = synced(database, unhurried_client(sandbox))
    # November once more, then September
    assert posts(sandbox, "campaign-values") == 4
    assert any(note.startswith("campaign_reports: 1 older period") for note in last.notes)


class Ticking:
    """A server's real clock, on which each request comes a minute after the one before."""

    def __init__(self) -> None:
        self.now = MIDNIGHT

    def __call__(self) -> float:
        self.now += 61
        return self.now

    def tomorrow(self) -> None:
        self.now = self.now - self.now % 86_400 + 86_400


def test_row_10_a_daily_quota_leaves_its_stream_for_another_day(
    database: Database, shop: Shop
) -> None:
    ticking = Ticking()
    with SandboxServer(shop, key=KEY, limiter=Limiter(clock=ticking)) as sandbox:
        # others have used up all calls of the day but two
        sandbox.fault("second-consumer:share=0.995,path=/api/campaign-values-reports")
        names = (*BASIS, "campaign_reports", "flow_reports", "segment_reports")
        first = synced(database, unhurried_client(sandbox), *names)
        assert list(first.refused) == ["campaign_reports"]
        assert "goes on at 2026-11-03" in first.refused["campaign_reports"]
        assert first.streams["flow_reports"].new > 0
        assert first.streams["segment_reports"].new > 0
        assert _read(database) == {"campaign_reports": 2, "flow_reports": 4, "segment_reports": 4}

        # a new process, the same day: Klaviyo is not asked again
        asked = posts(sandbox, "campaign-values")
        second = synced(database, unhurried_client(sandbox), *names)
        assert list(second.refused) == ["campaign_reports"]
        assert posts(sandbox, "campaign-values") == asked

        ticking.tomorrow()
        sandbox.withdraw()
        sandbox.advance(days=1)
        third = synced(database, unhurried_client(sandbox), *names)
        assert third.refused == {}
        assert _read(database) == {"campaign_reports": 4, "flow_reports": 4, "segment_reports": 4}


def _read(database: Database) -> dict[str, int]:
    return dict(
        rows(
            database,
            "select report, count(read_at)::int from ops.report_window group by 1 order by 1",
        )
    )


def test_row_10_calls_are_counted_across_restarts_and_some_are_left_to_people(
    database: Database, sandbox: SandboxServer
) -> None:
    synced(database, unhurried_client(sandbox), *BASIS, "campaign_reports")
    budget = "select endpoint, day::text, calls, allowed from ops.rate_budget"
    path = "/api/campaign-values-reports"
    assert rows(database, budget) == [(path, "2026-11-02", 4, 225)]
    with database.connection() as connection:
        connection.execute("update ops.rate_budget set calls = 198")
    asked = posts(sandbox)
    told = synced(database, unhurried_client(sandbox), *BASIS, "campaign_reports", full=True)
    assert posts(sandbox) - asked == 2
    assert rows(database, budget) == [(path, "2026-11-02", 200, 225)]
    assert "25 are left to people" in told.refused["campaign_reports"]
    assert "goes on at 2026-11-03 00:00 UTC" in told.refused["campaign_reports"]
    sandbox.advance(days=1)
    again = synced(database, unhurried_client(sandbox), *BASIS, "campaign_reports", full=True)
    assert again.refused == {}


def test_reports_without_a_revenue_metric_are_left_out(
    database: Database, sandbox: SandboxServer
) -> None:
    def without(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if "mapped-metrics" not in request.url.path:
            return response
        body = orjson.loads(response.content)
        body["data"] = [each for each in body["data"] if each["id"] != "revenue"]
        return with_body(response, body)

    told = synced(database, over(sandbox, Edited(without)), *BASIS, *REPORTS)
    assert sorted(told.refused) == ["campaign_reports", "flow_reports", "flow_series"]
    assert "maps no metric to revenue" in told.refused["flow_reports"]
    assert told.streams["segment_reports"].read > 0


def test_another_revenue_metric_makes_every_period_due(
    database: Database, sandbox: SandboxServer, shop: Shop
) -> None:
    names = (*BASIS, "flow_reports")
    synced(database, unhurried_client(sandbox), *names)
    other = shop.metrics[Kind.ORDERED_PRODUCT].id

    def mapped(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if "mapped-metrics" not in request.url.path:
            return response
        body = orjson.loads(response.content)
        for each in body["data"]:
            if each["id"] == "revenue":
                each["relationships"]["metric"]["data"]["id"] = other
        return with_body(response, body)

    told = synced(database, over(sandbox, Edited(mapped)), *names)
    assert told.streams["flow_reports"].changed > 0
    metrics = "select distinct statistic, conversion_metric_id from mart.report_value"
    found = dict(rows(database, metrics))
    assert found["conversions"] == found["conversion_value"] == other
    assert found["delivered"] is None


TODAY = dt.date(2026, 11, 2)


@pytest.mark.parametrize("is_series", [True, False])
@pytest.mark.parametrize("begin", ["2024-02-29", "2026-07-01", "2026-11-02", "2020-12-31"])
def test_periods_hold_each_day_once(begin: str, is_series: bool) -> None:
    first = dt.date.fromisoformat(begin)
    found = list(periods(first, TODAY, today=TODAY, is_series=is_series))
    days = [
        each.first + dt.timedelta(days=n)
        for each in found
        for n in range((each.last - each.first).days + 1)
    ]
    assert len(days) == len(set(days))
    assert days == sorted(days)
    assert {first + dt.timedelta(days=n) for n in range((TODAY - first).days + 1)} <= set(days)
    longest = max((each.last - each.first).days + 1 for each in found)
    assert longest <= (31 if is_series else 92)
    # one month of quarters never hides in the 90 days that still move
    for each in found:
        if (each.last - each.first).days > 31:
            assert (TODAY - each.last).days > 60


@pytest.mark.parametrize(
    ("read_on", "through", "today", "is_due"),
    [
        (None, None, "2026-11-02", True),
        ("2026-10-20", "2026-10-19", "2026-10-20", False),  # it lasts, read today
        ("2026-10-20", "2026-10-19", "2026-10-21", True),  # a day more is over
        ("2026-11-01", "2026-10-31", "2026-11-06", False),
        ("2026-11-01", "2026-10-31", "2026-11-07", True),  # over for 7 days
        ("2026-11-07", "2026-10-31", "2026-11-13", False),
        ("2026-11-07", "2026-10-31", "2026-11-14", True),
        ("2026-11-07", "2026-10-31", "2027-03-01", True),
        ("2027-01-28", "2026-10-31", "2027-01-29", True),  # over for 90 days
        ("2027-01-29", "2026-10-31", "2030-01-01", False),
    ],
)
def test_when_a_period_is_due(
    read_on: str | None, through: str | None, today: str, is_due: bool
) -> None:
    period = Period(
        dt.date(2026, 10, 1),
        dt.date(2026, 10, 31),
        through=dt.date.fromisoformat(through) if through else None,
        read_on=dt.date.fromisoformat(read_on) if read_on else None,
        conversion_metric_id="M",
    )
    day = dt.date.fromisoformat(today)
    assert period.is_due(day, conversion_metric_id="M") is is_due
    assert period.is_due(day, conversion_metric_id="N")


def test_a_month_of_daily_syncs_needs_less_than_two_calls_a_day() -> None:
    """Counted day by day over two years: what each period's schedule asks for."""
    read: dict[dt.date, Period] = {}
    calls = []
    for n in range(730):
        today = dt.date(2025, 1, 1) + dt.timedelta(days=n)
        known = periods(dt.date(2024, 10, 1), today, today=today, is_series=True)
        due = [
            found
            for each in known
            if (found := read.get(each.first, each)).is_due(today, conversion_metric_id=None)
        ]
        calls.append(len(due))
        for each in due:
            read[each.first] = Period(each.first, each.last, each.over_by(today), today)
    steady = calls[120:]
    assert sum(steady) / len(steady) < 1.25
    assert max(steady) <= 3
