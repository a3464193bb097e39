-- Takes what was touched since the last refresh, in one statement: what a sync touches meanwhile
-- stays for the next refresh, and what this transaction rolls back is there again.
with taken as (
    delete from ops.touched
    where account_id = %(account_id)s
    returning metric_id, day, message_ref
)

insert into touched_now (metric_id, day, message_ref)
select distinct
    metric_id,
    day,
    message_ref
from taken;
