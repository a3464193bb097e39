-- Removes the metrics' hours that are counted anew.
delete from mart.metric_hourly_rollup as h
using stale_hour_span as s
where
    h.account_id = %(account_id)s
    and h.metric_id = s.metric_id
    and h.hour_at >= s.since_at
    and h.hour_at < s.until_at;
