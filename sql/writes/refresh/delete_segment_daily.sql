-- Removes the groups' days that are written anew.
delete from mart.segment_daily as d
using stale_group_span as s
where
    d.account_id = %(account_id)s
    and d.group_type = s.group_type
    and d.group_id = s.group_id
    and d.day between s.first_on and s.last_on;
