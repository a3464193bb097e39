-- One row per table: its bytes with those of its chunks, and what of them nobody needs any more.
--   dead_rate    of its rows, those that were replaced or deleted and not vacuumed yet
--   bloat_bytes  an estimate of the heap that holds no row: its pages, less what the rows need by
--                their average width; null where the table was never analyzed
with own as (
    select
        c.oid as relid,
        n.nspname as schema_name,
        c.relname as table_name
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
    where
        n.nspname in ('klaviyo', 'mart', 'model', 'ops')
        and c.relkind in ('r', 'p', 'm')
),

parts as (
    select
        relid,
        schema_name,
        table_name,
        relid as part_id
    from own
    union all
    select
        o.relid,
        o.schema_name,
        o.table_name,
        i.inhrelid as part_id
    from own as o
    inner join pg_catalog.pg_inherits as i on o.relid = i.inhparent
),

widths as (
    select
        p.part_id,
        sum(s.avg_width * (1 - s.null_frac)) as row_bytes
    from parts as p
    inner join pg_catalog.pg_class as c on p.part_id = c.oid
    inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
    inner join pg_catalog.pg_stats as s on n.nspname = s.schemaname and c.relname = s.tablename
    where not s.inherited
    group by p.part_id
)

select
    p.schema_name,
    p.table_name,
    count(*) - 1 as count_chunks,
    sum(greatest(c.reltuples, 0))::bigint as count_rows,
    sum(pg_table_size(p.part_id))::bigint as table_bytes,
    sum(pg_indexes_size(p.part_id))::bigint as index_bytes,
    (
        sum(t.n_dead_tup)
        / nullif(sum(t.n_dead_tup + t.n_live_tup), 0)
    )::double precision as dead_rate,
    (
        sum(
            -- 24 bytes of header, 4 of its line, and rows begin at eights
            greatest(
                pg_relation_size(p.part_id)
                - ceil(greatest(c.reltuples, 0) * (28 + ceil(w.row_bytes / 8) * 8) / 8168) * 8192,
                0
            )
        )
    )::bigint as bloat_bytes
from parts as p
inner join pg_catalog.pg_class as c on p.part_id = c.oid
left join pg_catalog.pg_stat_user_tables as t on p.part_id = t.relid
left join widths as w on p.part_id = w.part_id
group by p.schema_name, p.table_name
order by
    sum(pg_total_relation_size(p.part_id)) desc,
    p.schema_name asc,
    p.table_name asc;
