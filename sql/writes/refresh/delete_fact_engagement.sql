-- Removes the days of engagement that are written anew: those on which a metric of messages was
-- touched, one that is such now or was before.
delete from mart.fact_engagement as m
using (
    select distinct s.day
    from stale_metric_day as s
    left join mart.metric_role as r on r.account_id = %(account_id)s and s.metric_id = r.metric_id
    left join former_role as f on s.metric_id = f.metric_id
    where r.channel is not null or f.channel is not null
) as d
where
    m.account_id = %(account_id)s
    and m.day = d.day;
