-- One row per stale account day, currency, attribution source and channel.
insert into mart.fact_revenue (
    account_id, day, currency, source, channel, count_orders, revenue
)
select
    o.account_id,
    o.day,
    o.currency,
    o.source,
    coalesce(o.channel, '') as channel,
    count(*) as count_orders,
    coalesce(sum(o.revenue), 0) as revenue
from mart.orders as o
inner join stale_order_day as s on o.day = s.day
where o.account_id = %(account_id)s
group by o.account_id, o.day, o.currency, o.source, coalesce(o.channel, '');
