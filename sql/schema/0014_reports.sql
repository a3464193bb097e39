-- One row per value that a report of Klaviyo told anew: of one statistic, of one group, in one
-- period of account days. Appended only where the value differs from the one told before.
create table klaviyo.report_value (
    account_id text not null references klaviyo.account,
    report text not null,
    first_on date not null,
    last_on date not null,
    groupings jsonb not null,
    statistic text not null,
    observed_at timestamptz not null,
    value numeric,
    conversion_metric_id text,
    run_id text not null,
    synced_at timestamptz not null default now(),
    campaign_id text generated always as (groupings ->> 'campaign_id') stored,
    flow_id text generated always as (groupings ->> 'flow_id') stored,
    message_id text generated always as (
        coalesce(groupings ->> 'campaign_message_id', groupings ->> 'flow_message_id')
    ) stored,
    variation_id text generated always as (groupings ->> 'variation') stored,
    send_channel text generated always as (groupings ->> 'send_channel') stored,
    form_id text generated always as (groupings ->> 'form_id') stored,
    form_version_id text generated always as (groupings ->> 'form_version_id') stored,
    segment_id text generated always as (groupings ->> 'segment_id') stored,
    check (first_on <= last_on),
    primary key (account_id, report, first_on, last_on, groupings, statistic, observed_at)
);

comment on table klaviyo.report_value is 'One row per value that a report told anew: a cell is (report, first_on, last_on, groupings, statistic), its rows by observed_at are its history.';
comment on column klaviyo.report_value.first_on is 'First account day of the period; messages count on the day of their send, forms and segments when it happened.';
comment on column klaviyo.report_value.last_on is 'Last account day of the period; while it lasts, the value is of its days that were over when observed.';
comment on column klaviyo.report_value.groupings is 'What Klaviyo grouped by, as received; the columns after synced_at are taken from it.';
comment on column klaviyo.report_value.observed_at is 'Klaviyo''s clock when it told the value.';
comment on column klaviyo.report_value.value is 'A rate is a fraction; null: Klaviyo no longer tells a value that it told before.';
comment on column klaviyo.report_value.conversion_metric_id is 'Metric whose events are the conversions; null on statistics that do not depend on it.';

-- One row per period of a report: the plan of what is asked, and what was asked last.
create table ops.report_window (
    account_id text not null references klaviyo.account,
    report text not null,
    first_on date not null,
    last_on date not null,
    through_on date,
    read_at timestamptz,
    conversion_metric_id text,
    count_reads integer not null default 0,
    run_id text not null,
    check (first_on <= last_on),
    primary key (account_id, report, first_on)
);

comment on table ops.report_window is 'One row per period of a report, in account days; periods of a report never overlap.';
comment on column ops.report_window.through_on is 'Last day of the period that was over when it was read last; null before the first time.';
comment on column ops.report_window.read_at is 'Klaviyo''s clock when it was read last; null before the first time.';
comment on column ops.report_window.run_id is 'The sync that planned it, then the one that read it last.';

-- One row per endpoint with a daily quota and UTC day on which it was asked.
create table ops.rate_budget (
    account_id text not null references klaviyo.account,
    endpoint text not null,
    day date not null,
    calls integer not null,
    allowed integer not null,
    refused_until timestamptz,
    primary key (account_id, endpoint, day)
);

comment on table ops.rate_budget is 'One row per endpoint with a daily quota and day (UTC, Klaviyo''s clock) on which it was asked.';
comment on column ops.rate_budget.calls is 'Requests that syncs of this database made; other users of the account''s quota are not in it.';
comment on column ops.rate_budget.allowed is 'Requests that Klaviyo allows the account on a day.';
comment on column ops.rate_budget.refused_until is 'When Klaviyo said that the quota is used up: from when on it may be asked again.';
