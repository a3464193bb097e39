-- One row per large table that is read from end to end again and again: one that lacks an index for
-- what it is asked, unless those reads want all of it.
--   %(least_rows)s   rows of a large table
--   %(least_scans)s  reads of the whole that are often
--   counted_since    since when reads are counted: the last reset, else the first migration
select
    s.schemaname as schema_name,
    s.relname as table_name,
    s.n_live_tup as count_rows,
    s.seq_scan as count_scans,
    s.seq_tup_read / s.seq_scan as rows_a_scan,
    coalesce(s.idx_scan, 0) as count_index_scans,
    (
        select coalesce(d.stats_reset, (select min(m.applied_at) from ops.schema_migration as m))
        from pg_catalog.pg_stat_database as d
        where d.datname = current_database()
    ) as counted_since
from pg_catalog.pg_stat_user_tables as s
where
    s.schemaname in ('klaviyo', 'mart', 'model', 'ops')
    and s.n_live_tup >= %(least_rows)s
    and s.seq_scan >= %(least_scans)s
    and s.seq_scan > coalesce(s.idx_scan, 0) / 10
    and s.seq_tup_read / s.seq_scan >= s.n_live_tup / 2
order by s.seq_tup_read desc;
