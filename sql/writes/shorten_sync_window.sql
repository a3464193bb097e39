-- Ends a window earlier, because it is denser than one transaction should hold.
--   %(at)s  the first instant that no longer belongs to it
update ops.sync_window
set until_at = %(at)s
where
    account_id = %(account_id)s
    and stream = %(stream)s
    and since_at = %(since_at)s
    and until_at = %(until_at)s
    and run_id = %(run_id)s;
