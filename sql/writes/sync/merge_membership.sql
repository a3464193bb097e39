-- One row: stays that are new, and stays that have ended.
-- Compares what was read of a group with the stays that are known. Read were all members, or those
-- who joined from an instant on; a stay from then on that was not met has ended, and so has an
-- older one of a profile that has joined again. The first change is noted in ops.touched_group in
-- the same statement, so that a refresh can never miss it.
--   %(group_type)s  list or segment
--   %(since)s       first instant of joining that was read; null for all
--   %(read_at)s     Klaviyo's clock when the reading ended
--   %(as_of)s       Klaviyo's clock when the sync began
with seen as (
    -- a member may stand on two pages
    select distinct on (profile_id)
        profile_id,
        joined_at
    from ops.group_member
    where
        account_id = %(account_id)s
        and group_type = %(group_type)s
        and group_id = %(group_id)s
    order by profile_id asc, joined_at desc
),

read_before as (
    select swept_at
    from ops.group_read
    where
        account_id = %(account_id)s
        and group_type = %(group_type)s
        and group_id = %(group_id)s
),

-- ended here and not there: they go on, and so did not end when it was thought
reopened as (
    select m.left_at
    from seen as s
    inner join klaviyo.membership as m
        on
            m.account_id = %(account_id)s
            and s.profile_id = m.profile_id
            and s.joined_at = m.joined_at
    where
        m.group_type = %(group_type)s
        and m.group_id = %(group_id)s
        and m.left_at is not null
),

joined as (
    insert into klaviyo.membership as stored (
        account_id, group_type, group_id, profile_id, joined_at, first_seen_at
    )
    select
        %(account_id)s,
        %(group_type)s,
        %(group_id)s,
        profile_id,
        joined_at,
        %(as_of)s
    from seen
    order by joined_at, profile_id
    -- a stay that was thought to have ended goes on
    on conflict (account_id, group_type, group_id, joined_at, profile_id) do update
        set
            left_after = null,
            left_at = null,
            synced_at = now()
        where stored.left_at is not null
    returning stored.joined_at, stored.xmax = 0 as is_new
),

known as (
    select
        joined_at,
        profile_id
    from klaviyo.membership
    where
        account_id = %(account_id)s
        and group_type = %(group_type)s
        and group_id = %(group_id)s
        and left_at is null
        and (%(since)s::timestamptz is null or joined_at >= %(since)s)
    union all
    select
        m.joined_at,
        m.profile_id
    from seen as s
    inner join klaviyo.membership as m
        on m.account_id = %(account_id)s and s.profile_id = m.profile_id
    where
        %(since)s::timestamptz is not null
        and m.group_type = %(group_type)s
        and m.group_id = %(group_id)s
        and m.left_at is null
),

ended as (
    update klaviyo.membership as stored
    set
        left_after = least(
            greatest(
                stored.first_seen_at,
                stored.joined_at,
                (select r.swept_at from read_before as r)
            ),
            coalesce(again.joined_at, %(read_at)s)
        ),
        left_at = coalesce(again.joined_at, %(read_at)s),
        synced_at = now()
    from known as k
    left join seen as again on k.profile_id = again.profile_id
    where
        again.joined_at is distinct from k.joined_at
        and stored.account_id = %(account_id)s
        and stored.group_type = %(group_type)s
        and stored.group_id = %(group_id)s
        and stored.joined_at = k.joined_at
        and stored.profile_id = k.profile_id
    returning stored.left_at
),

touched as (
    insert into ops.touched_group (account_id, group_type, group_id, since_at)
    select
        %(account_id)s,
        %(group_type)s,
        %(group_id)s,
        min(moved.at) as since_at
    from (
        select joined_at as at
        from joined
        where is_new
        union all
        select left_at as at
        from reopened
        union all
        select left_at as at
        from ended
    ) as moved
    having count(*) > 0
)

select
    (select count(*) from joined) as new,
    (select count(*) from ended) as changed;
