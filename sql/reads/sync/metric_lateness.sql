-- One row per metric that was ever late.
--   %(account_id)s  the account
--   %(since)s       observations older than that do not count, timestamptz
--   %(share)s       part of the late events that days is to hold, such as 0.999
--   %(most)s        days; what was later still was imported rather than late: the proof finds it
--   days     tail that holds that part of the others
--   longest  largest lateness, at most
with counted as (
    select
        metric_id,
        days,
        sum(count_events) as count_events,
        max(longest) as longest
    from ops.lateness
    where
        account_id = %(account_id)s
        and as_of >= %(since)s
    group by metric_id, days
),

running as (
    select
        metric_id,
        days,
        longest,
        count_events,
        sum(count_events) over (partition by metric_id order by days) as count_so_far,
        sum(count_events) filter (where days <= %(most)s) over (
            partition by metric_id
        ) as count_in_reach,
        sum(count_events) over (partition by metric_id) as count_late
    from counted
)

select
    metric_id,
    coalesce(
        min(days) filter (where count_so_far >= %(share)s * count_in_reach), 0
    )::integer as days,
    max(longest) as longest,
    max(count_late)::bigint as count_late
from running
group by metric_id
order by metric_id;
