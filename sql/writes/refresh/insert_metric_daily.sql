-- One row per stale (metric, account day) and currency, by event date.
-- Each day is one walk along the event key: lateral, so that no plan reads days that are not stale.
insert into mart.metric_daily (
    account_id, metric_id, day, currency, count_events, sum_value, unique_profiles
)
select
    d.account_id,
    s.metric_id,
    s.day,
    counted.currency,
    counted.count_events,
    counted.sum_value,
    counted.unique_profiles
from stale_metric_day as s
inner join mart.dim_date as d on d.account_id = %(account_id)s and s.day = d.day
cross join lateral (
    select
        coalesce(e.currency, '') as currency,
        count(*) as count_events,
        sum(e.value) as sum_value,
        count(distinct e.profile_id) as unique_profiles
    from refresh_event as e
    where
        e.account_id = %(account_id)s
        and e.metric_id = s.metric_id
        and e.occurred_at >= d.starts_at
        and e.occurred_at < d.ends_at
    group by coalesce(e.currency, '')
) as counted;
