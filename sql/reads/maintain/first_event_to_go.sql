-- One row: when the first event of a metric happened; null where there is none before an instant.
--   %(metric_id)s  the metric
--   %(kept_from)s  first instant that is kept
select min(occurred_at) as since_at
from klaviyo.event
where
    account_id = %(account_id)s
    and metric_id = %(metric_id)s
    and occurred_at < %(kept_from)s;
