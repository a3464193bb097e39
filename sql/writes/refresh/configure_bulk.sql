-- For this transaction, which writes most of an account's facts: rows are sorted and joined in
-- memory as far as a server of a few gigabytes can spare it, and no longer in small pieces on disk.
select
    set_config('work_mem', '256MB', true) as work_mem,
    set_config('maintenance_work_mem', '512MB', true) as maintenance_work_mem;
