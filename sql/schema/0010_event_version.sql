-- One row per version of an event that was replaced: its payload, owner or attribution changed.
create table klaviyo.event_version (
    account_id text not null,
    metric_id text not null,
    occurred_at timestamptz not null,
    event_id text not null,
    seen_from timestamptz not null,
    seen_until timestamptz not null,
    profile_id text,
    value numeric,
    currency text,
    attributions jsonb,
    payload jsonb not null,
    primary key (account_id, metric_id, occurred_at, event_id, seen_until)
);

comment on table klaviyo.event_version is 'One row per version of an event that was replaced by a later one in klaviyo.event.';
comment on column klaviyo.event_version.metric_id is 'As it was then: empty where Klaviyo could not resolve the metric.';
comment on column klaviyo.event_version.seen_from is 'When a sync stored this version, by the database''s clock.';
comment on column klaviyo.event_version.seen_until is 'When a sync stored the next version: its changed_at.';

alter table klaviyo.event add column is_currency_assumed boolean;

comment on column klaviyo.event.is_currency_assumed is 'Whether the event named no currency, so that the account''s is taken; null where there is no value.';

alter table ops.sync_window add column is_open boolean not null default false;

comment on column ops.sync_window.is_open is 'Read without an upper bound, so that rows dated after until_at came along.';

-- One row per thing that a sync received and could not store.
create table ops.quarantine (
    account_id text not null references klaviyo.account,
    stream text not null,
    item_id text not null,
    reason text not null,
    payload jsonb not null,
    first_seen_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    run_id text not null,
    primary key (account_id, stream, item_id)
);

comment on table ops.quarantine is 'One row per item of a stream that a sync received and could not store.';
comment on column ops.quarantine.item_id is 'Klaviyo''s id of the item; where it has none, sha256: and the digest of its payload.';
comment on column ops.quarantine.payload is 'The item as received; as a JSON string where PostgreSQL could not read it as JSON. May hold personal data.';
comment on column ops.quarantine.run_id is 'Sync that met it last.';
