-- One row per metric, hour of UTC and currency: those of sql/views, but counted by the database
-- itself. Hours whose events are deleted stay as the last refresh of facts has kept them.
-- The aggregate can have no row security, so the view keeps to the accounts of whoever asks.
create or replace view mart.metric_hourly with (security_barrier = true) as
select
    a.account_id,
    a.metric_id,
    a.hour_at,
    a.currency,
    a.count_events,
    a.sum_value
from mart.metric_hourly_aggregate as a
left join ops.kept_from as k on a.account_id = k.account_id and a.metric_id = k.metric_id
where
    a.account_id = any((select ops.readable_accounts())::text[])
    and (k.kept_from is null or a.hour_at >= k.kept_from)
union all
select
    r.account_id,
    r.metric_id,
    r.hour_at,
    r.currency,
    r.count_events,
    r.sum_value
from mart.metric_hourly_rollup as r
inner join ops.kept_from as k on r.account_id = k.account_id and r.metric_id = k.metric_id
where
    r.account_id = any((select ops.readable_accounts())::text[])
    and r.hour_at < k.kept_from;
