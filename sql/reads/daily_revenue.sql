-- One row per account day, days without an order included; money in the account's currency.
--   %(first)s, %(last)s  account days, both included
--   %(currency)s         the account's
select
    d.day as ds,
    coalesce(sum(f.revenue), 0) as revenue,
    coalesce(sum(f.revenue) filter (where f.source <> 'none'), 0) as attributed_revenue,
    coalesce(sum(f.count_orders), 0)::bigint as orders,
    min(d.holiday) as holiday
from mart.dim_date as d
left join mart.fact_revenue as f
    on d.account_id = f.account_id and d.day = f.day and f.currency = %(currency)s
where
    d.account_id = %(account_id)s
    and d.day between %(first)s and %(last)s
group by d.day
order by d.day;
