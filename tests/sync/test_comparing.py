"""When two counts of a day are equal, and what is told where they are not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

import pytest

from workbench.sync.proof.aggregates import DayCount
from workbench.sync.proof.comparing import Pair, is_equal, verdict
from workbench.sync.proof.rereading import spans_to_read
from workbench.sync.windows.spans import Span, day_span, merged, runs, whole_days, years


def count(number: int, values: Mapping[str, str] | None = None, *, nobodys: int = 0) -> DayCount:
    sums = {currency: Decimal(text) for currency, text in (values or {}).items()}
    return DayCount(number, sums, nobodys)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (count(3), count(3)),
        (count(3, {"USD": "0.30"}), count(3, {"USD": "0.30000000000000004"})),
        (count(2, {"USD": "12345678901.25"}), count(2, {"USD": "12345678901.250002"})),
        (count(3, {"USD": "7", "EUR": "2"}), count(3, {"EUR": "2.0", "USD": "7.0"})),
        # values that name no currency are of the account's own
        (count(3, {"USD": "7"}), count(3, {"": "7"})),
        (count(3, {"USD": "7"}), count(3, {"": "3", "USD": "4"})),
    ],
)
def test_equal_counts(ours: DayCount, theirs: DayCount) -> None:
    assert is_equal(Pair(ours, theirs, "USD"))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (count(3), count(4)),
        (count(3, {"USD": "7"}), count(3, {"USD": "7.01"})),
        (count(3, {"USD": "7"}), count(3)),
        # never added up: nine is not nine where seven and two are of other currencies
        (count(3, {"USD": "7", "EUR": "2"}), count(3, {"USD": "2", "EUR": "7"})),
    ],
)
def test_unequal_counts(ours: DayCount, theirs: DayCount) -> None:
    assert not is_equal(Pair(ours, theirs, "USD"))


@pytest.mark.parametrize(
    ("ours", "theirs", "status", "reason"),
    [
        (count(3), count(5), "differs", "counts 2 more than it shows"),
        (count(5, nobodys=2), count(3), "explained", "does not count the 2 that have no profile"),
        (count(5, nobodys=1), count(3), "explained", "shows 2 more than it counts"),
        (
            count(3, {"USD": "7", "EUR": "2"}),
            count(3, {"": "9"}),
            "explained",
            "adds up values in several currencies",
        ),
        (count(3, {"USD": "7.004"}), count(3, {"USD": "7.01"}), "explained", "rounds values"),
        (count(3, {"USD": "7"}), count(3, {"USD": "8.5"}), "differs", "differ by 1.5 USD"),
    ],
)
def test_what_is_told_of_a_day_that_was_read_again(
    ours: DayCount, theirs: DayCount, status: str, reason: str
) -> None:
    pair = Pair(ours, theirs, "USD")
    found = verdict(pair, is_recent=False, is_read_again=True, is_all_shown=True, unresolved=0)
    assert found.status == status
    assert reason in found.reason


def test_what_is_missing_of_the_last_days_may_still_arrive() -> None:
    pair = Pair(count(3), count(5), "USD")
    found = verdict(pair, is_recent=True, is_read_again=True, is_all_shown=True, unresolved=0)
    assert found.status == "explained"
    assert "still arrive" in found.reason


def test_events_whose_metric_is_not_known_are_not_missing() -> None:
    pair = Pair(count(3), count(5), "USD")
    known = {"is_recent": False, "is_read_again": True, "is_all_shown": True}
    assert verdict(pair, **known, unresolved=2).status == "explained"
    assert verdict(pair, **known, unresolved=1).status == "differs"


def test_events_that_klaviyo_counts_but_does_not_show_are_no_explanation() -> None:
    pair = Pair(count(5), count(4), "USD")
    found = verdict(pair, is_recent=False, is_read_again=True, is_all_shown=False, unresolved=0)
    assert found.status == "differs"


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


NOW = at("2026-11-02T05:00:00")


@pytest.mark.parametrize(
    ("since", "until", "is_all_known", "expected"),
    [
        # the account's own day: what lies around it is known, or the days at its ends do not count
        ("2026-10-20T04", "2026-10-22T04", True, ("2026-10-20T00", "2026-10-23T00")),
        ("2026-10-20T04", "2026-10-22T04", False, ("2026-10-21T00", "2026-10-22T00")),
        ("2026-10-20T04", "2026-10-21T04", False, None),
        ("2026-10-20T00", "2026-10-21T00", True, ("2026-10-20T00", "2026-10-21T00")),
        ("2026-10-20T00", "2026-10-21T00", False, ("2026-10-20T00", "2026-10-21T00")),
        # the day that is not over counts up to now
        ("2026-11-01T04", "2026-11-02T05", True, ("2026-11-01T00", "2026-11-02T05")),
        ("2026-11-01T04", "2026-11-02T05", False, ("2026-11-02T00", "2026-11-02T05")),
    ],
)
def test_days_that_a_span_holds_whole(
    since: str, until: str, is_all_known: bool, expected: tuple[str, str] | None
) -> None:
    found = whole_days(Span(at(since), at(until)), as_of=NOW, is_all_known=is_all_known)
    assert found == (Span(at(expected[0]), at(expected[1])) if expected else None)


def test_spans_that_touch_are_one_and_a_year_is_the_most_that_is_asked_for() -> None:
    first, second = Span(at("2024-11-03"), at("2025-11-03")), Span(at("2025-11-03"), NOW)
    assert merged([second, first]) == [Span(first.since, NOW)]
    pieces = list(years(Span(first.since, NOW)))
    assert pieces[0].since == first.since
    assert pieces[-1].until == NOW
    assert [each.until for each in pieces[:-1]] == [each.since for each in pieces[1:]]
    assert max(each.until - each.since for each in pieces) == dt.timedelta(days=365)


def test_days_that_follow_each_other_are_one_run_up_to_a_size() -> None:
    days = [dt.date(2026, 10, day) for day in (1, 2, 3, 5)]
    counts = {("a", day): 4 for day in days} | {("b", days[3]): 50}
    assert list(runs(counts, most=10)) == [
        ("a", days[0], days[1]),
        ("a", days[2], days[2]),
        ("a", days[3], days[3]),
        ("b", days[3], days[3]),
    ]
    assert day_span(days[0], days[1], as_of=NOW) == Span(at("2026-10-01"), at("2026-10-03"))


def test_what_is_read_again_is_the_newest_up_to_a_million_events() -> None:
    days = [dt.date(2026, 10, day) for day in range(1, 5)]
    counts = {("a", day): 400_000 for day in days}
    found = spans_to_read(counts, as_of=NOW)
    assert sorted(span.since.date() for _, span in found) == days[2:]
    # one day is read again, however many events it has
    found = spans_to_read({("a", days[0]): 5_000_000}, as_of=NOW)
    assert found == [("a", day_span(days[0], days[0], as_of=NOW))]
