-- One row per table, chunks apart, of which much was changed since it was last vacuumed or counted,
-- most first.
--   %(share)s  of the rows that are there
--   %(least)s  rows that are few enough to leave alone
select
    s.schemaname as schema_name,
    s.relname as table_name,
    s.n_live_tup as count_live,
    s.n_dead_tup as count_dead,
    s.n_mod_since_analyze as count_changed
from pg_catalog.pg_stat_user_tables as s
inner join pg_catalog.pg_class as c on s.relid = c.oid
where
    (
        s.schemaname in ('klaviyo', 'mart', 'model', 'ops')
        or (s.schemaname = '_timescaledb_internal' and s.relname like '%%chunk')
    )
    and c.relkind in ('r', 'm')
    and greatest(s.n_dead_tup, s.n_mod_since_analyze) >= %(least)s
    and greatest(s.n_dead_tup, s.n_mod_since_analyze) >= %(share)s * s.n_live_tup
order by greatest(s.n_dead_tup, s.n_mod_since_analyze) desc, s.schemaname asc, s.relname asc;
