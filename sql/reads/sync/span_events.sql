-- One row per event of a metric in a span of time.
select
    occurred_at,
    event_id
from klaviyo.event
where
    account_id = %(account_id)s
    and metric_id = %(metric_id)s
    and occurred_at >= %(since)s
    and occurred_at < %(until)s
order by occurred_at, event_id;
