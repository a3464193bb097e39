-- One row: when events were last read again 30 and 90 days back; null where they never were.
--   %(account_id)s  the account
select
    max(as_of) filter (where days >= 30) as month_at,
    max(as_of) filter (where days >= 90) as quarter_at
from ops.deep_pass
where account_id = %(account_id)s;
