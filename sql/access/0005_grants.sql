-- Who may do what, relation by relation, from the catalog: a table that is new is covered, and one
-- that is not protected by row security is given to no reader. All is taken first, so that nothing
-- stays that a former version gave.
do $$
declare
    schemas constant text[] := array['klaviyo', 'mart', 'model', 'ops'];
    -- what identifies a person, and what Klaviyo sent as it came
    withheld constant text[] := array[
        'payload', 'definition', 'email', 'email_address', 'phone', 'phone_number', 'external_id',
        'first_name', 'last_name', 'full_name', 'address', 'ip_address', 'anonymous_id'
    ];
    -- JSON of the schema klaviyo that is known to hold ids only
    known_json constant text[] := array['attributions', 'groupings'];
    withheld_tables constant text[] := array['klaviyo.profile_personal', 'klaviyo.event_version'];
    aggregates text[] := '{}';
    schema_name text;
    command text;
    found record;
begin
    if to_regrole('workbench_reader') is null or to_regrole('workbench_analyst') is null
        or to_regrole('workbench_writer') is null or to_regrole('workbench_owner') is null
    then
        return;
    end if;
    if to_regclass('timescaledb_information.continuous_aggregates') is not null then
        execute 'select coalesce(array_agg(view_schema || ''.'' || view_name), ''{}'')'
            ' from timescaledb_information.continuous_aggregates' into aggregates;
    end if;

    foreach schema_name in array schemas loop
        foreach command in array array[
            'revoke all on schema %I from public, workbench_reader, workbench_analyst',
            'revoke all on all tables in schema %I'
            ' from public, workbench_reader, workbench_analyst, workbench_writer',
            'revoke all on all functions in schema %I'
            ' from public, workbench_reader, workbench_analyst',
            'grant usage on schema %I to workbench_writer',
            'grant select, insert, update, delete on all tables in schema %I to workbench_writer',
            'grant usage, select on all sequences in schema %I to workbench_writer',
            'grant execute on all functions in schema %I to workbench_writer',
            'alter default privileges in schema %I'
            ' grant select, insert, update, delete on tables to workbench_writer',
            'grant all on schema %I to workbench_owner',
            'grant all on all tables in schema %I to workbench_owner',
            'grant all on all sequences in schema %I to workbench_owner',
            'grant all on all functions in schema %I to workbench_owner'
        ] loop
            execute format(command, schema_name);
        end loop;
        if current_setting('server_version_num')::integer >= 170000 then
            -- to analyze what it has filled; before that the owner's autovacuum does
            execute format(
                'grant maintain on all tables in schema %I to workbench_writer', schema_name
            );
        end if;
    end loop;
    revoke insert, update, delete on ops.account_access, ops.audit_log, ops.schema_migration
    from workbench_writer;

    grant usage on schema mart, model to workbench_reader, workbench_analyst;
    grant usage on schema klaviyo to workbench_analyst;
    grant execute on all functions in schema mart to workbench_reader, workbench_analyst;
    grant execute on function ops.readable_accounts() to workbench_reader, workbench_analyst;

    for found in
        with recursive readable as (
            select
                c.oid,
                c.relkind,
                c.oid::regclass as relation,
                n.nspname,
                c.reloptions && array['security_barrier=true'] as is_barrier
            from pg_class as c
            inner join pg_namespace as n on n.oid = c.relnamespace
            where
                n.nspname in ('klaviyo', 'mart', 'model')
                and n.nspname || '.' || c.relname <> all (withheld_tables || aggregates)
                and (
                    c.relkind in ('r', 'p') and c.relrowsecurity
                    or c.relkind = 'v'
                    and c.reloptions && array['security_barrier=true', 'security_invoker=true']
                )
        ),

        open_columns as (
            select
                r.oid,
                r.nspname,
                a.attnum
            from readable as r
            inner join pg_attribute as a on a.attrelid = r.oid
            where
                a.attnum > 0
                and not a.attisdropped
                and a.attname <> all (withheld)
                and (
                    r.nspname <> 'klaviyo'
                    or a.atttypid not in ('json'::regtype, 'jsonb'::regtype)
                    or a.attname = any (known_json)
                )
        ),

        -- a view of mart or model reads with its reader's rights: what it needs of klaviyo and ops,
        -- which a reader still cannot name, having no right on these schemas
        needed as (
            select r.oid as view_oid, d.refobjid as oid, d.refobjsubid as attnum
            from readable as r
            inner join pg_rewrite as w on w.ev_class = r.oid
            inner join pg_depend as d
                on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
                and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.oid
            inner join pg_class as below on below.oid = d.refobjid
            where
                r.relkind = 'v'
                and r.nspname in ('mart', 'model')
                -- a barrier reads tables itself, but a view beneath it as its reader
                and (not coalesce(r.is_barrier, false) or below.relkind = 'v')
            union
            select w.ev_class, d.refobjid, d.refobjsubid
            from needed
            inner join pg_class as c on c.oid = needed.oid and c.relkind = 'v'
            inner join pg_rewrite as w on w.ev_class = c.oid
            inner join pg_depend as d
                on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
                and d.refclassid = 'pg_class'::regclass and d.refobjid <> c.oid
            where c.reloptions && array['security_invoker=true']
        ),

        given as (
            select oid, attnum, array['workbench_analyst'] as grantees
            from open_columns
            where nspname = 'klaviyo'
            union all
            select oid, attnum, array['workbench_reader', 'workbench_analyst']
            from open_columns
            where nspname <> 'klaviyo'
            union all
            select n.oid, n.attnum, array['workbench_reader', 'workbench_analyst']
            from needed as n
            inner join pg_class as c on c.oid = n.oid
            inner join pg_attribute as a on a.attrelid = n.oid and a.attnum = n.attnum
            where
                a.attnum > 0
                and a.attname <> all (withheld)
                and c.relnamespace in ('klaviyo'::regnamespace, 'ops'::regnamespace)
                and (c.relrowsecurity or c.reloptions && array['security_invoker=true'])
        )

        select
            g.oid::regclass as relation,
            quote_ident(grantee) as grantee,
            string_agg(distinct quote_ident(a.attname), ', ') as columns,
            count(distinct a.attnum) = (
                select count(*) from pg_attribute as every
                where every.attrelid = g.oid and every.attnum > 0 and not every.attisdropped
            ) as is_whole
        from given as g
        inner join pg_attribute as a on a.attrelid = g.oid and a.attnum = g.attnum
        cross join unnest(g.grantees) as grantee
        group by g.oid, grantee
    loop
        if found.is_whole then
            execute format('grant select on %s to %s', found.relation, found.grantee);
        else
            execute format(
                'grant select (%s) on %s to %s', found.columns, found.relation, found.grantee
            );
        end if;
    end loop;
end
$$;
