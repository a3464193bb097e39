-- One row per name of a column of some tables or views.
--   %(relations)s  their names with the schema
select distinct a.attname as name
from pg_catalog.pg_attribute as a
inner join pg_catalog.pg_class as c on a.attrelid = c.oid
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where
    n.nspname || '.' || c.relname = any(%(relations)s)
    and a.attnum > 0
    and not a.attisdropped
order by name;
