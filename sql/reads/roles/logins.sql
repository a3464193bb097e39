-- One row per login, or name that accounts were given to: its role and the accounts it may read.
--   role         the highest of the four that it holds; null where it holds none
--   accounts     null where its role reads all of them
--   is_known     whether there is such a role on the server
--   has_limits   whether the limits of a reader or an analyst are set for this database
with levels as (
    select
        place,
        name as role,
        to_regrole('workbench_' || name)::oid as role_oid
    from unnest(array['owner', 'writer', 'analyst', 'reader']) with ordinality as t (name, place)
),

holders as (
    select distinct on (r.oid)
        r.oid as login_oid,
        r.rolname::text as login,
        l.role
    from pg_catalog.pg_roles as r
    inner join levels as l on pg_has_role(r.oid, l.role_oid, 'member')
    where r.rolcanlogin and not r.rolsuper
    order by r.oid asc, l.place asc
),

given as (
    select
        grantee,
        array_agg(account_id order by account_id) as accounts
    from ops.account_access
    group by grantee
)

select
    coalesce(h.login, g.grantee) as login,
    h.role,
    case
        when h.role is null or h.role in ('reader', 'analyst') then coalesce(g.accounts, '{}')
    end as accounts,
    to_regrole(quote_ident(coalesce(h.login, g.grantee))) is not null as is_known,
    exists(
        select 1
        from pg_catalog.pg_db_role_setting as s
        inner join pg_catalog.pg_database as d on s.setdatabase = d.oid
        cross join unnest(s.setconfig) as config
        where
            s.setrole = h.login_oid
            and d.datname = current_database()
            and config like 'statement_timeout=%%'
    ) as has_limits
from holders as h
full join given as g on h.login = g.grantee
order by login;
