-- Records how a sync ended.
--   %(status)s       succeeded, unproven or failed
--   %(days_proven)s  days of a metric by what the proof has shown; null where there was none
update ops.sync_run
set
    status = %(status)s,
    finished_at = clock_timestamp(),
    requests = %(requests)s,
    rows_read = %(rows_read)s,
    rows_new = %(rows_new)s,
    rows_changed = %(rows_changed)s,
    days_proven = %(days_proven)s,
    days_repaired = %(days_repaired)s,
    days_explained = %(days_explained)s,
    days_differing = %(days_differing)s,
    error = %(error)s
where run_id = %(run_id)s;
