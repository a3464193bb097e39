-- Forgets what was read of a group: what an interrupted sync left, or what has been compared.
--   %(group_type)s  list or segment
delete from ops.group_member
where
    account_id = %(account_id)s
    and group_type = %(group_type)s
    and group_id = %(group_id)s;
