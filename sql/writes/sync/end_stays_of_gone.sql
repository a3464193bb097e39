-- Ends the stays of profiles that are gone, in every list and segment, and touches these groups.
--   %(account_id)s  of the account
--   %(as_of)s       Klaviyo's clock when the sync began
with ended as (
    update klaviyo.membership as m
    set
        left_after = greatest(m.first_seen_at, m.joined_at),
        left_at = greatest(m.first_seen_at, m.joined_at, %(as_of)s),
        synced_at = now()
    from klaviyo.profile as p
    where
        p.account_id = %(account_id)s
        and p.deleted_at is not null
        and p.account_id = m.account_id
        and p.profile_id = m.profile_id
        and m.left_at is null
    returning m.group_type, m.group_id, m.left_at
)

insert into ops.touched_group (account_id, group_type, group_id, since_at)
select
    %(account_id)s,
    group_type,
    group_id,
    min(left_at) as since_at
from ended
group by group_type, group_id;
