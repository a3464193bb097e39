-- Removes the conversions of the metrics' days that are written anew.
delete from mart.fact_conversions as f
using stale_conversion_day as s
where
    f.account_id = %(account_id)s
    and f.metric_id = s.metric_id
    and f.day = s.day;
