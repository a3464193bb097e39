-- Orders by the number that the shop gives them, what became of them, who placed them, and what
-- Klaviyo credits to its messages.

-- The shop's own number of an order. Klaviyo makes up a $event_id where the sender names none: the
-- second of the event, which is no number.
create function mart.order_number(payload jsonb, occurred_at timestamptz) returns text
language sql immutable parallel safe
as $$
    select coalesce(
        nullif(payload #>> '{event_properties,OrderId}', ''),
        nullif(
            nullif(payload #>> '{event_properties,$event_id}', ''),
            extract(epoch from occurred_at)::bigint::text
        )
    )
$$;

comment on function mart.order_number is 'The shop''s own number of the order that an event is about; null where it names none.';

-- The first of several attributions has the credit, so that every event counts once.
create function mart.first_credit(attributions jsonb) returns table (
    source text,
    campaign_id text,
    flow_id text,
    message_ref text,
    touch_event_id text
)
language sql immutable parallel safe
as $$
    select
        case
            when attributions -> 0 ->> 'flow_id' is not null then 'flow'
            when attributions -> 0 ->> 'campaign_id' is not null then 'campaign'
            else 'none'
        end,
        attributions -> 0 ->> 'campaign_id',
        attributions -> 0 ->> 'flow_id',
        coalesce(
            attributions -> 0 ->> 'flow_message_id',
            attributions -> 0 ->> 'campaign_message_id',
            attributions -> 0 ->> 'campaign_id'
        ),
        attributions -> 0 ->> 'attributed_event_id'
$$;

comment on function mart.first_credit is 'One row: what Klaviyo credits an event to, by its first attribution; source none where there is none.';

-- One row per id under which events name a message, as the facts last took it.
create table mart.known_message (
    account_id text not null,
    message_ref text not null,
    message_id text not null,
    channel text,
    primary key (account_id, message_ref)
);

comment on table mart.known_message is 'One row per id under which events name a message, as the facts last took it: what differs from mart.message_ref makes facts stale.';
comment on column mart.known_message.message_ref is 'As events and attributions name it: the message''s own id, or its campaign''s.';
comment on column mart.known_message.message_id is 'The message that the facts took it for.';
comment on column mart.known_message.channel is 'email, sms, mobile_push; null where Klaviyo does not tell.';

-- One row per event that is about an order.
create table mart.order_event (
    account_id text not null,
    metric_id text not null,
    day date not null,
    occurred_at timestamptz not null,
    event_id text not null,
    kind text not null check (kind in ('placed', 'cancelled', 'refunded', 'fulfilled')),
    is_revenue boolean not null,
    order_number text,
    profile_id text,
    value numeric,
    currency text not null,
    primary key (account_id, metric_id, day, occurred_at, event_id)
);

create index order_event_by_number on mart.order_event (account_id, order_number)
where order_number is not null;

comment on table mart.order_event is 'One row per event that is about an order, of any integration: placed, cancelled, refunded or fulfilled.';
comment on column mart.order_event.day is 'Account day of the event.';
comment on column mart.order_event.kind is 'By the role of its metric.';
comment on column mart.order_event.is_revenue is 'Whether its metric is the one that the account maps to revenue, so that it is in mart.orders.';
comment on column mart.order_event.order_number is 'The shop''s own number: OrderId, else $event_id; null where the event names none.';
comment on column mart.order_event.value is 'Of the order, or what was refunded or cancelled; null where the event names none.';
comment on column mart.order_event.currency is 'ISO 4217; the account''s where the event names none.';

alter table mart.orders
add column order_number text,
add column duplicate_of text,
add column count_reports integer not null default 1,
add column fulfilled_at timestamptz,
add column cancelled_at timestamptz,
add column refunded_at timestamptz,
add column refunded_value numeric,
add column net_revenue numeric,
add column touch_event_id text,
add column touch_metric_id text,
add column touched_at timestamptz;

drop index mart.orders_by_message;
create index orders_by_message on mart.orders (account_id, message_id, profile_id)
where message_id is not null;
create index orders_by_number on mart.orders (account_id, order_number)
where order_number is not null;
create index orders_by_touch on mart.orders (account_id, touch_metric_id, touched_at)
where touched_at is not null;
-- few: those whose touch a sync has still to bring
create index orders_without_touch on mart.orders (account_id, touch_event_id)
where touch_event_id is not null and touched_at is null;

comment on table mart.orders is 'One row per event of the metric mapped to revenue, at its event date, as Klaviyo counts orders; those with duplicate_of report an order once more.';
comment on column mart.orders.order_id is 'Klaviyo''s id of the event.';
comment on column mart.orders.order_number is 'The shop''s own number: OrderId, else $event_id; null where the event names none.';
comment on column mart.orders.duplicate_of is 'order_id of the earliest report of the same order: the same number, and the same integration or profile. Null of that report: count these for real orders.';
comment on column mart.orders.count_reports is 'Events that say that this order was placed, those of metrics that are not revenue included.';
comment on column mart.orders.fulfilled_at is 'First event that says so; null before, and of a duplicate.';
comment on column mart.orders.cancelled_at is 'First event that says so; null before, and of a duplicate.';
comment on column mart.orders.refunded_at is 'First refund; null before, and of a duplicate.';
comment on column mart.orders.refunded_value is 'Sum of the refunds; null without any, and where one names no value or another currency.';
comment on column mart.orders.net_revenue is 'revenue less refunds; 0 when cancelled, and of a duplicate, so that it adds up over all rows; null where a refund''s value is not known.';
comment on column mart.orders.touch_event_id is 'The open, click or receipt that Klaviyo names for the credit.';
comment on column mart.orders.touch_metric_id is 'Metric of the touch; null while no sync has brought it.';
comment on column mart.orders.touched_at is 'Time of the touch; null while no sync has brought it.';

-- One row per profile with an order.
create table mart.buyer (
    account_id text not null,
    profile_id text not null,
    first_order_at timestamptz not null,
    last_order_at timestamptz not null,
    count_orders bigint not null,
    count_cancelled bigint not null,
    count_refunded bigint not null,
    days_between_orders numeric,
    first_source text not null,
    first_channel text,
    primary key (account_id, profile_id)
);

comment on table mart.buyer is 'One row per profile with an order; an order that is reported twice counts once, a cancelled one counts.';
comment on column mart.buyer.count_cancelled is 'Of count_orders.';
comment on column mart.buyer.count_refunded is 'Of count_orders: refunded in part or in full.';
comment on column mart.buyer.days_between_orders is 'Mean, in days of 24 hours; null with one order.';
comment on column mart.buyer.first_source is 'Klaviyo''s own attribution of the first order: campaign, flow or none.';
comment on column mart.buyer.first_channel is 'Channel of the message that the first order is attributed to; null of none.';

-- One row per profile with an order and currency.
create table mart.buyer_currency (
    account_id text not null,
    profile_id text not null,
    currency text not null,
    count_orders bigint not null,
    revenue numeric not null,
    net_revenue numeric,
    primary key (account_id, profile_id, currency)
);

comment on table mart.buyer_currency is 'One row per profile with an order and currency: money is never summed over currencies.';
comment on column mart.buyer_currency.revenue is 'As placed; an order that is reported twice counts once.';
comment on column mart.buyer_currency.net_revenue is 'Less refunds and cancelled orders; null where the value of a refund is not known.';

-- One row per account day, metric, attribution source, channel, message and currency.
create table mart.fact_conversions (
    account_id text not null,
    metric_id text not null,
    day date not null,
    source text not null check (source in ('campaign', 'flow', 'none')),
    channel text not null,
    message_id text not null,
    currency text not null,
    count_events bigint not null,
    unique_profiles bigint not null,
    sum_value numeric,
    primary key (account_id, metric_id, day, source, channel, message_id, currency)
);

create index fact_conversions_by_message on mart.fact_conversions (account_id, message_id, day)
where message_id <> '';

comment on table mart.fact_conversions is 'One row per account day (event date), metric, attribution source, channel, message and currency. Every metric but those of messages themselves: Klaviyo lets any of them be a conversion.';
comment on column mart.fact_conversions.source is 'Klaviyo''s own attribution on the event, the first of several: campaign, flow or none.';
comment on column mart.fact_conversions.channel is 'Of the message; empty where there is none, or it is not known.';
comment on column mart.fact_conversions.message_id is 'The message credited; empty where there is none.';
comment on column mart.fact_conversions.currency is 'Empty for events without a value.';
comment on column mart.fact_conversions.unique_profiles is 'Distinct profiles of the row: does not add up, neither over days nor over messages.';
comment on column mart.fact_conversions.sum_value is 'Sum of the values; null where none has one.';

-- Whose rows are stale although no event of the touched day is theirs any more.
alter table ops.touched add column profile_id text not null default '';

comment on column ops.touched.profile_id is 'The profile that an event belonged to before it moved, changed its message or was removed; else empty.';

-- what is there already is taken for touched, so that the next refresh fills the tables above
insert into ops.touched (account_id, metric_id, day)
select distinct
    account_id,
    metric_id,
    day
from mart.metric_daily;
