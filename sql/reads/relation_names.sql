-- One row per table or view that this user may read, as a statement names it.
select n.nspname || '.' || c.relname as name
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where
    n.nspname in ('klaviyo', 'mart', 'model', 'ops')
    and c.relkind in ('r', 'v', 'm', 'p')
    and has_schema_privilege(n.oid, 'usage')
    and has_any_column_privilege(c.oid, 'select')
order by n.nspname = 'mart' desc, name;
