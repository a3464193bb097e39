-- Takes the groups whose members changed since the last refresh, in one statement, and notes the
-- days from the first change on: who joined once counts on all later days. Groups that were read
-- again without a change get the days since.
--   %(timezone)s  the account's time zone, in which days are counted
with taken as (
    delete from ops.touched_group
    where account_id = %(account_id)s
    returning
        group_type,
        group_id,
        (since_at at time zone %(timezone)s)::date as day
),

changed as (
    select
        group_type,
        group_id,
        min(day) as first_on
    from taken
    group by group_type, group_id
),

written as (
    select
        r.group_type,
        r.group_id,
        (r.read_at at time zone %(timezone)s)::date as last_on,
        (r.first_read_at at time zone %(timezone)s)::date + 1 as observed_from,
        (
            select max(d.day)
            from mart.segment_daily as d
            where
                d.account_id = r.account_id
                and d.group_type = r.group_type
                and d.group_id = r.group_id
        ) as written_until
    from ops.group_read as r
    where r.account_id = %(account_id)s
)

insert into stale_group_span (group_type, group_id, first_on, last_on, observed_from)
select
    w.group_type,
    w.group_id,
    -- nothing is written of a group before its first member
    least(c.first_on, w.written_until + 1) as first_on,
    w.last_on,
    w.observed_from
from written as w
left join changed as c on w.group_type = c.group_type and w.group_id = c.group_id
where least(c.first_on, w.written_until + 1) <= w.last_on;
