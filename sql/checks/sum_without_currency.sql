-- Values have a currency: that of their event, else the account's.
-- One row per metric with a sum of values that have none.
select
    account_id,
    metric_id,
    sum(count_events)::bigint as count_events
from mart.metric_daily
where currency = '' and sum_value is not null
group by account_id, metric_id;
