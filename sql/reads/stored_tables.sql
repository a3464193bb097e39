-- One row per table whose rows a backup holds: of any schema, but not what an extension keeps for
-- itself, nor the parts of a partitioned table or hypertable, which are read through the whole.
select
    n.nspname as schema_name,
    c.relname as table_name
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where
    c.relkind in ('r', 'p')
    and not c.relispartition
    and c.relpersistence <> 't'
    and n.nspname <> 'information_schema'
    and n.nspname not like 'pg\_%%'
    and n.nspname not like '\_timescaledb\_%%'
    and not exists (
        select
        from pg_catalog.pg_depend as d
        where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
order by n.nspname, c.relname;
