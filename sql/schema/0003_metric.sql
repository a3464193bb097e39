-- One row per metric; names change, ids do not.
create table klaviyo.metric (
    account_id text not null references klaviyo.account,
    metric_id text not null,
    name text not null,
    integration_name text,
    integration_category text,
    created_at timestamptz,
    updated_at timestamptz,
    payload jsonb not null,
    synced_at timestamptz not null default now(),
    primary key (account_id, metric_id)
);

comment on table klaviyo.metric is 'One row per metric of an account; identified by id, because names change and repeat.';

-- One row per meaning that the account maps to a metric (revenue, refunded_sales, ...).
create table klaviyo.mapped_metric (
    account_id text not null references klaviyo.account,
    mapping text not null,
    metric_id text,
    custom_metric_id text,
    updated_at timestamptz,
    payload jsonb not null,
    synced_at timestamptz not null default now(),
    primary key (account_id, mapping)
);

comment on table klaviyo.mapped_metric is 'One row per meaning that the account maps to a metric; says which "Placed Order" is revenue.';

-- One row per metric whose meaning is known: kept by id, so that a rename changes nothing.
create table mart.metric_role (
    account_id text not null references klaviyo.account,
    metric_id text not null,
    role text not null,
    channel text,
    source text not null check (source in ('mapped', 'name')),
    primary key (account_id, metric_id)
);

create index metric_role_by_role on mart.metric_role (account_id, role);

comment on table mart.metric_role is 'One row per metric whose meaning is known (received, opened, revenue, ...); kept by id across renames.';
comment on column mart.metric_role.channel is 'email, sms or mobile_push of message metrics; null of others.';
comment on column mart.metric_role.source is 'mapped: the account''s mapped metrics say so; name: a Klaviyo system metric of that name.';
