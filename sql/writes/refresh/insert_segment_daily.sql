-- One row per list or segment and stale account day. The members of the day before are counted on:
-- looked at are the stays that began or ended on stale days, not all of a group.
--   %(timezone)s  the account's time zone, in which days are counted
insert into mart.segment_daily (
    account_id,
    group_type,
    group_id,
    day,
    count_members,
    count_joined,
    count_left,
    is_observed
)
with changes as (
    select
        s.group_type,
        s.group_id,
        moved.day,
        count(*) filter (where moved.is_joined) as count_joined,
        count(*) filter (where not moved.is_joined) as count_left
    from stale_group_span as s
    cross join
        lateral (
            select
                true as is_joined,
                (m.joined_at at time zone %(timezone)s)::date as day
            from klaviyo.membership as m
            where
                m.account_id = %(account_id)s
                and m.group_type = s.group_type
                and m.group_id = s.group_id
                -- wider than the days, whatever the zone, so that the index serves
                and m.joined_at >= s.first_on - interval '2 days'
            union all
            select
                false as is_joined,
                (m.left_at at time zone %(timezone)s)::date as day
            from klaviyo.membership as m
            where
                m.account_id = %(account_id)s
                and m.group_type = s.group_type
                and m.group_id = s.group_id
                and m.left_at >= s.first_on - interval '2 days'
        ) as moved
    where moved.day between s.first_on and s.last_on
    group by s.group_type, s.group_id, moved.day
),

days as (
    select
        s.group_type,
        s.group_id,
        d.day::date as day,
        s.observed_from,
        coalesce(c.count_joined, 0) as count_joined,
        coalesce(c.count_left, 0) as count_left,
        coalesce(before.count_members, 0) as count_before
    from stale_group_span as s
    cross join
        lateral generate_series(
            s.first_on::timestamp, s.last_on::timestamp, interval '1 day'
        ) as d (day)
    left join changes as c
        on s.group_type = c.group_type and s.group_id = c.group_id and d.day::date = c.day
    left join mart.segment_daily as before
        on
            before.account_id = %(account_id)s
            and s.group_type = before.group_type
            and s.group_id = before.group_id
            and before.day = s.first_on - 1
)

select
    %(account_id)s,
    group_type,
    group_id,
    day,
    count_before + sum(count_joined - count_left) over (
        partition by group_type, group_id
        order by day
    ) as count_members,
    count_joined,
    count_left,
    day >= observed_from as is_observed
from days;
