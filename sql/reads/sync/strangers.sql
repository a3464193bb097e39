-- One row per profile that events name and that is not known, of the events from the first instant
-- on that a sync has read.
--   %(account_id)s  of the account
--   %(run_id)s      the sync; none where it read no events
with read as (
    select min(since_at) as since_at
    from ops.sync_window
    where
        account_id = %(account_id)s
        and stream = 'events'
        and run_id = %(run_id)s
)

select distinct e.profile_id
from read as r
inner join klaviyo.event as e on r.since_at <= e.occurred_at
left join klaviyo.profile as p
    on e.account_id = p.account_id and e.profile_id = p.profile_id
where
    e.account_id = %(account_id)s
    and e.profile_id is not null
    and p.profile_id is null
order by e.profile_id;
