-- Events belong to a metric that is known; empty is that of events which Klaviyo could not resolve.
-- One row per metric id of events that klaviyo.metric lacks; steps along the key of events.
-- Mend: workbench sync
with recursive met as (
    (
        select
            e.account_id,
            e.metric_id
        from klaviyo.event as e
        order by e.account_id, e.metric_id
        limit 1
    )
    union all
    select
        following.account_id,
        following.metric_id
    from met
    cross join
        lateral (
            select
                e.account_id,
                e.metric_id
            from klaviyo.event as e
            where (e.account_id, e.metric_id) > (met.account_id, met.metric_id)
            order by e.account_id, e.metric_id
            limit 1
        ) as following
)

select
    met.account_id,
    met.metric_id
from met
left join klaviyo.metric as m on met.account_id = m.account_id and met.metric_id = m.metric_id
where m.metric_id is null and met.metric_id <> '';
