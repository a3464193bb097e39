-- One row per foreign key whose columns no index begins with: deleting what it points to reads the
-- whole table. References to the account are left out: every key begins with it.
select
    n.nspname as schema_name,
    t.relname as table_name,
    c.conname as constraint_name,
    array(
        select a.attname::text
        from unnest(c.conkey) with ordinality as k (attnum, position)
        inner join pg_catalog.pg_attribute as a on a.attrelid = c.conrelid and k.attnum = a.attnum
        order by k.position
    ) as columns
from pg_catalog.pg_constraint as c
inner join pg_catalog.pg_class as t on c.conrelid = t.oid
inner join pg_catalog.pg_namespace as n on t.relnamespace = n.oid
where
    c.contype = 'f'
    and n.nspname in ('klaviyo', 'mart', 'model', 'ops')
    and c.confrelid <> 'klaviyo.account'::regclass
    and not exists (
        select 1
        from pg_catalog.pg_index as i
        where
            i.indrelid = c.conrelid
            and i.indpred is null
            -- its first columns, in any order
            and c.conkey <@ (
                string_to_array(i.indkey::text, ' ')::smallint[]
            )[1:cardinality(c.conkey)]
    )
order by n.nspname, t.relname, c.conname;
