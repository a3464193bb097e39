-- One row: whether pg_stat_statements is loaded by the server, and where it was created.
--   is_loaded    the server keeps the statistics
--   schema_name  of the view to read them by; null where this database has not created it
select
    current_setting('pg_stat_statements.max', true) is not null as is_loaded,
    (
        select n.nspname
        from pg_catalog.pg_extension as e
        inner join pg_catalog.pg_namespace as n on e.extnamespace = n.oid
        where e.extname = 'pg_stat_statements'
    ) as schema_name;
