-- One row: a text that is another whenever a row of the tables behind some relations may be; null
-- where one of them is not known or not followed by ops.note_data_change.
--   %(relations)s  tables and views, with their schema
with recursive behind as (
    select
        to_regclass(named.relation)::oid as object,
        'pg_catalog.pg_class'::regclass as catalog
    from unnest(%(relations)s::text[]) as named (relation)
    union
    -- what a view is made of; a function in it may read anything
    select
        d.refobjid as object,
        d.refclassid::regclass as catalog
    from behind as b
    inner join pg_catalog.pg_rewrite as r on b.object = r.ev_class
    inner join pg_catalog.pg_depend as d
        on r.oid = d.objid and d.classid = 'pg_catalog.pg_rewrite'::regclass
    where
        b.catalog = 'pg_catalog.pg_class'::regclass
        and d.refclassid in ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_proc'::regclass)
        and d.refobjid <> b.object
),

read as (
    select
        n.nspname || '.' || c.relname as relation,
        t.oid is not null as is_followed
    from behind as b
    left join pg_catalog.pg_class as c
        on b.object = c.oid and b.catalog = 'pg_catalog.pg_class'::regclass
    left join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
    left join pg_catalog.pg_trigger as t
        on c.oid = t.tgrelid and t.tgname = 'note_data_change' and t.tgenabled = 'A'
    where c.relkind is distinct from 'v'
),

changes as (
    select
        count(*) as count_changes,
        max(changed_at) as last_at
    from ops.data_change
    where relation in (select read.relation from read)
    union all
    select
        sum(count_changes) as count_changes,
        max(last_at) as last_at
    from ops.data_change_total
    where relation in (select read.relation from read)
)

select
    case
        when (select bool_and(is_followed) from read)
            then coalesce(sum(count_changes), 0) || ' ' || coalesce(max(last_at)::text, '')
    end as data_version
from changes;
