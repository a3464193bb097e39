-- Notes the metrics and days to write anew.
insert into stale_metric_day (metric_id, day, role)
select distinct
    t.metric_id,
    t.day,
    r.role
from touched_now as t
left join mart.metric_role as r on r.account_id = %(account_id)s and t.metric_id = r.metric_id;
