-- One row per window that an earlier sync planned and did not finish, oldest first.
--   %(account_id)s  the account
--   %(stream)s      the stream
select
    since_at,
    until_at,
    run_id
from ops.sync_window
where
    account_id = %(account_id)s
    and stream = %(stream)s
    and status = 'planned'
order by since_at;
