-- One row per account and calendar day.
create table mart.dim_date (
    account_id text not null references klaviyo.account,
    day date not null,
    week_start date not null,
    month_start date not null,
    iso_week text not null,
    weekday integer not null check (weekday between 1 and 7),
    holiday text,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    primary key (account_id, day)
);

comment on table mart.dim_date is 'One row per account and day of that account; weeks start on Monday.';
comment on column mart.dim_date.starts_at is 'First instant of the day in the account''s time zone; days last 23, 24 or 25 hours.';
comment on column mart.dim_date.holiday is 'Public holiday of the account''s country; null on other days and where the country is not known.';

-- One row per metric, account day and currency.
create table mart.metric_daily (
    account_id text not null,
    metric_id text not null,
    day date not null,
    currency text not null default '',
    count_events bigint not null,
    sum_value numeric,
    unique_profiles bigint not null,
    primary key (account_id, metric_id, day, currency)
);

comment on table mart.metric_daily is 'One row per metric, account day (event date) and currency.';
comment on column mart.metric_daily.currency is 'Empty for events without a value.';
comment on column mart.metric_daily.unique_profiles is 'Distinct profiles of that day: does not add up over days.';

-- One row per order: an event of the metric that the account maps to revenue.
create table mart.orders (
    account_id text not null,
    order_id text not null,
    metric_id text not null,
    profile_id text,
    placed_at timestamptz not null,
    day date not null,
    revenue numeric,
    currency text,
    source text not null check (source in ('campaign', 'flow', 'none')),
    channel text,
    message_id text,
    campaign_id text,
    flow_id text,
    sent_at timestamptz,
    primary key (account_id, day, order_id)
);

create index orders_by_profile on mart.orders (account_id, profile_id, placed_at);
create index orders_by_message on mart.orders (account_id, message_id, day)
where message_id is not null;

comment on table mart.orders is 'One row per order: an event of the metric mapped to revenue, at its event date.';
comment on column mart.orders.source is 'Klaviyo''s own attribution: campaign, flow, or none.';
comment on column mart.orders.sent_at is 'Send of the message that the order is attributed to.';

-- One row per account day, currency, source and channel.
create table mart.fact_revenue (
    account_id text not null,
    day date not null,
    currency text not null,
    source text not null,
    channel text not null,
    count_orders bigint not null,
    revenue numeric not null,
    primary key (account_id, day, currency, source, channel)
);

comment on table mart.fact_revenue is 'One row per account day (event date), currency, attribution source and channel.';

-- One row per send of a message to a profile.
create table mart.message_recipient (
    account_id text not null,
    message_id text not null,
    profile_id text not null,
    sent_at timestamptz not null,
    sent_on date not null,
    channel text not null,
    received_at timestamptz,
    opened_at timestamptz,
    opened_by_human_at timestamptz,
    clicked_at timestamptz,
    clicked_by_human_at timestamptz,
    bounced_at timestamptz,
    unsubscribed_at timestamptz,
    marked_spam_at timestamptz,
    count_opens integer not null,
    count_clicks integer not null,
    count_orders integer not null,
    revenue numeric not null,
    primary key (account_id, message_id, profile_id, sent_at)
);

create index message_recipient_by_day on mart.message_recipient (account_id, sent_on, message_id);

comment on table mart.message_recipient is 'One row per send of a message to a profile: a flow message may reach a profile again.';
comment on column mart.message_recipient.sent_on is 'Account day of the receipt (or the bounce): the send-date basis.';
comment on column mart.message_recipient.opened_at is 'First open by anyone, machines included.';
comment on column mart.message_recipient.revenue is 'Orders attributed to this send, in the account''s currency.';

-- One row per message and account day of its send.
create table mart.message_performance (
    account_id text not null,
    message_id text not null,
    sent_on date not null,
    channel text not null,
    recipients bigint not null,
    delivered bigint not null,
    bounced bigint not null,
    unique_opens bigint not null,
    unique_human_opens bigint not null,
    unique_clicks bigint not null,
    unique_human_clicks bigint not null,
    unsubscribes bigint not null,
    spam_complaints bigint not null,
    opens bigint not null,
    clicks bigint not null,
    conversions bigint not null,
    conversion_uniques bigint not null,
    revenue numeric not null,
    primary key (account_id, message_id, sent_on)
);

create index message_performance_by_day on mart.message_performance (account_id, sent_on);

comment on table mart.message_performance is 'One row per message and account day of its send; everything that followed a send counts on that day.';
comment on column mart.message_performance.unique_opens is 'Distinct profiles that opened; does not add up over days.';
