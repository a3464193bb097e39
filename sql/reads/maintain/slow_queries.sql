-- One row per kind of statement that has taken most of the server's time in this database, as
-- pg_stat_statements counts them: values in it are replaced by $1, $2.
--   %(most)s  at most so many
select
    s.calls,
    s.total_exec_time / 1000 as total_seconds,
    s.mean_exec_time as mean_milliseconds,
    s.max_exec_time as max_milliseconds,
    s.rows as count_rows,
    left(regexp_replace(s.query, '\s+', ' ', 'g'), 300) as query
from pg_stat_statements as s
where
    s.dbid = (
        select d.oid
        from pg_catalog.pg_database as d
        where d.datname = current_database()
    )
order by s.total_exec_time desc
limit %(most)s;
