-- One row per hour of UTC with an order: money in the account's currency.
--   %(currency)s  the account's
--   %(first)s, %(last)s  account days, both included
--   %(since)s, %(until)s  first instant counted, and the first no longer counted
select
    '' as member,
    date_trunc('hour', o.placed_at, 'UTC') at time zone 'UTC' as ds,
    coalesce(sum(o.revenue), 0) as revenue,
    count(*) as orders,
    coalesce(sum(o.revenue) filter (where o.source <> 'none'), 0) as attributed_revenue
from mart.orders as o
where
    o.account_id = %(account_id)s
    and o.currency = %(currency)s
    and o.day between %(first)s and %(last)s
    and o.placed_at >= %(since)s
    and o.placed_at < %(until)s
group by ds
order by ds;
