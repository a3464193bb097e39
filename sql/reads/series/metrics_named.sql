-- One row per metric of that id or name, in any case.
--   %(named)s  an id or a name
select
    metric_id,
    name,
    integration_name
from klaviyo.metric
where
    account_id = %(account_id)s
    and (metric_id = %(named)s or lower(name) = lower(%(named)s))
order by metric_id;
