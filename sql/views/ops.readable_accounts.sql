-- The accounts that whoever asks may read: those of ops.account_access for the role in use and the
-- roles it is a member of; all for writers and owners. It runs with its owner's rights, so that
-- nobody sees who else may read what; the setting "role" still tells whose query it is.
create or replace function ops.readable_accounts() returns text[]
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
    with asking as (
        select coalesce(nullif(current_setting('role'), 'none'), session_user::text)::name as name
    ),

    held as (
        select r.oid, r.rolname::text as name
        from pg_catalog.pg_roles as r
        cross join asking
        where pg_has_role(asking.name, r.oid, 'usage')
    ),

    reads_all as (
        select exists (
            select 1
            from held
            where
                held.name in ('workbench_writer', 'workbench_owner')
                or held.oid = (
                    select c.relowner
                    from pg_catalog.pg_class as c
                    where c.oid = 'ops.account_access'::regclass
                )
                or exists (
                    select 1
                    from ops.account_access as a
                    where a.grantee = held.name and a.account_id = '*'
                )
        ) as is_so
    )

    select coalesce(array_agg(known.account_id), '{}')
    from klaviyo.account as known
    where
        (select is_so from reads_all)
        or known.account_id in (
            select a.account_id
            from ops.account_access as a
            inner join held on a.grantee = held.name
        )
$$;

comment on function ops.readable_accounts() is 'The accounts that whoever asks may read.';
