-- One row: the run just registered, on the server's clock, which also names its folder.
--   %(run_id)s           short random id
--   %(notebook)s         name below notebooks/, without the suffix
--   %(parameters)s       all effective values, jsonb
--   %(account_id)s       the account reported on; null when the notebook takes none
--   %(notebook_sha256)s  of the notebook file as it was read
--   %(packages)s         version by package, jsonb
insert into ops.notebook_run (
    run_id, notebook, status, parameters, account_id, data_as_of, notebook_sha256, packages, run_dir
)
values (
    %(run_id)s,
    %(notebook)s,
    'running',
    %(parameters)s,
    %(account_id)s,
    (
        select as_of
        from ops.sync_run
        where
            status = 'succeeded'
            and (%(account_id)s::text is null or account_id = %(account_id)s)
        order by started_at desc
        limit 1
    ),
    %(notebook_sha256)s,
    %(packages)s,
    concat(
        %(notebook)s::text,
        '/',
        to_char(now() at time zone 'UTC', 'YYYYMMDD"T"HH24MISS"Z"'),
        '-',
        %(run_id)s::text
    )
)
returning
    run_dir,
    started_at,
    data_as_of;
