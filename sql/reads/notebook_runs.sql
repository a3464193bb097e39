-- One row per notebook run, the newest first.
--   %(notebook)s  only this notebook; null for all
--   %(status)s    only running, succeeded or failed; null for all
--   %(max_rows)s  rows at most
select
    run_id,
    notebook,
    status,
    account_id,
    parameters,
    data_as_of,
    started_at,
    failed_cell,
    error,
    run_dir,
    extract(epoch from finished_at - started_at)::float8 as seconds
from ops.notebook_run
where
    (%(notebook)s::text is null or notebook = %(notebook)s)
    and (%(status)s::text is null or status = %(status)s)
order by started_at desc, run_id asc
limit %(max_rows)s;
