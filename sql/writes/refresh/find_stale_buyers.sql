-- Notes the (message, profile) pairs of orders on stale days: asked before and after the orders
-- are written anew, so that a credit that moved is taken from its old send and given to its new.
insert into stale_recipient (message_id, profile_id)
select
    o.message_id,
    o.profile_id
from mart.orders as o
inner join stale_order_day as s on o.day = s.day
where
    o.account_id = %(account_id)s
    and o.message_id is not null
    and o.profile_id is not null
on conflict do nothing;
