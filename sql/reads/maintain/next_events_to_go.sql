-- One row where a metric has more events to look at than a batch holds, else none: when the first
-- event of the next batch happened.
--   %(metric_id)s  the metric
--   %(since)s      where the batch begins
--   %(kept_from)s  first instant that is kept
--   %(most)s       events in a batch
select e.occurred_at
from klaviyo.event as e
where
    e.account_id = %(account_id)s
    and e.metric_id = %(metric_id)s
    and e.occurred_at >= %(since)s
    and e.occurred_at < %(kept_from)s
order by e.occurred_at
limit 1 offset %(most)s;
