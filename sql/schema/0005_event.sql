-- One row per event. The key starts with the metric because nearly every read names metric and
-- period, and holds the time because a hypertable wants its partition column in every unique key.
create table klaviyo.event (
    account_id text not null,
    metric_id text not null,
    occurred_at timestamptz not null,
    event_id text not null,
    profile_id text,
    value numeric,
    currency text,
    message_ref text,
    flow_id text,
    variation_id text,
    sent_at timestamptz,
    is_machine_open boolean,
    is_bot_click boolean,
    attributions jsonb,
    payload jsonb not null,
    first_seen_at timestamptz not null default now(),
    changed_at timestamptz not null default now(),
    primary key (account_id, metric_id, occurred_at, event_id)
);

create index event_by_profile on klaviyo.event (account_id, profile_id, occurred_at);

comment on table klaviyo.event is 'One row per event of an account.';
comment on column klaviyo.event.metric_id is 'Empty where Klaviyo could not resolve the metric.';
comment on column klaviyo.event.value is '$value: money or any number that the metric carries; null where there is none.';
comment on column klaviyo.event.currency is '$value_currency, else the account''s currency; null where there is no value.';
comment on column klaviyo.event.message_ref is '$message: the campaign of an e-mail campaign, else the message.';
comment on column klaviyo.event.sent_at is 'Send that the event belongs to, from $_cohort$message_send_cohort.';
comment on column klaviyo.event.is_machine_open is 'Opened by a machine (Apple Privacy Open or machine_open); null on other metrics.';
comment on column klaviyo.event.attributions is 'Klaviyo''s own attribution: an array of objects, first credited first; null where none.';
comment on column klaviyo.event.payload is 'attributes as received.';
comment on column klaviyo.event.first_seen_at is 'When a sync first saw the event: minus occurred_at it is the lateness.';
