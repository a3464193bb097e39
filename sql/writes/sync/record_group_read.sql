-- Records that the members of a group were read.
--   %(is_sweep)s  whether all were read, and not only those who joined lately
insert into ops.group_read as stored (
    account_id, group_type, group_id, first_read_at, read_at, swept_at
)
values (%(account_id)s, %(group_type)s, %(group_id)s, %(as_of)s, %(as_of)s, %(as_of)s)
on conflict (account_id, group_type, group_id) do update
    set
        read_at = excluded.read_at,
        swept_at = case when %(is_sweep)s then excluded.swept_at else stored.swept_at end;
