-- One row per refresh of the account's facts, newest first.
--   %(most)s  at most so many
select
    finished_at,
    as_of,
    count_metric_days,
    count_orders,
    count_recipients,
    count_message_days
from ops.refresh
where account_id = %(account_id)s
order by refresh_id desc
limit %(most)s;
