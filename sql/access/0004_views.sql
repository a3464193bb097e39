-- A view reads with the rights of whoever asks, so that row security holds beneath it. A view that
-- is declared a security barrier keeps its owner's rights: it filters by ops.readable_accounts()
-- itself. What TimescaleDB keeps as a continuous aggregate is left as it is, and granted to no one.
do $$
declare
    aggregates text[] := '{}';
    found regclass;
begin
    if to_regclass('timescaledb_information.continuous_aggregates') is not null then
        execute 'select coalesce(array_agg(view_schema || ''.'' || view_name), ''{}'')'
            ' from timescaledb_information.continuous_aggregates' into aggregates;
    end if;
    for found in
        select c.oid
        from pg_class as c
        inner join pg_namespace as n on n.oid = c.relnamespace
        where
            n.nspname in ('klaviyo', 'mart', 'model', 'ops')
            and c.relkind = 'v'
            and n.nspname || '.' || c.relname <> all (aggregates)
            and not coalesce(
                c.reloptions && array['security_barrier=true', 'security_invoker=true'], false
            )
    loop
        execute format('alter view %s set (security_invoker = true)', found);
    end loop;
end
$$;
