-- One row: the run just ended, with how long it took in seconds.
--   %(run_id)s       the run
--   %(status)s       succeeded or failed
--   %(failed_cell)s  n of the code cell In [n] that stopped it; null when none did
--   %(error)s        one line without secrets; null when it succeeded
update ops.notebook_run
set
    status = %(status)s,
    finished_at = clock_timestamp(),
    failed_cell = %(failed_cell)s,
    error = %(error)s
where run_id = %(run_id)s
returning extract(epoch from finished_at - started_at)::float8 as seconds;
