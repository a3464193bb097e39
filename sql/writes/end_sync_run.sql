-- Records how a sync ended.
--   %(status)s  succeeded or failed
update ops.sync_run
set
    status = %(status)s,
    finished_at = clock_timestamp(),
    requests = %(requests)s,
    rows_read = %(rows_read)s,
    rows_new = %(rows_new)s,
    rows_changed = %(rows_changed)s,
    error = %(error)s
where run_id = %(run_id)s;
