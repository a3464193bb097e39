-- One row: since when events have been read; null before the first sync.
--   %(account_id)s  the account
select min(since_at) as since_at
from ops.sync_window
where
    account_id = %(account_id)s
    and stream = 'events'
    and status = 'done';
