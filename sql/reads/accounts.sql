-- One row per account, the one synced last first.
--   as_of      Klaviyo's clock at the last sync that read all; null before the first
--   first_day  first account day with an event, within the calendar's 30 years: a wrong clock may
--              have dated one centuries ago; null before the first refresh
select
    a.account_id,
    a.name,
    a.timezone,
    a.currency,
    a.country,
    a.is_simulated,
    a.as_of,
    (
        select min(m.day)
        from mart.metric_daily as m
        where
            m.account_id = a.account_id
            and (m.day >= a.as_of::date - interval '30 years') is not false
    ) as first_day
from mart.account as a
order by a.synced_at desc nulls last, a.account_id asc;
