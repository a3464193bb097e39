-- Gives each login the limits of the highest role it holds: a role's settings count for the login
-- that connects, never for the members of the role. They are defaults against mistakes, which a
-- login may change for its session; what it may touch is ruled by its rights alone. Limits that
-- this user may not set are left out; workbench roles names the logins without.
create or replace function ops.limit_logins() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    found record;
    limited text;
begin
    for found in
        select
            r.rolname,
            limits.given
        from pg_roles as r
        cross join lateral (
            select l.given
            from (
                values
                (
                    'workbench_writer', 1,
                    '{}'::jsonb
                ),
                (
                    'workbench_owner', 1,
                    '{}'::jsonb
                ),
                (
                    'workbench_analyst', 2,
                    '{"statement_timeout": "10min", "work_mem": "64MB",
                      "idle_in_transaction_session_timeout": "10min",
                      "default_transaction_read_only": "on"}'::jsonb
                ),
                (
                    'workbench_reader', 3,
                    '{"statement_timeout": "30s", "work_mem": "32MB",
                      "idle_in_transaction_session_timeout": "1min",
                      "default_transaction_read_only": "on"}'::jsonb
                )
            ) as l (role_name, rank, given)
            where
                to_regrole(l.role_name) is not null
                and pg_has_role(r.oid, to_regrole(l.role_name)::oid, 'member')
            order by l.rank
            limit 1
        ) as limits
        where r.rolcanlogin and not r.rolsuper
    loop
        begin
            foreach limited in array array[
                'statement_timeout', 'work_mem', 'idle_in_transaction_session_timeout',
                'default_transaction_read_only'
            ] loop
                if found.given ? limited then
                    execute format(
                        'alter role %I in database %I set %I = %L',
                        found.rolname, current_database(), limited, found.given ->> limited
                    );
                else
                    execute format(
                        'alter role %I in database %I reset %I',
                        found.rolname, current_database(), limited
                    );
                end if;
            end loop;
        exception
            when insufficient_privilege then
                raise notice 'no right to set the limits of %', found.rolname;
        end;
    end loop;
end
$$;

do $$
begin
    perform ops.limit_logins();
end
$$;
