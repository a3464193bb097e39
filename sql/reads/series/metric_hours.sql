-- One row per hour of UTC with an event of a metric.
--   %(metric_id)s  the metric
--   %(since)s, %(until)s  first instant counted, and the first no longer counted
select
    '' as member,
    m.hour_at at time zone 'UTC' as ds,
    sum(m.count_events)::bigint as events
from mart.metric_hourly as m
where
    m.account_id = %(account_id)s
    and m.metric_id = %(metric_id)s
    and m.hour_at >= %(since)s
    and m.hour_at < %(until)s
group by m.hour_at
order by m.hour_at;
