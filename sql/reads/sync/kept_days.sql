-- One row per metric whose old events were deleted: the first UTC day whose events are all kept.
--   %(account_id)s  the account
select
    metric_id,
    ((kept_from - interval '1 microsecond') at time zone 'UTC')::date + 1 as kept_from_on
from ops.kept_from
where account_id = %(account_id)s;
