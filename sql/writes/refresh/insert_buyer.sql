-- One row per stale profile that has an order.
insert into mart.buyer (
    account_id,
    profile_id,
    first_order_at,
    last_order_at,
    count_orders,
    count_cancelled,
    count_refunded,
    days_between_orders,
    first_source,
    first_channel
)
select
    o.account_id,
    o.profile_id,
    min(o.placed_at) as first_order_at,
    max(o.placed_at) as last_order_at,
    count(*) as count_orders,
    count(o.cancelled_at) as count_cancelled,
    count(o.refunded_at) as count_refunded,
    extract(epoch from max(o.placed_at) - min(o.placed_at))
    / 86400 / nullif(count(*) - 1, 0) as days_between_orders,
    (array_agg(o.source order by o.placed_at, o.order_id))[1] as first_source,
    (array_agg(o.channel order by o.placed_at, o.order_id))[1] as first_channel
from mart.orders as o
inner join (
    select distinct profile_id
    from stale_buyer
) as s on o.profile_id = s.profile_id
where
    o.account_id = %(account_id)s
    and o.duplicate_of is null
group by o.account_id, o.profile_id;
