-- Records how a task ended.
update ops.maintenance
set
    status = %(status)s,
    count_rows = %(count_rows)s,
    told = %(told)s,
    finished_at = clock_timestamp()
where maintenance_id = %(maintenance_id)s;
