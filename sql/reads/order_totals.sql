-- One row: all orders of the account, and those of a known profile; money in its currency.
select
    count(*) as orders,
    coalesce(sum(o.revenue), 0) as revenue,
    count(o.profile_id) as known_orders,
    coalesce(sum(o.revenue) filter (where o.profile_id is not null), 0) as known_revenue
from mart.orders as o
inner join klaviyo.account as a on o.account_id = a.account_id and o.currency = a.currency
where o.account_id = %(account_id)s;
