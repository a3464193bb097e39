-- One row: the rows that a statement gave, when the tables behind it were as now; else none.
--   %(digest)s        of the statement and its parameters
--   %(data_version)s  of the tables behind it
select result
from ops.result_cache
where
    read_by = current_user
    and digest = %(digest)s
    and data_version = %(data_version)s;
