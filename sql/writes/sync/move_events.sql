-- One row: events that were moved from a profile to another one, or to none.
-- The days are noted in ops.touched, so that the facts follow.
--   %(profile_id)s  the profile that is gone
--   %(owner_id)s    whom its events belong to now; null when it was deleted
--   %(timezone)s    the account's time zone, in which days are counted
with moved as (
    update klaviyo.event
    set
        profile_id = %(owner_id)s,
        original_profile_id = nullif(coalesce(original_profile_id, profile_id), %(owner_id)s),
        changed_at = now()
    where
        account_id = %(account_id)s
        and profile_id = %(profile_id)s
    returning
        metric_id,
        (occurred_at at time zone %(timezone)s)::date as day,
        coalesce(message_ref, '') as message_ref
),

touched as (
    insert into ops.touched (account_id, metric_id, day, message_ref, profile_id)
    select distinct
        %(account_id)s,
        metric_id,
        day,
        message_ref,
        %(profile_id)s
    from moved
)

select count(*) as moved
from moved;
