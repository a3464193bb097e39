-- One row per account and class of events that has a time limit: the metrics in it, and the first
-- account day that is kept whole. Days are counted back from the account's last sync. Left out are
-- metrics that a report or a custom metric takes for conversions, and those that the account maps
-- to an order or what leads to it: their events are kept for ever.
--   %(classes)s  jsonb array of {"event_class", "roles", "days"}
with asked as (
    select
        given.event_class,
        given.roles,
        given.days
    from jsonb_to_recordset(%(classes)s) as given (event_class text, roles jsonb, days integer)
),

synced as (
    select
        a.account_id,
        (max(s.as_of) at time zone a.timezone)::date as last_day
    from klaviyo.account as a
    inner join ops.sync_run as s on a.account_id = s.account_id
    where s.status in ('succeeded', 'unproven')
    group by a.account_id
)

select
    d.account_id,
    q.event_class,
    d.day as kept_from_on,
    d.starts_at as kept_from,
    array_agg(r.metric_id order by r.metric_id) as metric_ids
from asked as q
cross join synced as s
inner join mart.dim_date as d on s.account_id = d.account_id and s.last_day - q.days = d.day
inner join mart.metric_role as r on d.account_id = r.account_id and q.roles ? r.role
where
    (q.event_class <> 'engagement' or r.channel is not null)
    and not exists (
        select 1
        from klaviyo.mapped_metric as m
        where
            m.account_id = r.account_id
            and m.metric_id = r.metric_id
            and m.mapping <> 'viewed_product'
    )
    and not exists (
        select 1
        from ops.report_window as w
        where
            w.account_id = r.account_id
            and w.conversion_metric_id = r.metric_id
    )
    and not exists (
        select 1
        from klaviyo.custom_metric as c
        where
            c.account_id = r.account_id
            and r.metric_id = any(c.metric_ids)
    )
group by d.account_id, q.event_class, d.day, d.starts_at
order by d.account_id, q.event_class;
