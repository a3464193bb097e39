-- One row: changes of tables that are kept singly.
select count(*) as count_changes
from ops.data_change;
