-- One row per event of some profiles, now or at first, with its payload as text.
--   %(profile_ids)s  the profiles
select
    metric_id,
    occurred_at,
    event_id,
    payload::text as payload
from klaviyo.event
where
    account_id = %(account_id)s
    and (
        profile_id = any(%(profile_ids)s::text[])
        or original_profile_id = any(%(profile_ids)s::text[])
    );
