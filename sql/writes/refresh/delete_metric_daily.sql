-- Removes the metrics' days that are written anew.
delete from mart.metric_daily as m
using stale_metric_day as s
where
    m.account_id = %(account_id)s
    and m.metric_id = s.metric_id
    and m.day = s.day;
