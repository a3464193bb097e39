-- One row per segment that exists and is not being worked out anew: its id, and when its members
-- were last read and swept; null before the first time. Those read longest ago first.
--   %(account_id)s  of the account
select
    g.segment_id as group_id,
    r.read_at,
    r.swept_at
from klaviyo.segment as g
left join ops.group_read as r
    on
        g.account_id = r.account_id
        and r.group_type = 'segment'
        and g.segment_id = r.group_id
where
    g.account_id = %(account_id)s
    and g.deleted_at is null
    -- members come and go until Klaviyo is done
    and g.is_processing is not true
order by r.read_at asc nulls first, g.segment_id asc;
