-- One row: the account's last sync; none before the first one.
--   %(account_id)s  the account
select
    run_id,
    status,
    as_of,
    started_at,
    finished_at,
    requests,
    rows_read,
    rows_new,
    rows_changed,
    error
from ops.sync_run
where account_id = %(account_id)s
order by started_at desc
limit 1;
