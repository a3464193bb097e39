-- A profile is in a group at most once at a time.
-- One row per stay that begins before the one before it has ended.
with stays as (
    select
        account_id,
        group_type,
        group_id,
        profile_id,
        joined_at,
        lag(coalesce(left_at, 'infinity')) over (
            partition by account_id, group_type, group_id, profile_id
            order by joined_at, left_at
        ) as previous_left_at
    from klaviyo.membership
)

select
    account_id,
    group_type,
    group_id,
    profile_id,
    joined_at,
    nullif(previous_left_at, 'infinity') as previous_left_at
from stays
where joined_at < previous_left_at;
