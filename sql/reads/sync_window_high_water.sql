-- One row: up to where the stream has been planned; null when it never was.
--   %(account_id)s  the account
--   %(stream)s      the stream
select max(until_at) as high_water
from ops.sync_window
where
    account_id = %(account_id)s
    and stream = %(stream)s;
