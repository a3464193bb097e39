-- Records that a sync read 30 days of events again, or all there were; nothing if it read less.
--   %(run_id)s  the sync
with reach as (
    select
        r.account_id,
        r.as_of,
        min(w.since_at) filter (where w.finished_at >= r.started_at) as since_at,
        min(w.since_at) as first_at
    from ops.sync_run as r
    inner join ops.sync_window as w on r.account_id = w.account_id
    where
        r.run_id = %(run_id)s
        and w.stream = 'events'
        and w.status = 'done'
    group by r.account_id, r.as_of
),

counted as (
    select
        account_id,
        as_of,
        extract(day from as_of - since_at)::integer as days,
        since_at <= first_at as is_whole
    from reach
    where since_at is not null
)

insert into ops.deep_pass (account_id, run_id, days, as_of)
select
    account_id,
    %(run_id)s,
    case when is_whole then greatest(days, 90) else days end as days,
    as_of
from counted
where days >= 30 or is_whole;
