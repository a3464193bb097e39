-- One row per column of a table or view of our schemas, in the order of a dictionary.
--   meaning   comment of the column; null where it has none
--   key_place its place in the primary key, from 1; null where it is not part of it
--   points_to tables that it references, as schema.name
--   taken_of  of a view: relations from whose column of the same name it may be taken
--   checks    what PostgreSQL checks of the relation's rows
select
    n.nspname as schema_name,
    c.relname as relation_name,
    c.relkind in ('v', 'm') as is_view,
    obj_description(n.oid, 'pg_namespace') as purpose,
    obj_description(c.oid, 'pg_class') as grain,
    a.attname as column_name,
    format_type(a.atttypid, a.atttypmod) as type_name,
    -- a view's own columns never say so
    a.attnotnull and c.relkind not in ('v', 'm') as is_given,
    a.attgenerated <> '' as is_generated,
    col_description(c.oid, a.attnum) as meaning,
    array_position(k.conkey, a.attnum) + 1 - array_lower(k.conkey, 1) as key_place,
    array(
        select r.confrelid::regclass::text as target
        from pg_constraint as r
        where r.conrelid = c.oid and r.contype = 'f' and a.attnum = any(r.conkey)
        order by target
    ) as points_to,
    array(
        select distinct s.oid::regclass::text as source
        from pg_rewrite as w
        inner join pg_depend as d
            on
                w.oid = d.objid
                and d.classid = 'pg_rewrite'::regclass
                and d.refclassid = 'pg_class'::regclass
                and d.refobjsubid > 0
        inner join pg_class as s on d.refobjid = s.oid and c.oid <> s.oid
        inner join pg_attribute as b
            on s.oid = b.attrelid and d.refobjsubid = b.attnum and a.attname = b.attname
        where w.ev_class = c.oid
        order by source
    ) as taken_of,
    array(
        select pg_get_constraintdef(r.oid)
        from pg_constraint as r
        where r.conrelid = c.oid and r.contype = 'c'
        order by r.conname
    ) as checks
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
inner join pg_attribute as a on c.oid = a.attrelid and a.attnum > 0 and not a.attisdropped
left join pg_constraint as k on c.oid = k.conrelid and k.contype = 'p'
where
    n.nspname in ('klaviyo', 'mart', 'model', 'ops')
    and c.relkind in ('r', 'p', 'v', 'm')
order by n.nspname, c.relname, a.attnum;
