-- One row: the refresh as recorded.
--   %(rows)s  jsonb object: table of the mart -> rows written
insert into ops.refresh (
    account_id,
    as_of,
    started_at,
    count_metric_days,
    count_orders,
    count_recipients,
    count_message_days,
    count_rows,
    currency
)
select
    %(account_id)s,
    %(as_of)s,
    now() as started_at,
    (told.counts ->> 'metric_daily')::bigint as count_metric_days,
    (told.counts ->> 'orders')::bigint as count_orders,
    (told.counts ->> 'message_recipient')::bigint as count_recipients,
    (told.counts ->> 'message_performance')::bigint as count_message_days,
    told.counts,
    a.currency
from (select %(rows)s::jsonb as counts) as told
inner join klaviyo.account as a on a.account_id = %(account_id)s;
