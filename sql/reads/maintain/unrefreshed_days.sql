-- One row: days, before one, of some metrics that wait for a refresh of the facts.
--   %(metric_ids)s    the metrics
--   %(kept_from_on)s  the first account day that is left out
select count(distinct day) as count_days
from ops.touched
where
    account_id = %(account_id)s
    and metric_id = any(%(metric_ids)s)
    and day < %(kept_from_on)s;
