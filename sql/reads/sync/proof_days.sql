-- One row per metric and UTC day that was compared before.
--   %(account_id)s  the account
--   %(first)s       first UTC day
--   %(last)s        last UTC day
-- Days that differ come whenever they are.
select
    metric_id,
    day,
    our_count,
    our_values,
    their_count,
    their_values,
    status,
    reason,
    count_found,
    count_gone
from ops.proof
where
    account_id = %(account_id)s
    and (day between %(first)s and %(last)s or status = 'differs')
order by metric_id, day;
