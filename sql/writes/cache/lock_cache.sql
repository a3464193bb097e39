-- One row: whether no other process writes to the cache now.
select pg_try_advisory_xact_lock(hashtext('workbench result cache')) as is_mine;
