-- One row per earlier version of an event of some profiles, with its payload as text.
--   %(profile_ids)s  the profiles
select
    v.metric_id,
    v.occurred_at,
    v.event_id,
    v.seen_until,
    v.payload::text as payload
from klaviyo.event as e
inner join klaviyo.event_version as v
    on
        e.account_id = v.account_id
        -- its metric may not have been known then
        and v.metric_id in (e.metric_id, '')
        and e.occurred_at = v.occurred_at
        and e.event_id = v.event_id
where
    e.account_id = %(account_id)s
    and (
        e.profile_id = any(%(profile_ids)s::text[])
        or e.original_profile_id = any(%(profile_ids)s::text[])
    );
