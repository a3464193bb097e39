-- One row per account day with an event of a metric.
--   %(metric_id)s  the metric
--   %(first)s, %(last)s  account days, both included
select
    '' as member,
    m.day as ds,
    sum(m.count_events)::bigint as events
from mart.metric_daily as m
where
    m.account_id = %(account_id)s
    and m.metric_id = %(metric_id)s
    and m.day between %(first)s and %(last)s
group by m.day
order by m.day;
