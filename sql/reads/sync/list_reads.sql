-- One row per list that exists: its id, and when its members were last read and swept; null before
-- the first time. Those read longest ago first.
--   %(account_id)s  of the account
select
    g.list_id as group_id,
    r.read_at,
    r.swept_at
from klaviyo.list as g
left join ops.group_read as r
    on
        g.account_id = r.account_id
        and r.group_type = 'list'
        and g.list_id = r.group_id
where
    g.account_id = %(account_id)s
    and g.deleted_at is null
order by r.read_at asc nulls first, g.list_id asc;
