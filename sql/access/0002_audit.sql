-- Writes down each change of a row. It runs with its owner's rights, so that nobody else needs, or
-- has, the right to write into the log.
create or replace function ops.record_change() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    -- never kept, whichever table this is put on one day
    of_persons constant text[] := array[
        'payload', 'email', 'phone_number', 'external_id', 'first_name', 'last_name'
    ];
    before jsonb := case when tg_op in ('UPDATE', 'DELETE') then to_jsonb(old) - of_persons end;
    after jsonb := case when tg_op in ('UPDATE', 'INSERT') then to_jsonb(new) - of_persons end;
begin
    if before is distinct from after or tg_op = 'TRUNCATE' then
        insert into ops.audit_log (action, subject, account_id, details)
        values (
            lower(tg_op),
            tg_table_schema || '.' || tg_table_name,
            coalesce(after, before) ->> 'account_id',
            jsonb_strip_nulls(jsonb_build_object('before', before, 'after', after))
        );
    end if;
    return null;
end
$$;

-- Refuses to change or empty the log. An owner who must shorten it says so by a setting of the
-- transaction that deletes.
create or replace function ops.keep_audit_log() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'DELETE' and current_setting('workbench.upkeep', true) = 'audit_log' then
        return null;
    end if;
    raise exception 'ops.audit_log is append-only' using errcode = 'insufficient_privilege';
end
$$;

-- Writes down that rows left the database. Anyone who may read may call it, which is why it is in
-- mart, and no one can name another login by it.
create or replace function mart.record_export(exported text, count_rows bigint, of_account text)
returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    insert into ops.audit_log (action, subject, account_id, count_rows)
    values ('export', exported, of_account, count_rows)
$$;

comment on function mart.record_export(text, bigint, text) is 'Writes into ops.audit_log that rows left the database.';

do $$
declare
    watched regclass;
begin
    foreach watched in array array[
        'ops.account_access'::regclass, 'ops.feature_flag', 'mart.metric_role'
    ] loop
        continue when exists (
            select 1 from pg_trigger where tgrelid = watched and tgname = 'record_change'
        );
        execute format(
            'create trigger record_change after insert or update or delete on %s'
            ' for each row execute function ops.record_change()', watched
        );
        execute format(
            'create trigger record_truncate after truncate on %s'
            ' for each statement execute function ops.record_change()', watched
        );
    end loop;
    if not exists (
        select 1 from pg_trigger
        where tgrelid = 'ops.audit_log'::regclass and tgname = 'keep_audit_log'
    ) then
        create trigger keep_audit_log before update or delete or truncate on ops.audit_log
        for each statement execute function ops.keep_audit_log();
    end if;
end
$$;
