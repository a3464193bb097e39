-- One row per metric, UTC day and currency that has events.
--   %(account_id)s  the account
--   %(metric_ids)s  the metrics looked at: the key of events begins with them
--   %(since)s       first instant counted, timestamptz
--   %(until)s       first instant no longer counted, timestamptz
select
    metric_id,
    (occurred_at at time zone 'UTC')::date as day,
    coalesce(currency, '') as currency,
    count(*) as count_events,
    count(*) filter (where profile_id is null) as count_without_profile,
    sum(value) as sum_value
from klaviyo.event
where
    account_id = %(account_id)s
    and metric_id = any(%(metric_ids)s)
    and occurred_at >= %(since)s
    and occurred_at < %(until)s
group by metric_id, day, currency;
