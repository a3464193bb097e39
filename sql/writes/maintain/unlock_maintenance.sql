-- Lets the next upkeep begin.
select pg_advisory_unlock(hashtext('workbench maintain')) as was_held;
