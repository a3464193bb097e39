-- Touches every metric, day and message that has an event, and every group from its first member
-- on, so that a refresh of emptied facts writes all of them.
--   %(timezone)s  the account's time zone, in which days are counted
with groups as (
    insert into ops.touched_group (account_id, group_type, group_id, since_at)
    select
        account_id,
        group_type,
        group_id,
        min(joined_at) as since_at
    from klaviyo.membership
    where account_id = %(account_id)s
    group by account_id, group_type, group_id
)

insert into ops.touched (account_id, metric_id, day, message_ref)
select distinct
    account_id,
    metric_id,
    (occurred_at at time zone %(timezone)s)::date as day,
    coalesce(message_ref, '') as message_ref
from klaviyo.event
where account_id = %(account_id)s;
