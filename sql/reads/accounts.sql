-- One row per account, the one synced last first.
--   as_of      Klaviyo's clock at the last sync that read all; null before the first
--   first_day  first account day with an event of a known metric; null before the first refresh
select
    a.account_id,
    a.name,
    a.timezone,
    a.currency,
    a.country,
    a.is_simulated,
    max(s.as_of) as as_of,
    (
        select min(m.day)
        from mart.metric_daily as m
        where m.account_id = a.account_id
    ) as first_day
from klaviyo.account as a
left join ops.sync_run as s
    on a.account_id = s.account_id and s.status in ('succeeded', 'unproven')
group by a.account_id
order by max(s.finished_at) desc nulls last, a.account_id;
