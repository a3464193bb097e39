"""An account of any length, written by SQL: what a sync of a shop would have stored, without one.

31 metrics, e-mails of campaigns and flows with what people do with them, orders that Klaviyo
credits, and visits of a shop. A payload is about 1.1 kB, half of it words that repeat and a third
digits that do not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

__all__ = ["ACCOUNT_ID", "TIMEZONE", "Writer"]

ACCOUNT_ID, TIMEZONE, CURRENCY = "BENCH1", "America/New_York", "USD"
EVENTS_A_PROFILE = 110
_EVENTS_A_SEND = 2.43  # what the shares of _EVENTS add up to
_DAYS_AT_ONCE = 15
_METRICS = {
    **{
        f"K{n:02}": (name, "Klaviyo")
        for n, name in enumerate(
            (
                "Received Email",
                "Opened Email",
                "Clicked Email",
                "Bounced Email",
                "Unsubscribed from Email Marketing",
                "Marked Email as Spam",
                "Received SMS",
                "Clicked SMS",
                "Active on Site",
                "Viewed Form",
                "Submitted Form",
                "Subscribed to List",
            )
        )
    },
    **{
        f"S{n:02}": (name, "Shopify")
        for n, name in enumerate(
            ("Placed Order", "Ordered Product", "Fulfilled Order", "Cancelled Order")
        )
    },
    **{f"A{n:02}": (f"Custom event {n}", "API") for n in range(15)},
}
_CATALOGUE = """
insert into klaviyo.account
    (account_id, name, timezone, currency, country, is_simulated, payload)
values (%(account_id)s, 'Benchmark', %(timezone)s, %(currency)s, 'United States', true, '{}');
insert into klaviyo.mapped_metric (account_id, mapping, metric_id, payload)
values (%(account_id)s, 'revenue', 'S00', '{}');
insert into klaviyo.campaign
    (account_id, campaign_id, name, channel, status, is_archived, sent_at, payload)
select %(account_id)s, 'C' || n, 'Campaign ' || n, 'email', 'Sent', false,
    %(first)s::date + 2 * n, '{}'
from generate_series(0, %(days)s / 2) as n;
insert into klaviyo.campaign_message
    (account_id, message_id, campaign_id, channel, subject, payload)
select %(account_id)s, 'CM' || n, 'C' || n, 'email', 'Subject of campaign ' || n, '{}'
from generate_series(0, %(days)s / 2) as n;
insert into klaviyo.flow (account_id, flow_id, name, status, is_archived, payload)
select %(account_id)s, 'F' || n, 'Flow ' || n, 'live', false, '{}'
from generate_series(0, 11) as n;
insert into klaviyo.flow_message (account_id, message_id, flow_id, name, channel, payload)
select %(account_id)s, 'FM' || n, 'F' || n %% 12, 'E-mail ' || n, 'email', '{}'
from generate_series(0, 35) as n;
insert into klaviyo.profile
    (account_id, profile_id, country, can_receive_email, created_at, updated_at)
select %(account_id)s, 'P' || n, 'United States', true, %(first)s, %(first)s
from generate_series(0, %(profiles)s - 1) as n;
"""
# a send and what follows it, and visits; each event is drawn from the same numbers every time
_EVENTS = """
with sends as materialized (
    select
        d, i, random() as o, random() as c, random() as r, random() as v,
        'P' || floor(random() * %(profiles)s)::integer as profile_id,
        'P' || floor(random() * %(profiles)s)::integer as visitor_id,
        random() < 0.3 as is_flow,
        floor(random() * 36)::integer as step,
        'C' || (d - %(first)s::date) / 2 as campaign_id,
        'CM' || (d - %(first)s::date) / 2 as message_id,
        d + interval '14 hours' + random() * interval '9 hours' as at,
        d + random() * interval '1 day' as visited_at
    from generate_series(1, %(sends)s) as i,
        (select %(since)s::date + n as d
            from generate_series(0, %(until)s::date - %(since)s::date - 1) as n) as days
),

messages as (
    select *,
        case when is_flow then 'FM' || step else campaign_id end as message_ref,
        case when is_flow then 'F' || step %% 12 end as flow_id,
        case when is_flow then at else d + interval '14 hours' end as sent_at,
        substr(md5(d::text || i || 'opened'), 1, 11) as touch_id
    from sends
),

drawn as (
    select m.*, e.*
    from messages as m
    cross join lateral (values
        ('K00', 'received', m.at, true, null),
        ('K01', 'opened', m.at + m.o * interval '2 days', m.o < 0.46, null),
        ('K02', 'clicked', m.at + m.o * interval '2 days' + interval '2 minutes', m.c < 0.06, null),
        ('K03', 'bounced', m.at, m.r > 0.99, null),
        ('K04', 'left', m.at + interval '1 hour', m.c between 0.998 and 1, null),
        ('S00', 'ordered', m.at + m.o * interval '2 days' + interval '1 hour',
            m.o < 0.46 and m.r < 0.03, (20 + floor(m.v * 20000) / 100)::numeric),
        ('S01', 'item', m.at + m.o * interval '2 days' + interval '1 hour',
            m.o < 0.46 and m.r < 0.03, (20 + floor(m.v * 20000) / 100)::numeric)
    ) as e (metric_id, kind, occurred_at, is_there, value)
    where e.is_there
    union all
    select m.*, e.*
    from messages as m
    cross join lateral (values
        ('K08', 'visited', m.visited_at, m.r < 0.35, null::numeric),
        (case when m.v < 0.8 then 'A00' else 'A' || lpad((m.step %% 15)::text, 2, '0') end,
            'looked', m.visited_at + interval '1 minute', m.r < 0.5, null),
        ('S00', 'ordered alone', m.visited_at + interval '9 minutes', m.r between 0.1 and 0.12,
            (20 + floor(m.v * 20000) / 100)::numeric)
    ) as e (metric_id, kind, occurred_at, is_there, value)
    where e.is_there
)

insert into {target} ({columns})
select
    %(account_id)s,
    metric_id,
    date_trunc('second', occurred_at at time zone 'UTC'),
    case kind when 'opened' then touch_id else substr(md5(d::text || i || kind), 1, 11) end,
    case when metric_id in ('K00', 'K01', 'K02', 'K03', 'K04', 'S01') or kind = 'ordered'
        then profile_id else visitor_id end,
    value,
    case when value is not null then %(currency)s end,
    case when value is not null then true end,
    case when metric_id in ('K00', 'K01', 'K02', 'K03', 'K04') then message_ref end,
    case when metric_id in ('K00', 'K01', 'K02', 'K03', 'K04') then flow_id end,
    null,
    case when metric_id in ('K00', 'K01', 'K02', 'K03', 'K04')
        then date_trunc('second', sent_at at time zone 'UTC') end,
    case when metric_id = 'K01' then c > 0.6 end,
    case when metric_id = 'K02' then false end,
    case when kind = 'ordered' then jsonb_build_array(
        case when is_flow
            then jsonb_build_object('flow_id', flow_id, 'flow_message_id', message_ref)
            else jsonb_build_object('campaign_id', campaign_id, 'campaign_message_id', message_id)
        end || jsonb_build_object('attributed_event_id', touch_id)) end,
    jsonb_build_object(
        'timestamp', extract(epoch from occurred_at)::bigint,
        'datetime', occurred_at,
        'uuid', md5(d::text || i || kind || 'uuid'),
        'event_properties', jsonb_build_object(
            '$event_id', substr(md5(d::text || i || kind || 'event'), 1, 24),
            '$value', value,
            'Subject', 'Subject of ' || message_ref,
            'Campaign Name', 'Campaign of ' || message_ref,
            'Email Domain', 'example.com',
            'Client OS', 'iOS', 'Client Name', 'Mobile Safari', 'Client Type', 'browser',
            'Client Canonical', 'safari_mobile', 'Inbox Provider', 'example',
            'URL', 'https://shop.example/collections/all/products/' || step,
            'Referrer', 'https://shop.example/?ref=' || message_ref,
            'Items', repeat('A coat for the autumn, warm and dry. ', 9),
            'Tokens', md5(d::text || i || kind || '1') || md5(d::text || i || kind || '2')
                || md5(d::text || i || kind || '3') || md5(d::text || i || kind || '4')
                || md5(d::text || i || kind || '5') || md5(d::text || i || kind || '6')
        )
    )
from drawn
order by occurred_at
"""


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the account into a migrated database.

    Attributes:
        first: the first day that may have events.
        days: days that may have events, from the first on.
        events_a_day: about so many.
        profiles: of the account.
    """

    connection: psycopg.Connection
    first: dt.date
    days: int
    events_a_day: float
    profiles: int

    def write_catalogue(self) -> None:
        """All but events, as of the end of the days."""
        told = {
            **self._told,
            "days": self.days,
            "as_of": self.first + dt.timedelta(days=self.days),
        }
        for text in _CATALOGUE.split(";")[:-1]:
            self.connection.execute(text, told)
        for metric_id, (name, integration) in _METRICS.items():
            self.connection.execute(
                "insert into klaviyo.metric"
                " (account_id, metric_id, name, integration_name, payload)"
                " values (%s, %s, %s, %s, '{}')",
                (ACCOUNT_ID, metric_id, name, integration),
            )
        self.connection.execute(
            "insert into ops.sync_run (run_id, account_id, status, as_of, finished_at)"
            " values ('bench', %(account_id)s, 'succeeded', %(as_of)s, now())",
            told,
        )

    def write_events(self, since: dt.date, until: dt.date, *, target: str) -> int:
        """Events of the days [since, until); returns how many."""
        count = 0
        for first, last in _spans(since, until):
            self.connection.execute("select setseed(%s)", (first.toordinal() % 997 / 997,))
            text = _EVENTS.replace("{target}", target).replace("{columns}", _COLUMNS)
            sends = max(1, round(self.events_a_day / _EVENTS_A_SEND))
            told = {**self._told, "since": first, "until": last, "sends": sends}
            count += self.connection.execute(text, told).rowcount
        return count

    @property
    def _told(self) -> dict[str, object]:
        return {
            "account_id": ACCOUNT_ID,
            "timezone": TIMEZONE,
            "currency": CURRENCY,
            "first": self.first,
            "profiles": self.profiles,
        }


_COLUMNS = """account_id, metric_id, occurred_at, event_id, profile_id, value, currency,
    is_currency_assumed, message_ref, flow_id, variation_id, sent_at, is_machine_open, is_bot_click,
    attributions, payload"""


def _spans(since: dt.date, until: dt.date) -> Iterator[tuple[dt.date, dt.date]]:
    while since < until:
        last = min(since + dt.timedelta(days=_DAYS_AT_ONCE), until)
        yield since, last
        since = last
