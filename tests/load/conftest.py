"""A small account written by hand: raw rows and what they touched, as a sync leaves them."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from workbench.db import Database, open_database
from workbench.load import Account, load_account, use_database
from workbench.periods import DateRange
from workbench.refresh import RefreshSummary, refresh_facts

TIMEZONE = "America/New_York"
METRICS = {
    "received": ("Received Email", "Klaviyo"),
    "opened": ("Opened Email", "Klaviyo"),
    "clicked": ("Clicked Email", "Klaviyo"),
    "bounced": ("Bounced Email", "Klaviyo"),
    "unsubscribed": ("Unsubscribed from Email Marketing", "Klaviyo"),
    "spam": ("Marked Email as Spam", "Klaviyo"),
    "received_sms": ("Received SMS", "Klaviyo"),
    "clicked_sms": ("Clicked SMS", "Klaviyo"),
    "order": ("Placed Order", "Shopify"),
    "old_order": ("Placed Order", "WooCommerce"),
    "viewed": ("Viewed Product", "API"),
}
# events name a campaign's e-mail by the campaign, all other messages by themselves
MESSAGES = """
insert into klaviyo.campaign (account_id, campaign_id, name, channel, status, is_archived, payload)
values
    (%(account_id)s, 'C1', 'Autumn edit', 'email', 'Sent', false, '{}'),
    (%(account_id)s, 'C2', 'Text', 'sms', 'Sent', false, '{}');
insert into klaviyo.campaign_message
    (account_id, message_id, campaign_id, channel, subject, payload)
values
    (%(account_id)s, 'CM1', 'C1', 'email', 'Warm coats', '{}'),
    (%(account_id)s, 'CM2', 'C2', 'sms', null, '{}');
insert into klaviyo.flow (account_id, flow_id, name, status, is_archived, payload)
values (%(account_id)s, 'F1', 'Welcome', 'live', false, '{}');
insert into klaviyo.flow_message (account_id, message_id, flow_id, name, channel, payload)
values
    (%(account_id)s, 'FM1', 'F1', 'Hello', 'email', '{}'),
    (%(account_id)s, 'FM2', 'F1', 'Still there?', 'email', '{}');
"""
EVENT = """
with written as (
    insert into klaviyo.event (
        account_id, metric_id, occurred_at, event_id, profile_id, value, currency, message_ref,
        sent_at, is_machine_open, is_bot_click, attributions, payload
    )
    values (
        %(account_id)s, %(metric)s, %(at)s, %(event_id)s, %(profile)s, %(value)s, %(currency)s,
        %(message)s, %(sent_at)s, %(machine)s, %(bot)s, %(attributions)s, '{}'
    )
    on conflict (account_id, metric_id, occurred_at, event_id) do update
        set value = excluded.value, attributions = excluded.attributions
    returning account_id, metric_id, occurred_at, message_ref
)

insert into ops.touched (account_id, metric_id, day, message_ref)
select account_id, metric_id, (occurred_at at time zone %(timezone)s)::date,
    coalesce(message_ref, '')
from written
"""
# the message as events name it -> as an attribution does
CREDITS = {
    "C1": {"campaign_id": "C1", "campaign_message_id": "CM1"},
    "CM2": {"campaign_id": "C2", "campaign_message_id": "CM2"},
    "FM1": {"flow_id": "F1", "flow_message_id": "FM1"},
    "FM2": {"flow_id": "F1", "flow_message_id": "FM2"},
}


@dataclass
class Book:
    """Writes an account's raw rows; ``refresh`` makes the facts of them."""

    database: Database
    account_id: str
    timezone: str = TIMEZONE
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def execute(self, text: str, **params: Any) -> list[tuple[Any, ...]]:
        params |= {"account_id": self.account_id}
        with self.database.connection() as connection:
            cursor = connection.execute(text, params)
            return cursor.fetchall() if cursor.description else []

    def event(
        self,
        metric: str,
        at: str | dt.datetime,
        profile: str | None = "P1",
        *,
        event_id: str = "",
        message: str | None = None,
        sent_at: str | dt.datetime | None = None,
        machine: bool | None = None,
        bot: bool | None = None,
        value: float | str | None = None,
        currency: str | None = None,
        attributions: list[dict[str, str]] | None = None,
    ) -> str:
        """An event as a sync stores it; returns its id."""
        event_id = event_id or f"E{next(self.numbers)}"
        given = {name: value for name, value in locals().items() if name != "self"}
        self.execute(EVENT, timezone=self.timezone, **given | {"attributions": _json(attributions)})
        return event_id

    def order(
        self,
        at: str | dt.datetime,
        value: float | str | None,
        profile: str | None = "P1",
        *,
        metric: str = "order",
        currency: str | None = "USD",
        message: str = "",
        touch: str = "",
        event_id: str = "",
    ) -> str:
        """An order, credited to a message (by the event ``touch``) where one is named."""
        credit = CREDITS.get(message, {}) | ({"attributed_event_id": touch} if touch else {})
        return self.event(
            metric,
            at,
            profile,
            value=value,
            currency=currency,
            attributions=[credit] if credit else None,
            event_id=event_id,
        )

    def map_revenue(self, metric: str | None) -> None:
        """What the account maps to revenue, from now on."""
        self.execute("delete from klaviyo.mapped_metric where account_id = %(account_id)s")
        if metric:
            self.execute(
                "insert into klaviyo.mapped_metric (account_id, mapping, metric_id, payload)"
                " values (%(account_id)s, 'revenue', %(metric)s, '{}')",
                metric=metric,
            )

    @property
    def account(self) -> Account:
        return load_account(self.account_id)

    def refresh(self) -> RefreshSummary:
        return refresh_facts(self.account)

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """A table of the mart as the account has it, without the account's id."""
        found = self.execute(
            f"select to_jsonb(t) - 'account_id' from {table} as t"
            " where account_id = %(account_id)s order by to_jsonb(t)::text"
        )
        return [row for (row,) in found]


def _json(value: Any) -> Any:
    from psycopg.types.json import Jsonb

    return None if value is None else Jsonb(value)


def days(first: str, last: str = "") -> DateRange:
    return DateRange(dt.date.fromisoformat(first), dt.date.fromisoformat(last or first))


@pytest.fixture
def new_book(database: Database) -> Callable[..., Book]:
    """Makes accounts in one database, which is the one loaded from."""
    return _maker(database)


@pytest.fixture
def new_embedded_book(embedded_database: Database) -> Callable[..., Book]:
    return _maker(embedded_database)


@pytest.fixture
def new_timescaledb_book(timescaledb_server: Any, tmp_path: Path) -> Iterator[Callable[..., Book]]:
    with timescaledb_server.copy(tmp_path) as made, open_database(made) as opened:
        yield _maker(opened)


def _maker(database: Database) -> Callable[..., Book]:
    use_database(database)
    ids = (f"A{number}" for number in itertools.count(1))

    def make(
        *, timezone: str = TIMEZONE, currency: str = "USD", revenue: str | None = "order"
    ) -> Book:
        book = Book(database, next(ids), timezone)
        book.execute(
            "insert into klaviyo.account"
            " (account_id, name, timezone, currency, country, is_simulated, payload) values"
            " (%(account_id)s, 'By hand', %(timezone)s, %(currency)s, 'United States', true, '{}')",
            timezone=timezone,
            currency=currency,
        )
        for metric_id, (name, integration) in METRICS.items():
            book.execute(
                "insert into klaviyo.metric"
                " (account_id, metric_id, name, integration_name, payload) values"
                " (%(account_id)s, %(metric_id)s, %(name)s, %(integration)s, '{}')",
                metric_id=metric_id,
                name=name,
                integration=integration,
            )
        for statement in MESSAGES.split(";")[:-1]:
            book.execute(statement)
        book.map_revenue(revenue)
        book.execute(
            "insert into ops.sync_run (run_id, account_id, status, as_of, finished_at) values"
            " (%(account_id)s, %(account_id)s, 'succeeded', '2026-11-10 05:00+00', now())"
        )
        return book

    return make


@pytest.fixture
def book(new_book: Callable[..., Book]) -> Book:
    return new_book()
