-- One row per index of our tables, those of chunks counted with their table's: what it takes, and
-- how often it was used since statistics were last reset.
--   is_needed    it keeps a promise (primary key, unique) and may not go, used or not
--   counted_since  since when uses are counted: the last reset, else the first migration
with own as (
    select
        i.indexrelid,
        i.indrelid,
        n.nspname as schema_name,
        t.relname as table_name,
        x.relname as index_name,
        i.indisunique as is_needed,
        i.indisvalid as is_valid
    from pg_catalog.pg_index as i
    inner join pg_catalog.pg_class as t on i.indrelid = t.oid
    inner join pg_catalog.pg_class as x on i.indexrelid = x.oid
    inner join pg_catalog.pg_namespace as n on t.relnamespace = n.oid
    where n.nspname in ('klaviyo', 'mart', 'model', 'ops')
),

-- an index of a chunk is named after the chunk and the index of the table
parts as (
    select
        indexrelid,
        indexrelid as part_id
    from own
    union all
    select
        o.indexrelid,
        ci.indexrelid as part_id
    from own as o
    inner join pg_catalog.pg_inherits as h on o.indrelid = h.inhparent
    inner join pg_catalog.pg_index as ci on h.inhrelid = ci.indrelid
    inner join pg_catalog.pg_class as ct on ci.indrelid = ct.oid
    inner join pg_catalog.pg_class as cx on ci.indexrelid = cx.oid
    where left(ct.relname || '_' || o.index_name, 63) = cx.relname
)

select
    o.schema_name,
    o.table_name,
    o.index_name,
    o.is_needed,
    o.is_valid,
    coalesce(sum(s.idx_scan), 0)::bigint as count_scans,
    sum(pg_relation_size(p.part_id))::bigint as bytes,
    (
        select coalesce(d.stats_reset, (select min(m.applied_at) from ops.schema_migration as m))
        from pg_catalog.pg_stat_database as d
        where d.datname = current_database()
    ) as counted_since
from own as o
inner join parts as p on o.indexrelid = p.indexrelid
left join pg_catalog.pg_stat_user_indexes as s on p.part_id = s.indexrelid
group by o.schema_name, o.table_name, o.index_name, o.is_needed, o.is_valid
order by o.schema_name, o.table_name, o.index_name;
