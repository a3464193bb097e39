-- One row per hour of UTC of a stale span of a metric, and currency.
-- Each span is one walk along the event key.
insert into mart.metric_hourly_rollup (
    account_id, metric_id, hour_at, currency, count_events, sum_value
)
select
    %(account_id)s,
    s.metric_id,
    counted.hour_at,
    counted.currency,
    counted.count_events,
    counted.sum_value
from stale_hour_span as s
cross join lateral (
    select
        date_trunc('hour', e.occurred_at, 'UTC') as hour_at,
        coalesce(e.currency, '') as currency,
        count(*) as count_events,
        sum(e.value) as sum_value
    from refresh_event as e
    where
        e.account_id = %(account_id)s
        and e.metric_id = s.metric_id
        and e.occurred_at >= s.since_at
        and e.occurred_at < s.until_at
    group by date_trunc('hour', e.occurred_at, 'UTC'), coalesce(e.currency, '')
) as counted;
