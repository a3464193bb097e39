-- Takes the orders from the sends of stale pairs that are not written anew, because their events
-- were deleted for their age: they are credited again with the others.
update mart.message_recipient as r
set
    count_orders = 0,
    revenue = 0
from stale_recipient as p
where
    r.account_id = %(account_id)s
    and r.message_id = p.message_id
    and r.profile_id = p.profile_id
    and r.count_orders > 0
    and exists (
        select 1
        from ops.retention as k
        where k.account_id = %(account_id)s and k.event_class = 'engagement'
    );
