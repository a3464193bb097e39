-- Marks as failed the notebook runs that still say running and began before an instant.
--   %(before)s  longer than any run lasts
update ops.notebook_run
set
    status = 'failed',
    finished_at = clock_timestamp(),
    error = 'interrupted'
where
    status = 'running'
    and started_at < %(before)s;
