-- Removes the orders of days that are written anew, of whichever metric was revenue then, and notes
-- whose they were and the messages that had their credit.
with gone as (
    delete from mart.orders as o
    using stale_order_day as s
    where
        o.account_id = %(account_id)s
        and o.day = s.day
    returning o.message_id, o.profile_id
)

insert into stale_buyer (message_id, profile_id)
select distinct
    message_id,
    profile_id
from gone
where profile_id is not null;
