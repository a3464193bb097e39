-- Takes what was touched since the last refresh, in one statement: what a sync touches meanwhile
-- stays for the next refresh, and what this transaction rolls back is there again. Days whose
-- events were deleted for their age are left alone: their facts could not be made again.
with taken as (
    delete from ops.touched
    where account_id = %(account_id)s
    returning metric_id, day, message_ref, profile_id
)

insert into touched_now (metric_id, day, message_ref, profile_id)
select distinct
    metric_id,
    day,
    message_ref,
    profile_id
from taken
where
    not exists (
        select 1
        from ops.kept_from as k
        where
            k.account_id = %(account_id)s
            and k.metric_id = taken.metric_id
            and k.kept_from_on > taken.day
    );
