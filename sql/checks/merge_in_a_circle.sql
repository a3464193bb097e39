-- Merges of profiles lead to one that stays: never round to one that is gone.
-- One row per merged profile that following its merges comes back to.
with recursive followed as (
    select
        account_id,
        source_profile_id,
        target_profile_id
    from klaviyo.profile_merge
    union
    select
        f.account_id,
        f.source_profile_id,
        m.target_profile_id
    from followed as f
    inner join klaviyo.profile_merge as m
        on f.account_id = m.account_id and f.target_profile_id = m.source_profile_id
)

select
    account_id,
    source_profile_id
from followed
where source_profile_id = target_profile_id;
