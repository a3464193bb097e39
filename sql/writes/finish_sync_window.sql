-- Marks one window done, in the transaction that stored its rows.
--   %(read_until)s  where it was cut; its until_at when it was read to its end
update ops.sync_window
set
    status = 'done',
    until_at = %(read_until)s,
    is_open = is_open and until_at = %(read_until)s,
    rows_read = %(rows_read)s,
    rows_new = %(rows_new)s,
    rows_changed = %(rows_changed)s,
    finished_at = clock_timestamp()
where
    account_id = %(account_id)s
    and stream = %(stream)s
    and since_at = %(since_at)s
    and until_at = %(until_at)s
    and run_id = %(run_id)s;
