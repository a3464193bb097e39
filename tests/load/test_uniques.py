"""Who got a message on several days counts once in a period: tables and measures against a loop."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.load import load_campaigns, load_flows, load_measures, uncached
from workbench.periods import DateRange

from .conftest import Book, days

BEGIN = dt.datetime(2026, 10, 26, 15, tzinfo=dt.UTC)
# as events name a message -> the message
MESSAGES = {"C1": "CM1", "CM2": "CM2", "FM1": "FM1", "FM2": "FM2"}
HELD = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
FLAGS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "recipients": lambda row: row["received_at"] or row["bounced_at"],
    "delivered": lambda row: row["received_at"],
    "bounced": lambda row: row["bounced_at"],
    "unique_opens": lambda row: row["received_at"] and row["opened_at"],
    "unique_human_opens": lambda row: row["received_at"] and row["opened_by_human_at"],
    "unique_clicks": lambda row: row["received_at"] and row["clicked_at"],
    "unique_human_clicks": lambda row: row["received_at"] and row["clicked_by_human_at"],
    "unsubscribes": lambda row: row["received_at"] and row["unsubscribed_at"],
    "spam_complaints": lambda row: row["received_at"] and row["marked_spam_at"],
}
SEND = st.fixed_dictionaries(
    {
        "message": st.sampled_from(tuple(MESSAGES)),
        "profile": st.sampled_from(("P1", "P2", "P3")),
        "day": st.integers(0, 6),
        "is_bounced": st.booleans(),
        # days after the send -> what came of it
        "answers": st.dictionaries(
            st.sampled_from(("opened", "clicked", "unsubscribed", "spam")),
            st.integers(0, 3),
            max_size=3,
        ),
        "is_machine": st.booleans(),
    }
)


def store(book: Book, send: dict[str, Any]) -> None:
    at = BEGIN + dt.timedelta(days=send["day"])
    told = {"profile": send["profile"], "message": send["message"], "sent_at": at}
    book.event("bounced" if send["is_bounced"] else "received", at, **told)
    for answer, later in send["answers"].items():
        when = at + dt.timedelta(days=later, hours=1)
        flag = {"opened": "machine", "clicked": "bot"}.get(answer)
        book.event(answer, when, **told, **({flag: send["is_machine"]} if flag else {}))


def counted(book: Book, period: DateRange) -> dict[str, dict[str, int]]:
    """Message -> statistic -> distinct profiles, found send by send."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    rows: list[Any] = book.rows("mart.message_recipient")
    for row in rows:
        if str(period.first) <= row["sent_on"] <= str(period.last):
            of_message = found[row["message_id"]]
            for name, flag in FLAGS.items():
                of_message[name] |= {row["profile_id"]} if flag(row) else set()
    return {
        message: {name: len(who) for name, who in each.items()} for message, each in found.items()
    }


def check(book: Book, period: DateRange) -> None:
    expected = counted(book, period)
    with uncached():
        campaigns = load_campaigns(book.account, period).set_index("message_id")
        flows = load_flows(book.account, period)
        measures = load_measures(book.account, period)
    in_flows = [each for message, each in expected.items() if message.startswith("F")]
    for name in FLAGS:
        assert measures[name] == sum(each[name] for each in expected.values())
        if name in campaigns:
            of_campaigns = {m: expected[m][name] for m in expected if m.startswith("C")}
            assert campaigns[name].to_dict() == of_campaigns
            assert flows[name].sum() == sum(each[name] for each in in_flows)
    assert flows.messages.sum() == len(in_flows)


@settings(max_examples=25, suppress_health_check=HELD)
@given(
    syncs=st.lists(st.lists(SEND, min_size=1, max_size=8), min_size=1, max_size=3),
    first=st.integers(0, 6),
    length=st.integers(0, 8),
)
def test_a_period_is_its_days_less_what_they_count_twice(
    new_embedded_book: Callable[..., Book],
    syncs: list[list[dict[str, Any]]],
    first: int,
    length: int,
) -> None:
    book = new_embedded_book()
    for sends in syncs:
        for send in sends:
            store(book, send)
        book.refresh()
    begin = BEGIN.date() + dt.timedelta(days=first)
    check(book, DateRange(begin, begin + dt.timedelta(days=length)))


@pytest.mark.parametrize("first", ["2026-10-26", "2026-10-27", "2026-10-28", "2026-10-29"])
def test_someone_who_opens_the_first_and_the_third_of_three_sends(book: Book, first: str) -> None:
    for day, answers in ((0, {"opened": 0}), (1, {}), (2, {"opened": 0})):
        send = {"message": "FM1", "profile": "P1", "day": day, "answers": answers}
        store(book, send | {"is_bounced": False, "is_machine": False})
    book.refresh()
    period = days(first, "2026-11-01")
    flows = load_flows(book.account, period)
    counted_once = [] if first == "2026-10-29" else [[1, 1]]
    assert flows[["delivered", "unique_opens"]].to_numpy().tolist() == counted_once
