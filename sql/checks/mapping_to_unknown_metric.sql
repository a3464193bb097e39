-- What the account maps to a meaning is a metric that is known.
-- One row per mapping whose metric klaviyo.metric lacks.
-- Mend: workbench sync
select
    p.account_id,
    p.mapping,
    p.metric_id
from klaviyo.mapped_metric as p
left join klaviyo.metric as m on p.account_id = m.account_id and p.metric_id = m.metric_id
where p.metric_id is not null and m.metric_id is null;
