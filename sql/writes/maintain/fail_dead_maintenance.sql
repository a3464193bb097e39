-- Marks as failed what still says running: whoever holds the lock of the upkeep is alone.
update ops.maintenance
set
    status = 'failed',
    told = 'interrupted',
    finished_at = clock_timestamp()
where status = 'running';
