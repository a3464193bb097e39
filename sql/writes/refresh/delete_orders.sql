-- Removes the orders of days that are written anew, of whichever metric was revenue then, and notes
-- the (message, profile) pairs that had their credit.
with gone as (
    delete from mart.orders as o
    using stale_order_day as s
    where
        o.account_id = %(account_id)s
        and o.day = s.day
    returning o.message_id, o.profile_id
)

insert into stale_buyer (message_id, profile_id)
select
    message_id,
    profile_id
from gone
where
    message_id is not null
    and profile_id is not null;
