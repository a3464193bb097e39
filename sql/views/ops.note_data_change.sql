-- Notes that a table is another than it was, for results that are kept of it. It is put on every
-- table of klaviyo, mart and model, and on those of ops that results are made from; chunks that are
-- dropped fire no trigger, who drops them calls ops.note_data_change_of.
create or replace function ops.note_data_change_of(changed text) returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    insert into ops.data_change (relation) values (changed) on conflict do nothing
$$;

create or replace function ops.note_data_change() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    -- a statement that found no row changed nothing; rows of a hypertable are its chunks'
    if tg_op <> 'TRUNCATE'
        and current_setting('track_counts')::boolean
        and pg_stat_get_xact_tuples_inserted(tg_relid)
        + pg_stat_get_xact_tuples_updated(tg_relid)
        + pg_stat_get_xact_tuples_deleted(tg_relid) = 0
        and not (select c.relhassubclass from pg_class as c where c.oid = tg_relid)
    then
        return null;
    end if;
    perform ops.note_data_change_of(tg_table_schema || '.' || tg_table_name);
    return null;
end
$$;

comment on function ops.note_data_change() is 'Notes in ops.data_change that a table was changed.';
comment on function ops.note_data_change_of(text) is 'Notes in ops.data_change that a table was changed in a way that fires no trigger.';

do $$
declare
    followed regclass;
begin
    for followed in
        select c.oid
        from pg_class as c
        inner join pg_namespace as n on n.oid = c.relnamespace
        where
            c.relkind in ('r', 'p')
            and not c.relispartition
            and (
                n.nspname in ('klaviyo', 'mart', 'model')
                or n.nspname = 'ops' and c.relname in (
                    'account_access', 'refresh', 'report_window', 'schema_migration', 'sync_run'
                )
            )
            and not exists (
                select 1 from pg_trigger as t
                where t.tgrelid = c.oid and t.tgname = 'note_data_change'
            )
        order by c.oid
    loop
        execute format(
            'create trigger note_data_change after insert or update or delete or truncate on %s'
            ' for each statement execute function ops.note_data_change()', followed
        );
        -- also while rows are copied by a replication role
        execute format('alter table %s enable always trigger note_data_change', followed);
    end loop;
end
$$;
