-- One row per alert of a kind that is not resolved.
--   %(account_id)s  the account
--   %(kind)s        the kind
select
    subject,
    details,
    repeated_at
from ops.alert
where
    account_id = %(account_id)s
    and kind = %(kind)s
    and resolved_at is null
order by subject;
