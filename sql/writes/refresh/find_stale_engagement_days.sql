-- Notes the days on which a metric of messages was touched, one that is such now or was before.
insert into stale_engagement_day (day)
select distinct s.day
from stale_metric_day as s
left join mart.metric_role as r on r.account_id = %(account_id)s and s.metric_id = r.metric_id
left join former_role as f on s.metric_id = f.metric_id
where
    r.channel is not null
    or f.channel is not null;
