-- Removes the events about orders of the metrics' days that are written anew, and notes the orders.
with gone as (
    delete from mart.order_event as e
    using stale_metric_day as s
    where
        e.account_id = %(account_id)s
        and e.metric_id = s.metric_id
        and e.day = s.day
    returning e.order_number
)

insert into stale_order_number (order_number)
select distinct order_number
from gone
where order_number is not null;
