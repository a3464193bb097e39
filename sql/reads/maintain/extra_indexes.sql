-- One row per index that another one of the same table makes unnecessary: the other has the same
-- columns, or more behind the same first ones.
--   kept_name  the other one
with own as (
    select
        i.indexrelid,
        i.indrelid,
        i.indisunique,
        i.indisprimary,
        n.nspname as schema_name,
        t.relname as table_name,
        x.relname as index_name,
        am.amname as method,
        coalesce(pg_get_expr(i.indpred, i.indrelid), '') as predicate,
        array(
            select
                concat_ws(
                    ' ',
                    pg_get_indexdef(i.indexrelid, k.position, true),
                    i.indoption[k.position - 1],
                    i.indclass[k.position - 1],
                    i.indcollation[k.position - 1]
                )
            from generate_series(1, i.indnkeyatts) as k (position)
            order by k.position
        ) as columns,
        pg_relation_size(i.indexrelid) as bytes
    from pg_catalog.pg_index as i
    inner join pg_catalog.pg_class as t on i.indrelid = t.oid
    inner join pg_catalog.pg_class as x on i.indexrelid = x.oid
    inner join pg_catalog.pg_am as am on x.relam = am.oid
    inner join pg_catalog.pg_namespace as n on t.relnamespace = n.oid
    where
        n.nspname in ('klaviyo', 'mart', 'model', 'ops')
        and i.indisvalid
)

select
    extra.schema_name,
    extra.table_name,
    extra.index_name,
    min(kept.index_name) as kept_name,
    bool_or(extra.columns = kept.columns) as is_same,
    extra.bytes
from own as extra
inner join own as kept
    on
        extra.indrelid = kept.indrelid
        and extra.indexrelid <> kept.indexrelid
        and extra.method = kept.method
        and extra.predicate = kept.predicate
        and extra.columns = kept.columns[1:cardinality(extra.columns)]
where
    extra.method = 'btree'
    and not extra.indisprimary
    -- a unique one keeps a promise, unless the other keeps the same
    and (not extra.indisunique or (kept.indisunique and extra.columns = kept.columns))
    -- of two that are the same, the later one goes
    and (
        extra.columns <> kept.columns
        or kept.indisprimary
        or (kept.indisunique and not extra.indisunique)
        or (kept.indisunique = extra.indisunique and kept.indexrelid < extra.indexrelid)
    )
group by extra.schema_name, extra.table_name, extra.index_name, extra.bytes
order by extra.schema_name, extra.table_name, extra.index_name;
