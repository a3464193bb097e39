-- One row: whether this connection now holds the lock of the upkeep.
select pg_try_advisory_lock(hashtext('workbench maintain')) as is_held;
