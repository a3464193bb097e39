-- One row per member and account day with an order: money in the account's currency.
--   %(dimension)s  channel or source; empty for the whole account, whose member is empty
--   %(currency)s  the account's
--   %(first)s, %(last)s  account days, both included
select
    case %(dimension)s
        when 'channel' then coalesce(nullif(f.channel, ''), 'none')
        when 'source' then f.source
        else ''
    end as member,
    f.day as ds,
    sum(f.revenue) as revenue,
    sum(f.count_orders)::bigint as orders,
    coalesce(sum(f.revenue) filter (where f.source <> 'none'), 0) as attributed_revenue
from mart.fact_revenue as f
where
    f.account_id = %(account_id)s
    and f.currency = %(currency)s
    and f.day between %(first)s and %(last)s
group by member, f.day
order by member, f.day;
