-- Notes the spans of hours that the stale days of each metric lie in. A day may begin and end
-- within an hour, which then belongs to both days; neighbours become one span, so that no hour is
-- counted twice. The hour in which the events of a metric begin to be kept stays as it was.
insert into stale_hour_span (metric_id, since_at, until_at)
select
    merged.metric_id,
    lower(span.hours) as since_at,
    upper(span.hours) as until_at
from (
    select
        s.metric_id,
        range_agg(
            tstzrange(
                greatest(
                    date_trunc('hour', d.starts_at, 'UTC'),
                    date_trunc('hour', k.kept_from - interval '1 microsecond', 'UTC')
                    + interval '1 hour'
                ),
                date_trunc('hour', d.ends_at - interval '1 microsecond', 'UTC')
                + interval '1 hour'
            )
        ) as spans
    from stale_metric_day as s
    inner join mart.dim_date as d on d.account_id = %(account_id)s and s.day = d.day
    left join ops.kept_from as k on k.account_id = %(account_id)s and s.metric_id = k.metric_id
    group by s.metric_id
) as merged
cross join lateral unnest(merged.spans) as span (hours);
