-- Every order is an event.
-- One row per row of mart.orders whose event is not there.
-- Mend: workbench refresh --full
select
    o.account_id,
    o.metric_id,
    o.order_id,
    o.placed_at
from mart.orders as o
left join klaviyo.event as e
    on
        o.account_id = e.account_id
        and o.metric_id = e.metric_id
        and o.placed_at = e.occurred_at
        and o.order_id = e.event_id
where e.event_id is null;
