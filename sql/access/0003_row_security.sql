-- Readers and analysts see the rows of their accounts only; writers and owners see all. Each policy
-- asks for the accounts once a query, in an init plan, and so can use an index. Tables are locked
-- only where something is to be changed.
do $$
declare
    -- klaviyo.event: TimescaleDB keeps no table with row security by column; mart.event filters.
    -- The others: a writer fills them by COPY, which row security forbids. Nobody else may read them.
    without_policy constant text[] := array[
        'klaviyo.event', 'ops.group_member', 'ops.request', 'ops.touched'
    ];
    hypertables text[] := '{}';
    found record;
begin
    if to_regrole('workbench_reader') is null or to_regrole('workbench_analyst') is null
        or to_regrole('workbench_writer') is null or to_regrole('workbench_owner') is null
    then
        return;
    end if;
    if to_regclass('timescaledb_information.hypertables') is not null then
        execute 'select coalesce(array_agg(hypertable_schema || ''.'' || hypertable_name), ''{}'')'
            ' from timescaledb_information.hypertables' into hypertables;
    end if;
    for found in
        select
            c.oid::regclass as relation,
            c.relrowsecurity as is_on,
            -- by its own account, else by that of the row it belongs to
            coalesce(
                (
                    select 'account_id = any ((select ops.readable_accounts())::text[])'
                    from pg_attribute as a
                    where a.attrelid = c.oid and a.attname = 'account_id' and not a.attisdropped
                ),
                (
                    select format(
                        '(%s) in (select %s from %s as owning)',
                        (
                            select string_agg(quote_ident(a.attname), ', ' order by k.n)
                            from unnest(f.conkey) with ordinality as k (attnum, n)
                            inner join pg_attribute as a
                                on a.attrelid = f.conrelid and a.attnum = k.attnum
                        ),
                        (
                            select string_agg('owning.' || quote_ident(a.attname), ', ' order by k.n)
                            from unnest(f.confkey) with ordinality as k (attnum, n)
                            inner join pg_attribute as a
                                on a.attrelid = f.confrelid and a.attnum = k.attnum
                        ),
                        f.confrelid::regclass
                    )
                    from pg_constraint as f
                    inner join pg_attribute as a
                        on a.attrelid = f.confrelid and a.attname = 'account_id'
                    where f.conrelid = c.oid and f.contype = 'f'
                    order by f.conname
                    limit 1
                )
            ) as condition
        from pg_class as c
        inner join pg_namespace as n on n.oid = c.relnamespace
        where
            n.nspname in ('klaviyo', 'mart', 'model', 'ops')
            and c.relkind in ('r', 'p')
            and n.nspname || '.' || c.relname <> all (without_policy || hypertables)
            and not exists (
                select 1 from pg_policy as p
                where p.polrelid = c.oid and p.polname = 'rows_of_own_accounts'
            )
    loop
        continue when found.condition is null;
        execute format(
            'create policy rows_of_own_accounts on %s for select'
            ' to workbench_reader, workbench_analyst using (%s)', found.relation, found.condition
        );
        execute format(
            'create policy all_rows on %s to workbench_writer, workbench_owner'
            ' using (true) with check (true)', found.relation
        );
        execute format('alter table %s enable row level security', found.relation);
    end loop;
end
$$;
