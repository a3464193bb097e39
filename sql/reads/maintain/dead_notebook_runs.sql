-- One row: notebook runs that say that they run, and began before an instant.
--   %(before)s  longer than any run lasts
select count(*) as count_runs
from ops.notebook_run
where
    status = 'running'
    and started_at < %(before)s;
