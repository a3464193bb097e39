-- One row: the first instant from which on a sync has read events; null where it read none.
--   %(account_id)s  of the account
--   %(run_id)s      the sync
select min(since_at) as since_at
from ops.sync_window
where
    account_id = %(account_id)s
    and stream = 'events'
    and run_id = %(run_id)s;
