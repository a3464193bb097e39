-- Members are in a list or a segment that is known.
-- One row per group of memberships that klaviyo.list and klaviyo.segment lack.
-- Mend: workbench sync
select
    m.account_id,
    m.group_type,
    m.group_id,
    count(*) as count_stays
from klaviyo.membership as m
left join klaviyo.list as l
    on m.group_type = 'list' and m.account_id = l.account_id and m.group_id = l.list_id
left join klaviyo.segment as s
    on m.group_type = 'segment' and m.account_id = s.account_id and m.group_id = s.segment_id
where l.list_id is null and s.segment_id is null
group by m.account_id, m.group_type, m.group_id;
