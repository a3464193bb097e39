-- Removes the orders of days that are written anew, of whichever metric was revenue then, and notes
-- the (message, profile) pairs that had their credit, and whose orders they were.
with gone as (
    delete from mart.orders as o
    using stale_order_day as s
    where
        o.account_id = %(account_id)s
        and o.day = s.day
    returning o.message_id, o.profile_id
),

noted as (
    insert into stale_customer (profile_id)
    select distinct profile_id
    from gone
    where profile_id is not null
)

insert into stale_buyer (message_id, profile_id)
select
    message_id,
    profile_id
from gone
where
    message_id is not null
    and profile_id is not null;
