-- One row per account whose last syncs say that they run, although nobody holds its lock, or that
-- has members of groups left that no sync compares any more.
select
    a.account_id,
    (
        select count(*)
        from ops.sync_run as s
        where s.account_id = a.account_id and s.status = 'running'
    ) as count_runs,
    (
        select count(*)
        from ops.group_member as m
        where m.account_id = a.account_id
    ) as count_members
from klaviyo.account as a
where
    -- held by a sync of it: classid and objid are the two keys, as they were hashed
    not exists (
        select 1
        from pg_catalog.pg_locks as l
        where
            l.locktype = 'advisory'
            and l.granted
            and l.database = (
                select d.oid
                from pg_catalog.pg_database as d
                where d.datname = current_database()
            )
            and l.classid::bigint = hashtext('workbench sync')::bigint & 4294967295
            and l.objid::bigint = hashtext(a.account_id)::bigint & 4294967295
    )
order by a.account_id;
