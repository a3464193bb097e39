-- Marks as failed what still says running: its process died, for the account's lock was free.
update ops.sync_run
set
    status = 'failed',
    finished_at = clock_timestamp(),
    error = 'interrupted'
where
    account_id = %(account_id)s
    and status = 'running';
