-- One row per metric, hour of UTC and currency, kept by the database itself: what is newer than
-- its last refresh is counted when it is read.
create materialized view if not exists mart.metric_hourly_aggregate
with (timescaledb.continuous, timescaledb.materialized_only = false)
as
select
    account_id,
    metric_id,
    time_bucket(interval '1 hour', occurred_at) as hour_at,
    coalesce(currency, '') as currency,
    count(*) as count_events,
    sum(value) as sum_value
from klaviyo.event
group by account_id, metric_id, time_bucket(interval '1 hour', occurred_at), coalesce(currency, '')
with no data;

comment on view mart.metric_hourly_aggregate is 'One row per metric, hour of UTC and currency, on TimescaleDB Community; read it as mart.metric_hourly, which is the same on every edition.';
comment on column mart.metric_hourly_aggregate.hour_at is 'First instant of the hour of UTC.';
comment on column mart.metric_hourly_aggregate.currency is 'Empty for events without a value.';
comment on column mart.metric_hourly_aggregate.sum_value is 'Sum of $value in the currency; null where no event has one.';

-- A refresh of facts brings it up to date where its user owns the aggregate; else this does, within
-- the hour. It looks at all history, at the cost of what has changed. Hours of events that are
-- deleted for their age are emptied by that: mart.metric_hourly has them from elsewhere.
select add_continuous_aggregate_policy(
    'mart.metric_hourly_aggregate',
    start_offset => null,
    end_offset => interval '2 hours',
    schedule_interval => interval '1 hour',
    if_not_exists => true
);
