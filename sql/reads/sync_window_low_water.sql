-- One row: from where on the stream has been planned; null when it never was.
--   %(account_id)s  the account
--   %(stream)s      the stream
select min(since_at) as low_water
from ops.sync_window
where
    account_id = %(account_id)s
    and stream = %(stream)s;
