-- One row per account day with an order of a known profile.
select
    o.day as ds,
    count(*) as orders,
    sum(o.revenue)::text as revenue  -- text: exact, to be compared digit by digit
from mart.orders as o
where
    o.account_id = %(account_id)s
    and o.profile_id is not null
group by o.day
order by o.day;
