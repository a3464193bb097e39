-- One row per stale profile and currency in which it has an order.
insert into mart.buyer_currency (
    account_id,
    profile_id,
    currency,
    count_orders,
    revenue,
    net_revenue
)
select
    o.account_id,
    o.profile_id,
    o.currency,
    count(*) as count_orders,
    coalesce(sum(o.revenue), 0) as revenue,
    case
        when count(*) filter (where o.net_revenue is null and o.revenue is not null) = 0
            then coalesce(sum(o.net_revenue), 0)
    end as net_revenue
from mart.orders as o
inner join (
    select distinct profile_id
    from stale_buyer
) as s on o.profile_id = s.profile_id
where
    o.account_id = %(account_id)s
    and o.duplicate_of is null
group by o.account_id, o.profile_id, o.currency;
