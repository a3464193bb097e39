-- Facts that add up: by the hour, by what people did with messages and forms, by who is in a group.

-- One row per metric, hour and currency: kept by refreshes on plain PostgreSQL and TimescaleDB
-- Apache.
create table mart.metric_hourly_rollup (
    account_id text not null,
    metric_id text not null,
    hour_at timestamptz not null,
    currency text not null,
    count_events bigint not null check (count_events > 0),
    sum_value numeric,
    primary key (account_id, metric_id, hour_at, currency)
);

comment on table mart.metric_hourly_rollup is 'One row per metric, hour of UTC and currency; read it as mart.metric_hourly, which is the same on every edition.';
comment on column mart.metric_hourly_rollup.hour_at is 'First instant of the hour of UTC.';
comment on column mart.metric_hourly_rollup.currency is 'Empty for events without a value.';
comment on column mart.metric_hourly_rollup.sum_value is 'Sum of $value in the currency; null where no event has one.';

-- One row per account day, channel and source of the messages that people got and answered.
create table mart.fact_engagement (
    account_id text not null,
    day date not null,
    channel text not null,
    source text not null check (source in ('campaign', 'flow', 'none')),
    received bigint not null,
    opens bigint not null,
    human_opens bigint not null,
    clicks bigint not null,
    human_clicks bigint not null,
    bounces bigint not null,
    unsubscribes bigint not null,
    spam_complaints bigint not null,
    unique_received bigint not null,
    unique_opens bigint not null,
    unique_human_opens bigint not null,
    unique_clicks bigint not null,
    unique_human_clicks bigint not null,
    unique_bounces bigint not null,
    unique_unsubscribes bigint not null,
    unique_spam_complaints bigint not null,
    check (human_opens <= opens and human_clicks <= clicks),
    primary key (account_id, day, channel, source)
);

comment on table mart.fact_engagement is 'One row per account day (event date), channel and source: what people got and did. Counts of events add up; unique_ columns are distinct profiles of the row and do not.';
comment on column mart.fact_engagement.source is 'campaign or flow that the event names, by its $flow and $message; none where it names neither.';
comment on column mart.fact_engagement.received is 'Events of receipt: delivered messages.';
comment on column mart.fact_engagement.opens is 'Opens by anyone, machines included; 0 on channels without opens.';
comment on column mart.fact_engagement.human_opens is 'Opens that are not known to be by a machine.';
comment on column mart.fact_engagement.clicks is 'Clicks by anyone, bots included.';
comment on column mart.fact_engagement.human_clicks is 'Clicks that are not known to be by a bot.';
comment on column mart.fact_engagement.bounces is 'Bounces; of texts, failures to deliver.';
comment on column mart.fact_engagement.unsubscribes is 'Unsubscribes from the channel.';
comment on column mart.fact_engagement.spam_complaints is 'E-mails marked as spam.';
comment on column mart.fact_engagement.unique_received is 'Distinct profiles that received: does not add up over rows.';
comment on column mart.fact_engagement.unique_opens is 'Distinct profiles that opened: does not add up over rows.';
comment on column mart.fact_engagement.unique_human_opens is 'Distinct profiles with a human open: does not add up over rows.';
comment on column mart.fact_engagement.unique_clicks is 'Distinct profiles that clicked: does not add up over rows.';
comment on column mart.fact_engagement.unique_human_clicks is 'Distinct profiles with a human click: does not add up over rows.';
comment on column mart.fact_engagement.unique_bounces is 'Distinct profiles with a bounce: does not add up over rows.';
comment on column mart.fact_engagement.unique_unsubscribes is 'Distinct profiles that unsubscribed: does not add up over rows.';
comment on column mart.fact_engagement.unique_spam_complaints is 'Distinct profiles that complained: does not add up over rows.';

-- One row per version of a form and account day on which it was looked at, closed or submitted.
create table mart.form_daily (
    account_id text not null,
    form_id text not null,
    form_version_id text not null,
    day date not null,
    count_views bigint not null,
    count_anonymous_views bigint not null,
    count_submits bigint not null,
    count_anonymous_submits bigint not null,
    count_closes bigint not null,
    unique_viewers bigint not null,
    unique_submitters bigint not null,
    unique_closers bigint not null,
    primary key (account_id, day, form_id, form_version_id)
);

comment on table mart.form_daily is 'One row per version of a form and account day (event date) on which something happened to it, from events; what Klaviyo''s own form reports say is in mart.report_value.';
comment on column mart.form_daily.form_id is 'form_id of the events; empty where they name none.';
comment on column mart.form_daily.form_version_id is 'form_version_id of the events; empty where they name none.';
comment on column mart.form_daily.count_anonymous_views is 'Of the views, those by visitors without a profile: nobody can tell how many people they were.';
comment on column mart.form_daily.count_anonymous_submits is 'Of the submits, those without a profile: of people whose profile was deleted since.';
comment on column mart.form_daily.unique_viewers is 'Distinct profiles that viewed: does not add up over rows.';
comment on column mart.form_daily.unique_submitters is 'Distinct profiles that submitted: does not add up over rows.';
comment on column mart.form_daily.unique_closers is 'Distinct profiles that closed it: does not add up over rows.';

-- One row per list or segment and account day.
create table mart.segment_daily (
    account_id text not null,
    group_type text not null check (group_type in ('list', 'segment')),
    group_id text not null,
    day date not null,
    count_members bigint not null,
    count_joined bigint not null,
    count_left bigint not null,
    is_observed boolean not null,
    primary key (account_id, group_type, group_id, day)
);

create index segment_daily_by_day on mart.segment_daily (account_id, day);

comment on table mart.segment_daily is 'One row per list or segment and account day, from the first on which a member is known to have joined to that of the last reading.';
comment on column mart.segment_daily.count_members is 'Members at the end of the day; of the last day, at the last reading.';
comment on column mart.segment_daily.count_joined is 'Stays that began on the day, by joined_at.';
comment on column mart.segment_daily.count_left is 'Stays that ended by the day, by left_at, the first instant at which the member is known to be out: it left up to one sweep of the members (7 days) earlier.';
comment on column mart.segment_daily.is_observed is 'Whether the group was read before the day began. Of earlier days only those are known who were still in at the first reading, so that count_members is a lower bound.';

-- What a group's days begin with, along which a refresh finds the stays that began and ended.
create index membership_by_end on klaviyo.membership (account_id, group_type, group_id, left_at)
where left_at is not null;

alter table ops.group_read add column first_read_at timestamptz;

update ops.group_read as r
set
    first_read_at = least(
        r.swept_at,
        (
            select min(m.first_seen_at)
            from klaviyo.membership as m
            where
                m.account_id = r.account_id
                and m.group_type = r.group_type
                and m.group_id = r.group_id
        )
    );

alter table ops.group_read alter column first_read_at set not null;

comment on column ops.group_read.first_read_at is 'Klaviyo''s clock when all members were first read: who left before is not known.';

-- One row per time that a sync changed who is in a group and no refresh has seen yet.
create table ops.touched_group (
    touched_id bigint generated always as identity primary key,
    account_id text not null,
    group_type text not null,
    group_id text not null,
    since_at timestamptz not null
);

create index touched_group_by_account on ops.touched_group (account_id, touched_id);

comment on table ops.touched_group is 'Whose members merges changed since the last refresh: append-only, emptied by the refresh that used it.';
comment on column ops.touched_group.since_at is 'Earliest instant at which the number of members changed.';

alter table ops.refresh add column count_rows jsonb;

comment on column ops.refresh.count_rows is 'Rows written by table of the mart; null of refreshes before this was kept.';

-- The first refresh from here on fills the table; the others come with the days touched in 0016.
insert into ops.touched_group (account_id, group_type, group_id, since_at)
select
    account_id,
    group_type,
    group_id,
    min(joined_at) as since_at
from klaviyo.membership
group by account_id, group_type, group_id;
